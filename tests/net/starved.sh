#!/bin/bash
# A worker that is kept from its cpu: by a quota, by others who come first, by a cpu that it may not
# have. The Trust line names this host, with the share of the time; identities hold all the same.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq taskset chrt
groups=()

give_back() {
	local group
	for group in "${groups[@]}"; do
		rmdir "$group" 2>/dev/null || true
	done
}
trap 'status=$?; kill -KILL "${pids[@]}" 2>/dev/null; wait; give_back; (exit "$status"); clean_up' EXIT

report() { expect_json "$work/$1.json" "${@:2}"; }
# A run of six seconds; under_way NAME awaits its first snapshot: kept from its cpu it would take long
# to start.
begin() {
	: >"$work/$1.ndjson"
	start "$1" "${@:2}" --no-save -o "json=$work/$1.json" -o "ndjson=$work/$1.ndjson" -T 6s
}
under_way() {
	await "$work/$1.ndjson" '"event":"snapshot"' >/dev/null
}
ended() {
	await_exit "$1"
	[[ -s $work/$1.json ]] || { fail "$1 left no report, status $exit_status"; exit 1; }
	adds_up "$work/$1.json"
}
last=$(($(nproc --all) - 1))
serve web-1 --listen echo://127.0.0.1:0
target=echo://127.0.0.1:$(port web-1 echo)

echo "a cpu that it may not have"
start load taskset -c 0 "$conntest" load --no-save --cpus 0,1023 -T 1s "$target"
await_exit load
expect "exit status" "$exit_status" == 2
expect_text "$work/load.err" '^conntest load: --cpus: cpu 1023 is not one this process may run on .*: it may on 0$'

echo "others come first"
hog() {
	exec chrt -f 1 taskset -c "$last" bash -c 'while :; do :; done'
}
if chrt -f 1 true 2>/dev/null && ((last > 0)); then
	taskset -cp 0 "${pids[web-1]}" >/dev/null
	begin load taskset -c "$last" "$conntest" load "$target"
	begin traffic taskset -c "$last" "$conntest" traffic -r 200 --new-connections off \
		--path-probe off "${target/echo/tcp}"
	under_way load
	under_way traffic
	start hog hog
	ended load
	report load .generator.limited_by == host
	report load .generator.limited_cause == "others had the cpu"
	report load .generator.worker_wait_max '>' 0.3
	expect_text "$work/load.out" '^Trust: .*limited by this host \(others had the cpu that a worker waited for [0-9]+ % of the time\)'
	ended traffic
	expect_text "$work/traffic.out" '^Trust: +(weak|bad): .*others had the cpu that it waited for [0-9]+ % of the time'
	stop hog KILL
else
	echo "not tried: needs another cpu and the right to a real-time priority"
fi

echo "a quota"
# A control group that may have a twentieth of a cpu: of v1, or of v2 where that has controller cpu.
limited_group() {
	local at
	for at in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup; do
		group=$at/conntest-$$
		{ [[ -d $at ]] && mkdir "$group" 2>/dev/null; } || continue
		groups+=("$group")
		{ echo 100000 >"$group/cpu.cfs_period_us" && echo 5000 >"$group/cpu.cfs_quota_us"; } \
			2>/dev/null && return
		echo "5000 100000" 2>/dev/null >"$group/cpu.max" && return
	done
	return 1
}
if limited_group; then
	begin load "$conntest" load -c 4 -r 50k "$target"
	under_way load
	echo "${pids[load]}" >"$group/cgroup.procs"
	ended load
	report load .generator.limited_by == host
	report load .generator.limited_cause == "cpu quota of its control group"
	report load .generator.throttled '>' 0.5
	expect_text "$work/load.out" "^Trust: .*\(its control group's cpu quota stopped a worker [0-9]+ % of the time\)"
else
	echo "not tried: no control group to be had"
fi
