# Every format of a report, by `report show`; what is on stdout, and what stderr says was saved.
source "$(dirname "$0")/lib.sh" || exit

work=$(mktemp -d)
cp "$CONNTEST_SOURCE/tests/golden/expectations_failed.json" "$work/run.json"
cp "$CONNTEST_SOURCE/tests/golden/served.json" "$work/served.json"
cd "$work" || exit

run conntest report show -o json=again.json -o junit=run.xml -o md=summary.md -o csv=samples.csv \
	-o csv-connections=connections.csv -o csv-figures=figures.csv -o hdr=run.hlog \
	-o ctraffic=run.ctraffic run.json
cmp run.json again.json
for format in md csv csv-connections csv-figures hdr junit; do
	conntest report show -o "$format" run.json >"stdout.$format"
done
cmp stdout.md summary.md
cmp stdout.csv samples.csv
cmp stdout.csv-connections connections.csv
cmp stdout.csv-figures figures.csv
cmp stdout.hdr run.hlog
cmp stdout.junit run.xml

# What is written has to be read: no parser at all is a fault of this test.
if command -v xmllint >/dev/null; then
	xmllint --noout run.xml "$CONNTEST_SOURCE"/tests/golden/*.junit.xml
else
	python3 -c 'import sys, xml.dom.minidom as dom; [dom.parse(f) for f in sys.argv[1:]]' \
		run.xml "$CONNTEST_SOURCE"/tests/golden/*.junit.xml
fi
python3 - <<'PYTHON'
import csv, json
report = json.load(open("run.json"))
rows = list(csv.DictReader(open("samples.csv")))
for stream in report["streams"]:
    mine = [row for row in rows if row["stream"] == stream["name"]]
    print(stream["name"], len(mine), sum(int(row["lost"]) for row in mine))
for row in csv.DictReader(open("figures.csv")):
    figures = report["figures"][row["stream"]]
    held = all(row[key] == ("" if value is None else str(value)) or float(row[key]) == value
               for key, value in figures.items())
    print(row["stream"], len(figures), held)
print(*(row["outcome"] for row in csv.DictReader(open("connections.csv"))))
PYTHON

run conntest report show -o md -o junit run.json
run conntest report show -o jnit run.json
run conntest report show -o md=out -o json=./out run.json
ln -s out link
run conntest report show -o md=out -o json=link run.json
run conntest report show -o hdr served.json
run conntest serve -o ctraffic=run.ctraffic
run conntest report show -o nonsense run.json
run conntest report show -o md= run.json
silent() { "$@" >/dev/null; }
run silent conntest report show -o md=/dev/full -o csv=samples.csv run.json
run silent conntest report show -o md=/dev/null -o json=/dev/null run.json
run conntest help formats
cd / && rm -rf "$work"
