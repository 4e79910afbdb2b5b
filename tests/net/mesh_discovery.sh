#!/bin/bash
# Sources of peers that change, fail and come back, of a real mesh: names and services of a dnsmasq,
# files, lists over HTTP, other nodes. What was listed before a failure stays, and failures are counted.
# shellcheck source=lib_mesh_days.sh
source "$(dirname "$0")/lib_mesh_days.sh"
need dnsmasq python3

# names [OPTION...]: the name server, with these records and no others.
names() {
	[[ -z ${pids[dns]-} ]] || stop dns
	start dns nsenter --net="/run/netns/${spaces[a]}" dnsmasq -k --no-resolv --no-hosts \
		--conf-file=/dev/null --listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file= \
		--log-facility=- --log-queries --local=/test/ --host-record=two.test,127.0.0.2 \
		--host-record=three.test,127.0.0.3 "$@"
	await "$work/dns.err" started >/dev/null
}

# in_file FILE TARGET...: a list of these, put there in one step.
in_file() {
	jq -n '[{targets: $ARGS.positional}]' --args "${@:2}" >"$1.new"
	mv "$1.new" "$1"
}

# failures N SOURCE OPERATOR NUMBER: of that source, within 15 seconds.
failures() {
	within 15 "failures of $2 at node-$1" is_figure "$1" conntest_discovery_failures_total "$2" "$3" "$4"
}

is_unknown() { # N PEER: no series of it.
	get "$1" '/metrics?pairs=1' >"$work/metrics" && ! grep -q "$2" "$work/metrics"
}

answers() { # STATUS BODY: what the http_sd says from now on.
	printf '%s\n%s' "$1" "$2" >"$work/sd.new"
	mv "$work/sd.new" "$work/sd"
}

names
answers 200 '[{"targets":["127.0.0.2:5002"],"labels":{"node":"from-sd"}}]'
start sd nsenter --net="/run/netns/${spaces[a]}" python3 tests/net/sd_server.py "$work/sd"
start drip nsenter --net="/run/netns/${spaces[a]}" python3 tests/net/bad_web.py drip
start huge nsenter --net="/run/netns/${spaces[a]}" python3 tests/net/bad_web.py huge_body
sd=http://127.0.0.1:$(await "$work/sd.out" ready | cut -d' ' -f2)/list
drip=http://127.0.0.1:$(await "$work/drip.out" ready | cut -d' ' -f2)/
huge=http://127.0.0.1:$(await "$work/huge.out" ready | cut -d' ' -f2)/
node 2
node 3
# Slow ones are given 30 seconds: looked at in the end.
node 9 --peers "$drip" --peers 127.0.0.2:5002

echo "a name that is not there yet"
node 1 --peers late.test:5002 --forget 2s
failures 1 late.test '>=' 1
expect "peers of no name" "$(figure 1 conntest_peers '"joining"')$(figure 1 conntest_peers '"up"')" == 00
expect "alive without a name" "$(get 1 /healthz -o /dev/null -w '%{http_code}')" == 200
names --host-record=late.test,127.0.0.2
within 20 "node-2 by its name" is_life 1 node-2 up
expect_text "$work/node-1.events" '"event":"source".*late.test.*no such name; what it listed before stays'
expect_text "$work/node-1.events" '"event":"source".*late.test:5002 works again'
expect "accused for a name" "$(accused 1)" == ""
stop node-1

echo "a service to which nodes are added, and from which they are taken"
one=("--host-record=one.test,127.0.0.1" "--srv-host=_mesh._tcp.test,one.test,5001")
two=("--srv-host=_mesh._tcp.test,two.test,5002")
three=("--srv-host=_mesh._tcp.test,three.test,5003")
names "${one[@]}" "${two[@]}"
node 1 --peers srv://_mesh._tcp.test --forget 3s
within 15 "node-2 of the service" is_life 1 node-2 up
expect "the own address is no peer" "$(figure 1 conntest_peers_chosen)" == 1
names "${one[@]}" "${two[@]}" "${three[@]}"
within 15 "node-3 was added" is_life 1 node-3 up
names "${one[@]}" "${two[@]}"
within 15 "node-3 drains" is_life 1 node-3 draining
stop node-3
within 30 "node-3 is gone" has_happened 1 '.event == "gone" and .subject == "node-3"'
within 15 "its series end" is_unknown 1 node-3
expect "lives of node-3" "$(happened 1 '.subject | test("^(node-3|127.0.0.3:5003)$")' | jq -r .event | uniq | tr '\n' ' ')" == \
	'joined leaving gone '
# The name server is away: what it said before holds.
stop dns
failures 1 _mesh '>=' 1
expect "node-2 without a name server" "$(life 1 node-2)" == up
expect "accused by a service" "$(accused 1)" == ""
stop node-1
names

