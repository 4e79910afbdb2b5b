#!/bin/bash
# What this host lacks is said in one sentence and with exit status 3: descriptors, ports, the disk;
# what was measured until then is in the report.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq prlimit

start echo "$helpers/bad_peer" echo
taken=$(await "$work/echo.out" ready | cut -d' ' -f2)
target=tcp://127.0.0.1:$taken

# run COMMAND...: its status in $run_status, its streams in $work/run.out and run.err.
run() {
	run_status=0
	timeout 30 "$@" >"$work/run.out" 2>"$work/run.err" </dev/null || run_status=$?
}
quick=(-c 2 -T 200ms --new-connections off --path-probe off --no-save)

# new_ones_failed OUTCOME ADVICE: for want of this; the others went on.
new_ones_failed() {
	expect "exit status" "$exit_status" == 3
	expect_json "$work/report.json" "stream(\"new\").errors[] | select(.outcome == \"$1\").count" '>' 0
	expect_json "$work/report.json" 'stream("new").totals.messages_received' '>' 0
	expect_json "$work/report.json" 'stream("persistent").survival.untouched' == 5
	expect_text "$work/traffic.out" "^Trust: +bad: .*$2"
}

echo "out of descriptors, before"
with_128() { run bash -c 'ulimit -n 128 && exec "$@"' _ "$conntest" traffic "$@" -T 1s "$target"; }
with_128 -c 200
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" 'needs 3[0-9][0-9] .* lower -c to [0-9]+, or raise it with .ulimit -Hn 400'
with_128 -c 8 --no-save
expect "exit status with -c 8" "$run_status" == 0
run bash -c 'ulimit -n 5 && exec "$@"' _ "$conntest" traffic -c 5 -T 1s "$target" -o json
expect "exit status with 5" "$run_status" == 3
expect_text "$work/run.err" 'needs 1[0-9][0-9] file descriptors, .* is 5: raise it with'
expect_json "$work/run.out" .result == "could not measure: $(cut -d: -f2- "$work/run.err" | sed 's/^ //')"

echo "out of descriptors, in the middle"
traffic_start -c 5 -r 10/conn --new-connections 20/s --path-probe off -T 2s "$target"
prlimit --pid "${pids[traffic]}" --nofile=8:8
traffic_end
new_ones_failed no_descriptors 'raise ulimit -n'

echo "port in use"
run "$conntest" serve --listen "traffic://127.0.0.1:$taken"
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" "$taken.*(in use|taken)"
serve web-1
run "$conntest" serve --listen "traffic://127.0.0.1:$(port web-1)"
expect "exit status" "$run_status" == 3

echo "a full disk"
run "$conntest" traffic "${quick[@]}" -o json=/dev/full "$target"
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" '/dev/full.*[Nn]o space'
expect_text "$work/run.out" '^Result:'

echo "stdout full, stdout closed"
for redirect in '>/dev/full' '>&-'; do
	run bash -c "exec \"\$@\" $redirect" _ "$conntest" traffic "${quick[@]}" \
		-o "json=$work/report.json" "$target"
	expect "exit status with $redirect" "$run_status" == 3
	expect_text "$work/run.err" 'stdout'
	expect_json "$work/report.json" .schema == conntest.report/1
	rm "$work/report.json"
done

echo "nothing listens"
stop echo
run "$conntest" traffic "${quick[@]}" --connect-timeout 500ms "$target"
expect "exit status" "$run_status" == 1
expect_text "$work/run.out" 'Result: +nothing answered: refused'

echo "out of ports, before and in the middle"
namespace a
inside a sysctl -qw net.ipv4.ip_local_port_range='40000 40019'
space=a serve web-2 --listen traffic://127.0.0.1:5003
in_a=(nsenter --net="/run/netns/${spaces[a]}")
run "${in_a[@]}" "$conntest" traffic "${quick[@]}" -c 200 127.0.0.1
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" 'local ports.*--source'
run "${in_a[@]}" "$conntest" traffic -c 5 --new-connections 50/s --no-save 127.0.0.1
expect "exit status with new connections" "$run_status" == 3
expect_text "$work/run.err" 'TIME-WAIT.*there are 20: lower --new-connections to 7/s'
run "${in_a[@]}" "$conntest" traffic -c 16 --new-connections 4/s --no-save 127.0.0.1
expect_text "$work/run.err" 'there are 20: lower -c to 12 or --new-connections to 2/s'
run "${in_a[@]}" "$conntest" traffic -c 12 --new-connections 4/s -T 4s --no-save 127.0.0.1
expect "exit status with -c 12" "$run_status" == 0

echo "source addresses with ports of their own"
printf '127.0.0.1:%s\n' 5101 5102 5103 >"$work/sources"
run "${in_a[@]}" "$conntest" traffic -c 2 --source "$work/sources" --no-save 127.0.0.1
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" 'there are 3 addresses: say --new-connections off, --path-flows 3,'
run "${in_a[@]}" "$conntest" traffic -c 2 --new-connections off --path-flows 3 -T 1s \
	--source "$work/sources" --no-save --expect graceful 127.0.0.1
expect "exit status with less" "$run_status" == 0
# Ports that others hold can't be foreseen.
inside a sysctl -qw net.ipv4.ip_local_port_range='40000 40999'
space=a traffic_start -c 5 -r 10/conn --new-connections 10/s --path-probe off -T 3s 127.0.0.1
inside a sysctl -qw net.ipv4.ip_local_port_range='40000 40001'
traffic_end
new_ones_failed no_ports '--source'
