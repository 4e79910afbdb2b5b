#!/bin/bash
# Bad days of a mesh: peers that answer badly, leave, or are killed; a configuration that is wrong; a
# clock that is set; no descriptors, no disk. Each is called what it is, and nobody else is accused.
# shellcheck source=lib_mesh_days.sh
source "$(dirname "$0")/lib_mesh_days.sh"
need python3 prlimit

in_a=(nsenter --net="/run/netns/${spaces[a]}")

# said NODE PEER: "verdict blame" of that pair.
said() {
	get "$1" /v1/peers | jq -r --arg peer "$2" \
		'.Peers[]?, .DelPeers[]? | .conntest | select(.name == $peer) | "\(.verdict) \(.blame)"'
}
says() { [[ $(said "$1" "$2") == "$3" ]]; }

# failed NODE PEER PROBE: the reasons, "timeout corrupted".
failed() {
	get "$1" /v1/peers | jq -r --arg peer "$2" --arg probe "$3" '.Peers[]?, .DelPeers[]? | .conntest |
		select(.name == $peer) | .probes[$probe].failures | keys | join(" ")'
}

# accused_but N PEER...: whom else it holds something against.
accused_but() {
	accused "$1" | jq -r .subject | grep -vxF "$(printf '%s\n' "${@:2}")" | sort -u || true
}

node 2

echo "peers that answer badly"
targets=()
declare -A bad=()
for how in silent garbage reset close half unasked; do
	start "$how" "${in_a[@]}" "$helpers/bad_peer" "$how"
done
start flood "${in_a[@]}" python3 tests/net/bad_web.py flood
for how in silent garbage reset close half unasked flood; do
	bad[$how]=127.0.0.1:$(await "$work/$how.out" ready | cut -d' ' -f2)
	targets+=(--peers "${bad[$how]}")
done
start huge "${in_a[@]}" python3 tests/net/bad_web.py huge_body
jq -n --arg port "$(await "$work/huge.out" ready | cut -d' ' -f2)" \
	'[{targets: ["127.0.0.1:5008"], labels: {node: "huge", http_port: $port}}]' >"$work/huge.json"
node 1 --peers 127.0.0.2:5002 --probes tcp,tcp_long "${targets[@]}"
node 8 --listen traffic://127.0.0.1:5008 --listen traffic+udp://127.0.0.1:5008
node 7 --peers "file:$work/huge.json" --probes tcp,udp,http
# Whose fault it is is told of what all of them have in common.
for how in silent garbage reset close half unasked flood; do
	within 15 "verdict on $how" says 1 "${bad[$how]}" 'service service'
done
for how in silent half; do
	expect_text <(get 1 /v1/peers | jq -r --arg peer "${bad[$how]}" \
		'.Peers[].conntest | select(.name == $peer) | .evidence') 'its process says nothing'
done
# Of a page no more than its beginning is read.
within 15 "10 GiB are asked for" is_figure 7 conntest_pair_probes_received_total 'probe="http"' '>=' 10
expect "10 GiB as an answer" "$(said 7 huge)$(failed 7 huge http)" == 'ok '
expect "why garbage" "$(failed 1 "${bad[garbage]}" tcp_long)" == corrupted
expect "why silence" "$(failed 1 "${bad[silent]}" tcp)" == timeout
expect "node-2 beside them" "$(said 1 node-2)" == 'ok '
expect "others accused" "$(accused_but 1 "${bad[@]}")" == ""
expect "its own page as a witness" "$(accused 1 | jq -s 'map(.witnesses) | add')" == 0
expect "resident" "$(awk '/VmRSS/ { print $2 }' "/proc/${pids[node-7]}/status")" '<' 200000
for how in node-1 node-7 node-8 flood huge silent garbage reset close half unasked; do
	stop "$how"
done

echo "an expired certificate"
need openssl faketime
faketime '2 years ago' openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
	-subj /CN=old -addext subjectAltName=IP:127.0.0.3 -keyout "$work/old.key" -out "$work/old.crt" \
	2>"$work/openssl.err"
