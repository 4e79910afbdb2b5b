#!/bin/bash
# What this host lacks is said in one sentence and with exit status 3: descriptors, a port, the disk.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

start echo "$helpers/bad_peer" echo
taken=$(await "$work/echo.out" ready | cut -d' ' -f2)
target=tcp://127.0.0.1:$taken

# run COMMAND...: its status in $run_status, its streams in $work/run.out and run.err.
run() {
	run_status=0
	timeout 30 "$@" >"$work/run.out" 2>"$work/run.err" </dev/null || run_status=$?
}
quick=(-c 2 -T 200ms --new-connections off --path-probe off --no-save)

echo "out of descriptors"
run bash -c 'ulimit -n 64 && exec "$@"' _ "$conntest" traffic -c 200 -T 1s --no-save "$target"
expect "exit status" "$run_status" == 3
expect_text "$work/run.err" '(descriptors|ulimit -n)'

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