echo "a file that is changed, broken and taken away"
in_file "$work/peers.json" 127.0.0.2:5002
node 1 --peers "file:$work/peers.json"
within 15 "node-2 of the file" is_life 1 node-2 up
node 3
in_file "$work/peers.json" 127.0.0.2:5002 127.0.0.3:5003
within 15 "node-3 of the file" is_life 1 node-3 up
echo '[{"targets": ["127.0.0.2:5002"' >"$work/peers.new"
mv "$work/peers.new" "$work/peers.json"
failures 1 peers.json == 1
expect "peers of a broken file" "$(figure 1 conntest_discovery_peers peers.json)" == 2
rm "$work/peers.json"
failures 1 peers.json == 2
expect "peers without a file" "$(figure 1 conntest_peers '"up"')" == 2
in_file "$work/peers.json" 127.0.0.3:5003
within 15 "node-2 drains" is_life 1 node-2 draining
expect "accused by a file" "$(accused 1)" == ""
stop node-1

echo "ten thousand peers in a file"
jq -n '[{targets: [range(10000) | "10.\(60 + (. / 65536 | floor)).\(. / 256 | floor % 256).\(. % 256):5003"]}]' \
	>"$work/many.json"
node 1 --peers "file:$work/many.json" --peers-each 10
within 30 "all are listed" is_figure 1 conntest_discovery_peers many.json == 10000
expect "probed of them" "$(figure 1 conntest_peers_chosen)" '<=' 24
inside a curl -sS --max-time 10 -o "$work/metrics" -w '%{time_total}' "http://127.0.0.1:8080/metrics?pairs=1" \
	>"$work/time" || fail "no scrape"
echo "a scrape takes $(<"$work/time") s, $(wc -c <"$work/metrics") bytes;" \
	"$(awk '/VmRSS/ { print $2 }' "/proc/${pids[node-1]}/status") KiB are resident (built as it is)"
expect_text "$work/metrics" '^conntest_peers\{life="joining"\} 10000'
in_file "$work/many.json" 127.0.0.2:5002
within 15 "one is left" is_life 1 node-2 up
stop node-1

echo "a list over HTTP: good, broken, with an error, without end, and good again"
node 1 --peers "$sd" --peers "$huge" --refresh 1s
within 15 "node-2 of the list" is_life 1 from-sd up
failures 1 "$huge" '>=' 2
expect_text "$work/node-1.events" "\"event\":\"source\".*${huge%/}.* fails: "
expect "resident with 10 GiB offered" "$(awk '/VmRSS/ { print $2 }' "/proc/${pids[node-1]}/status")" '<' 200000
answers 200 '[{"targets":["127.0.0.3:5003"'
failures 1 "$sd" '>=' 1
answers 500 '[{"targets":["127.0.0.3:5003"]}]'
before=$(figure 1 conntest_discovery_failures_total "$sd")
failures 1 "$sd" '>' "$before"
expect "peers of a list that fails" "$(figure 1 conntest_discovery_peers "$sd")" == 1
expect "its peer" "$(life 1 from-sd)" == up
answers 200 '[{"targets":["127.0.0.3:5003"]}]'
within 20 "the next list" is_life 1 node-3 up
expect_text "$work/node-1.events" '"event":"source".*/list works again'
expect_text "$work/sd.out" '^asked /list 1$'
expect "accused by a list" "$(accused 1)" == ""

echo "another node's /sd, its /v1/peers, and pingmesh's"
answers 200 "$(jq '(.Peers[].Url) = "http://127.0.0.3:8080/v1/ping"' tests/data/pingmesh_peers.json)"
node 4 --peers http://127.0.0.1:8080/sd --probes tcp,udp,http
within 15 "node-1 of its /sd" is_life 4 node-1 up
within 15 "node-3 of that" is_life 4 node-3 up
expect "where pages are" "$(get 4 /sd | jq -r '.[] | select(.labels.node == "node-3").targets[0]')" == 127.0.0.3:8080
node 5 --peers http://127.0.0.4:8080/v1/peers --peers "$sd" --probes tcp,udp,http
within 15 "pages of node-4's peers" is_figure 5 conntest_discovery_peers /v1/peers '>=' 2
within 15 "pages of a pingmesh" is_figure 5 conntest_discovery_peers "$sd" '>=' 1
within 15 "pages are looked at" is_figure 5 conntest_peers '"up"' '>=' 2
for number in 4 5; do
	expect "accused by node-$number" "$(accused "$number")" == ""
	stop "node-$number"
done
stop node-1

echo "two peers of one name"
node 6 --node twin
node 7 --node twin
node 1 --peers 127.0.0.6:5006 --peers 127.0.0.7:5007 --peers 127.0.0.1:5001
within 15 "the first" is_life 1 twin up
within 15 "the second" is_life 1 'twin#2' up
expect_text "$work/node-1.events" '"event":"renamed".*twin'
expect "series of twins" "$(get 1 '/metrics?pairs=1' | grep -c '^conntest_pair_probes_sent_total{peer="twin\(#2\)*",probe="tcp"}')" == 2

echo "a list that comes a byte a second"
within 40 "the slow one fails" is_figure 9 conntest_discovery_failures_total "$drip" '>=' 1
expect "node-2 beside a slow list" "$(life 9 node-2)" == up