node 3 --https --cert "$work/old.crt" --key "$work/old.key"
node 1 --peers 127.0.0.3:5003 --probes tcp,http --peers-https --ca "$work/old.crt"
within 15 "verdict on the certificate" says 1 node-3 'service service'
expect "why" "$(failed 1 node-3 http)" == tls_error
expect "its echo" "$(failed 1 node-3 tcp)" == ""
expect_text "$work/node-1.events" '"event":"began".*http: .* failed \(tls_error\); its echo is good'
stop node-1
stop node-3

echo "a configuration that changes, and wrong ones"
configure() { # LINE...: of section mesh; then SIGHUP.
	printf '%s\n' mesh: "${@/#/  }" >"$work/mesh.yaml.new"
	mv "$work/mesh.yaml.new" "$work/mesh.yaml"
	[[ -z ${pids[node-1]-} ]] || kill -HUP "${pids[node-1]}"
}
reloads() { happened 1 '.event == "reload"' | jq -sr '.[-1].text // ""'; }
# is_reloaded REGEX: so ends the sentence of the newest.
is_reloaded() { [[ $(reloads) =~ $1$ ]]; }
node 3
configure 'peers: [127.0.0.2:5002]' 'slow: 1s'
node 1 --config "$work/mesh.yaml"
within 15 "node-2" is_life 1 node-2 up
configure 'peers: [127.0.0.2:5002, 127.0.0.3:5003]' 'slow: 2s'
within 15 "a good one" is_reloaded 'the configuration was read again'
within 15 "node-3 was added" is_life 1 node-3 up
configure 'peers: [127.0.0.2:5002, "ftp://x"]'
within 15 "a wrong source" is_reloaded 'refused, the old configuration stays: .*ftp://x.*'
configure 'peers: [127.0.0.2:5002]' 'pears: 1'
within 15 "a wrong name" is_reloaded 'refused, the old configuration stays: .*pears.*'
configure 'peers: [127.0.0.2:5002]' 'max-pairs: 7'
within 15 "what can't change" is_reloaded "refused, the old configuration stays: --max-pairs can't change while it runs"
rm "$work/mesh.yaml"
kill -HUP "${pids[node-1]}"
within 15 "no file" is_reloaded 'refused, the old configuration stays: .*mesh.yaml.*'
expect "peers after wrong ones" "$(figure 1 conntest_peers '"up"')" == 2
configure 'peers: [127.0.0.3:5003]'
within 15 "node-2 was taken away" is_life 1 node-2 draining
expect "sources" "$(get 1 /metrics | grep -c '^conntest_discovery_peers')" == 1
expect "node-3 stays" "$(life 1 node-3)" == up
expect "accused by a configuration" "$(accused 1)" == ""
stop node-1

echo "a node leaves, another is killed"
node 1 --peers 127.0.0.2:5002 --peers 127.0.0.3:5003
within 15 "node-2" is_life 1 node-2 up
within 15 "node-3" is_life 1 node-3 up
kill -TERM "${pids[node-3]}"
within 15 "node-3 says so" has_happened 1 '.event == "leaving" and .subject == "node-3"'
await_exit node-3
expect "exit status" "$exit_status" == 0
expect "its life" "$(life 1 node-3)" == draining
stop node-2 KILL
within 20 "verdict on the killed" says 1 node-2 'refused service'
within 20 "node-3 is gone" has_happened 1 '.event == "gone" and .subject == "node-3"'
expect "accused" "$(accused 1 | jq -r .subject | sort -u)" == node-2
node 2
within 20 "the killed is back" says 1 node-2 'ok '
expect "over" "$(happened 1 '.event == "ended" and .subject == "node-2"' | wc -l)" == 1
stop node-1

echo "the clock is set"
library=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
echo +0 >"$work/clock"
LD_PRELOAD=$library ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 \
	FAKETIME_TIMESTAMP_FILE=$work/clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
	node 1 --peers 127.0.0.2:5002
