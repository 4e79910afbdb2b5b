# report show, merge and diff of what other programs wrote, and of what can't be.
source "$(dirname "$0")/lib.sh" || exit

data=$CONNTEST_SOURCE/tests/data
work=$(mktemp -d)
cd "$work" || exit
cp "$data"/ctraffic-*.json "$data"/iperf3-*.json "$data"/two_seconds.hlog .
piped() { conntest report show --table hosts - <ctraffic-server-killed.json; }

run conntest report show --table throughput ctraffic-server-killed.json
run conntest report show --table connections ctraffic-server-killed.json
run piped
run conntest report show --table errors ctraffic-server-killed.json
run conntest report show --table interruptions ctraffic-server-killed.json
run conntest report show --table outages ctraffic-server-killed.json
run conntest report show --table hosts -o json ctraffic-server-killed.json
run conntest report show iperf3-fail.json
run conntest report show nowhere.json
run conntest report show two_seconds.hlog

run conntest report merge ctraffic-server-killed.json ctraffic-udp.json
run conntest report merge -o json=all.json two_seconds.hlog two_seconds.hlog
run conntest report show all.json
run conntest report merge ctraffic-udp.json
run conntest report merge ctraffic-udp.json iperf3-tcp.json
run conntest report merge ctraffic-udp.json nowhere.json
run conntest report merge -o jason ctraffic-udp.json ctraffic-udp.json

run conntest report diff ctraffic-udp.json ctraffic-udp.json
run conntest report diff ctraffic-udp.json ctraffic-server-killed.json
run conntest report diff --max-regress 1000% two_seconds.hlog,two_seconds.hlog two_seconds.hlog
run conntest report diff --max-regress 5 ctraffic-udp.json ctraffic-udp.json
run conntest report diff --max-regress much ctraffic-udp.json ctraffic-udp.json
run conntest report diff ctraffic-udp.json
run conntest report diff ctraffic-udp.json, ctraffic-udp.json
run conntest report diff ctraffic-udp.json iperf3-tcp.json
run conntest report diff ctraffic-udp.json nowhere.json
rm -r "$work"
