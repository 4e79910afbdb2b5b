"""Where pushes go, on a free loopback port: push_sink.py KIND [CERTIFICATE]. Says its port in a first
line of JSON, then one for each datagram or request, with what is wrong with it.

  statsd    a StatsD (and DogStatsD) listener that takes nothing but the protocol's bytes
  otlp      an OTLP/HTTP receiver that checks the shape of each request; busy: answers 503 first
  never     accepts and reads nothing
  reset     resets as soon as something comes
"""
import http.server
import json
import re
import socket
import ssl
import struct
import sys
import time

LINE = re.compile(r"([A-Za-z0-9_.-]+):([0-9]+|[0-9]+\.[0-9]|[0-9]+\.[0-9]{3})\|([cg])(?:\|#([^|\s]+))?")


def say(**what):
    print(json.dumps(what), flush=True)


def statsd():
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", 0))
    say(event="ready", port=sink.getsockname()[1])
    while True:
        data = sink.recv(65536)
        wrong = [] if len(data) <= 512 else [f"{len(data)} bytes"]
        text = data.decode("ascii")
        lines = []
        if not text.endswith("\n"):
            wrong.append("no end of line")
        for line in text[:-1].split("\n"):
            match = LINE.fullmatch(line)
            if match:
                name, value, kind, tags = match.groups()
                lines.append({"name": name, "value": float(value), "kind": kind, "tags": tags})
            else:
                wrong.append(line)
        say(event="datagram", at=time.monotonic(), wrong=wrong, lines=lines)


# ---- OTLP: the keys of opentelemetry-proto's messages, and what stands behind them

INT = re.compile(r"-?[0-9]+")
ATTRIBUTES = [{"key": str, "value": {"stringValue": str}}]
POINT = {"attributes": ATTRIBUTES, "startTimeUnixNano": INT, "timeUnixNano": INT}
NUMBERS = [[POINT | {"asInt": INT}, POINT | {"asDouble": float}]]
HISTOGRAM = POINT | {"count": INT, "sum": float, "bucketCounts": [INT], "explicitBounds": [float]}
HISTOGRAMS = [[HISTOGRAM, HISTOGRAM | {"min": float, "max": float}]]
NAMED = {"name": str, "unit": str, "description": str}
METRICS = [
    NAMED | {"sum": {"dataPoints": NUMBERS, "aggregationTemporality": 2, "isMonotonic": True}},
    NAMED | {"gauge": {"dataPoints": NUMBERS}},
    NAMED | {"histogram": {"dataPoints": HISTOGRAMS, "aggregationTemporality": 2}},
]
SCOPE = {"scope": {"name": str, "version": str}, "metrics": [METRICS]}
REQUEST = {"resourceMetrics": [{"resource": {"attributes": ATTRIBUTES}, "scopeMetrics": [SCOPE]}]}


def check(value, shape, where):
    """What of `value` is not of this shape; a list of several shapes in a list is a choice."""
    if isinstance(shape, dict):
        if not isinstance(value, dict) or set(value) != set(shape):
            return [f"{where}: {sorted(value) if isinstance(value, dict) else value}"]
        return [w for key in shape for w in check(value[key], shape[key], f"{where}.{key}")]
    if isinstance(shape, list) and isinstance(shape[0], list):
        found = [next((s for s in shape[0] if set(s) == set(v)), None) for v in value]
        return [w for v, s in zip(value, found)
                for w in (check(v, s, f"{where}/{v.get('name')}") if s else [f"{where}: {v}"])]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [w for v in value for w in check(v, shape[0], where)]
    if isinstance(shape, re.Pattern):
        good = isinstance(value, str) and shape.fullmatch(value)
    elif shape is float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif isinstance(shape, type):
        good = isinstance(value, shape)
    else:
        good = value == shape and type(value) is type(shape)
    return [] if good else [f"{where}: {value!r}"]


def check_histograms(metrics):
    wrong = []
    for metric in metrics:
        for point in metric.get("histogram", {}).get("dataPoints", []):
            counts = [int(count) for count in point["bucketCounts"]]
            bounds = point["explicitBounds"]
            if (len(counts) != len(bounds) + 1 or sum(counts) != int(point["count"])
                    or bounds != sorted(set(bounds)) or point.get("min", 0) > point.get("max", 0)):
                wrong.append(f"{metric['name']} does not add up")
    return wrong


def figures(metrics):
    """{"load": {"conntest.sent": 7, ...}}; of what has no stream {"a/udp": ...}, all attributes"""
    found = {}
    for metric in metrics:
        kind = next(k for k in ("sum", "gauge", "histogram") if k in metric)
        for point in metric[kind]["dataPoints"]:
            labels = {a["key"]: a["value"]["stringValue"] for a in point["attributes"]}
            stream = labels.get("stream", "/".join(labels.values()))
            value = point.get("asDouble")
            if value is None:
                value = int(point["count" if kind == "histogram" else "asInt"])
            found.setdefault(stream, {})[metric["name"]] = value
    return found


class Receiver(http.server.BaseHTTPRequestHandler):
    busy = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        wrong = check(request, REQUEST, "")
        metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
        wrong += check_histograms(metrics)
        if self.headers["Content-Type"] != "application/json":
            wrong.append(f"Content-Type: {self.headers['Content-Type']}")
        status = 503 if Receiver.busy > 0 else 200
        Receiver.busy -= 1
        say(event="push", path=self.path, key=self.headers["X-Key"], status=status, wrong=wrong,
            times=sorted({p["timeUnixNano"] for m in metrics for k in m if isinstance(m[k], dict)
                          for p in m[k]["dataPoints"]}), figures=figures(metrics))
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def otlp(certificate=None, busy=0):
    Receiver.busy = busy
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    say(event="ready", port=server.server_address[1])
    server.serve_forever()


def bad(is_resetting):
    server = socket.create_server(("127.0.0.1", 0))
    say(event="ready", port=server.getsockname()[1])
    kept = []
    while True:
        peer, _ = server.accept()
        say(event="accepted")
        if is_resetting:
            peer.recv(100)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        else:
            kept.append(peer)


kinds = {
    "statsd": statsd,
    "otlp": otlp,
    "busy": lambda: otlp(busy=1),
    "never": lambda: bad(False),
    "reset": lambda: bad(True),
}
kinds[sys.argv[1]](*sys.argv[2:])
