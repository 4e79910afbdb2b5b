#!/bin/bash
# One run writes every format; they are well-formed and say the same. Latencies are all there: their
# histograms hold what the counts say.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq python3

serve web-1
traffic -c 10 -r 20/conn --new-connections 20/s -T 2s --expect graceful --expect 'response.p50 < 1ns' \
	-o "junit=$work/run.xml" -o "md=$work/run.md" -o "csv=$work/samples.csv" \
	-o "csv-connections=$work/connections.csv" -o "csv-figures=$work/figures.csv" \
	-o "hdr=$work/run.hlog" "tcp://127.0.0.1:$(port web-1)"
expect "exit status" "$exit_status" == 1
expect_text "$work/traffic.err" "^Saved:  .*run.xml \(-o junit=.*run.xml\), .*\(-o hdr=.*run.hlog\)$"
expect_text "$work/traffic.out" "^Result: "
expect_text "$work/run.md" '^\*\*Result:\*\* FAIL'
expect_text "$work/run.md" '^\| persistent.lost == 0 \| held \| 0 \|'

python3 - "$work" <<'EOF_PYTHON' >"$work/found"
import base64, csv, json, struct, sys, xml.etree.ElementTree as tree, zlib

work = sys.argv[1]
report = json.load(open(f"{work}/report.json"))

def entries(text):
    packed = base64.b64decode(text, validate=True)
    cookie, size = struct.unpack(">II", packed[:8])
    assert (cookie, size) == (0x1C849314, len(packed) - 8)
    unpacked = zlib.decompress(packed[8:])
    cookie, size, _, digits, lowest, highest = struct.unpack(">IIIIQQ", unpacked[:32])
    assert (cookie, size) == (0x1C849313, len(unpacked) - 40)
    assert (digits, lowest, highest) == (3, 1, 3_600_000_000_000)
    total = number = shift = 0
    for byte in unpacked[40:]:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            total += 0 if number & 1 else number >> 1
            number = shift = 0
    return total

counts = {f"{stream['name']}.{name}": latency for stream in report["streams"]
          for name, latency in stream["latency"].items() if latency["count"]}
print("histograms", all(entries(l["hdr"]) == l["count"] for l in counts.values()))
lines = [line for line in open(f"{work}/run.hlog") if line.startswith("Tag=")]
print("log", {line.split(",")[0][4:] for line in lines} == set(counts))

suite = tree.parse(f"{work}/run.xml").getroot()[0]
failed = [case.get("name") for case in suite if case.find("failure") is not None]
print("failures", ", ".join(failed))
print("cases", int(suite.get("tests")) == len(suite) == len(report["expectations"]) + 1)

rows = list(csv.DictReader(open(f"{work}/samples.csv")))
for stream in report["streams"]:
    sent = sum(int(row["sent"]) for row in rows if row["stream"] == stream["name"])
    print(stream["name"], 0 < sent <= stream["totals"]["messages_sent"] or not stream["measured"])
connections = list(csv.DictReader(open(f"{work}/connections.csv")))
print("connections", len(connections) == len(report["connections"]))
figures = {row["stream"]: row for row in csv.DictReader(open(f"{work}/figures.csv"))}
print("p99", figures["persistent"]["response.p99_ns"] ==
      str(counts["persistent.response"]["p99_ns"]))
EOF_PYTHON
expect "what is wrong" "$(grep -v ' True$' "$work/found")" == \
	"failures persistent.response.p50 < 1ns"
expect "what was looked at" "$(wc -l <"$work/found")" == 9
