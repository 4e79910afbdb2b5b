"""sd_server.py FILE: an HTTP server on a free loopback port that answers as the file says at that
moment: a first line with the status, then the body; says its port as "ready PORT", and each request
with the field by which a Prometheus tells how often it asks."""
import http.server
import sys


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "rb") as file:
            status, body = file.read().split(b"\n", 1)
        print("asked", self.path, self.headers["X-Prometheus-Refresh-Interval-Seconds"], flush=True)
        self.send_response(int(status))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
print("ready", server.server_port, flush=True)
server.serve_forever()