within 15 "node-2" is_life 1 node-2 up
for step in +3600 -3600; do
	echo "$step" >"$work/clock.new"
	mv "$work/clock.new" "$work/clock"
	within 15 "the step $step" has_happened 1 ".event == \"clock\" and (.text | test(\"by ${step:0:1}\"))"
done
window=$(figure 1 conntest_windows_total)
within 15 "two windows later" is_figure 1 conntest_windows_total '' '>' "$((window + 2))"
expect "verdict in spite of a clock" "$(said 1 node-2)" == 'ok '
expect "accused by a clock" "$(accused 1)" == ""
stop node-1

echo "no descriptors"
node 1 --peers 127.0.0.2:5002
within 15 "node-2" is_life 1 node-2 up
prlimit --pid "${pids[node-1]}" --nofile=8:1024
pause 6
prlimit --pid "${pids[node-1]}" --nofile=1024:1024
within 15 "it is told" has_happened 1 '.event == "began" and .verdict == "agent" and
	(.text | test("probes could not be made here, for want of descriptors or ports"))'
within 20 "it is over" has_happened 1 '.event == "ended" and .verdict == "agent"'
expect "accused for want of descriptors" "$(accused 1)" == ""
expect "node-2 through it" "$(failed 1 node-2 tcp)" == aborted
stop node-1

echo "a full disk under the events"
mkdir "$work/disk"
if unshare --mount mount -t tmpfs -o size=4k none "$work/disk" 2>/dev/null; then
	start node-1 "${in_a[@]}" unshare --mount bash -c 'mount -t tmpfs -o size=4k none "$1" && shift && exec "$@"' _ \
		"$work/disk" "$conntest" mesh --node node-1 --http 127.0.0.1:8080 --peers 127.0.0.2:5002 \
		--listen traffic://127.0.0.1:5001 --listen traffic+udp://127.0.0.1:5001 --window 2s \
		--wait-time 200ms --udp-interval 50ms --events "$work/disk/events" --drain 0
	await "$work/node-1.out" '^page' >/dev/null
	for _ in {1..60}; do
		kill -USR1 "${pids[node-1]}"
		pause 0.02
	done
	await "$work/node-1.err" 'cannot write to .*/disk/events: No space left on device; events go on' >/dev/null
	within 15 "it goes on" says 1 node-2 'ok '
	expect "complaints" "$(grep -c 'cannot write' "$work/node-1.err")" == 1
	expect "marks are shown all the same" "$(happened 1 '.event == "mark"' | wc -l)" '>' 40
	stop node-1
	expect_text "$work/node-1.err" '^conntest mesh: --events: [0-9]+ events could not be written$'
else
	echo "not tried: no tmpfs to be had"
fi

echo "--once"
once() { # STATUS [OPTION...]
	local status=0
	"${in_a[@]}" timeout 60 "$conntest" mesh --once -T 1s --no-save --probes tcp,udp --node node-1 \
		--listen traffic://127.0.0.1:5001 "${@:2}" >"$work/once.out" 2>"$work/once.err" </dev/null ||
		status=$?
	expect "exit status of --once ${*:2}" "$status" == "$1"
}
once 0 --peers 127.0.0.2:5002
once 0 --peers 127.0.0.2:5002 --expect 'lost == 0'
once 1 --peers 127.0.0.2:5002 --expect 'received < 1'
once 1 --peers 127.0.0.9:5009
expect_text "$work/once.out" '^Result: +1 of 1 peer bad: 127.0.0.9:5009 refuses'
once 1 --peers none.test:5009 --dns 127.0.0.1:9
once 2
once 2 --peers 127.0.0.2:5002 --expect 'lots == 0'
once 3 --peers 127.0.0.2:5002 --listen traffic://127.0.0.2:5002
expect_text "$work/once.err" '127.0.0.2:5002.*(in use|taken)'
