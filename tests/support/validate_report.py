#!/usr/bin/python3
"""validate_report.py FILE...: checks reports against doc/report.schema.json and, beyond what a
schema can say, that the identities of messages hold. Exit status 77 where python3-jsonschema is
not installed."""

import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

SCHEMA = pathlib.Path(__file__).parents[2] / "doc" / "report.schema.json"
SURVIVAL = ("untouched", "recovered", "stalled", "reset", "closed", "timed_out", "corrupted",
            "never_connected")


def not_finite(word):
    raise ValueError(f"{word} is no JSON")


def schema_faults(schema, report):
    for fault in jsonschema.Draft202012Validator(schema).iter_errors(report):
        yield f"{fault.json_path}: {fault.message}"


def identity_faults(report):
    for stream in report["streams"]:
        schedule, totals = stream["schedule"], stream["totals"]
        if stream["kind"] == "service":
            continue
        missed = sum(schedule["missed"].values())
        unanswered = "connect_failures" if stream["kind"] == "ping" else "lost"
        owed = totals["messages_received"] + totals[unanswered] + totals["in_flight"]
        name = stream["name"]
        if schedule["scheduled"] != schedule["sent"] + missed + schedule["debt"]:
            yield f"{name}: scheduled is not sent + missed + debt"
        if totals["messages_sent"] != owed:
            yield f"{name}: sent is not received + {unanswered} + in flight"
        if stream["survival"]:
            survival = stream["survival"]
            classes = sum(survival[name] for name in SURVIVAL)
            if classes != stream["slots"]:
                yield f"{name}: the classes of survival don't sum up to the slots"


def mesh_faults(report):
    """The peers add up to what is told of all of them."""
    mesh = report.get("mesh")
    if not mesh or mesh["pairs_omitted"]:
        return
    pairs = mesh["pairs"]
    good = ("unknown", "ok", "leaving")
    counts = {"probed": len(pairs), "bad": sum(pair["verdict"] not in good for pair in pairs),
              "silent": sum(pair["verdict"] == "silent" for pair in pairs),
              "black_holes": sum(pair["verdict"] == "mtu black hole" for pair in pairs)}
    for name, count in counts.items():
        if mesh[name] != count:
            yield f"mesh: {name} is {mesh[name]}, of {count} pairs"
    for stream in report["streams"]:
        if stream["name"] == "udp":
            for key in ("sent", "lost"):
                if stream["totals"]["messages_sent" if key == "sent" else key] != sum(
                        pair[f"udp_{key}"] for pair in pairs):
                    yield f"mesh: {key} by udp is not the sum of all pairs"


def faults_of(path):
    schema = json.loads(SCHEMA.read_text())
    try:
        report = json.loads(pathlib.Path(path).read_text(), parse_constant=not_finite)
    except ValueError as fault:
        return [str(fault)]
    faults = list(schema_faults(schema, report))
    return faults or [*identity_faults(report), *mesh_faults(report)]


def main(paths):
    failed = False
    for path in paths:
        for fault in faults_of(path):
            print(f"{path}: {fault}")
            failed = True
    return failed or not paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
