# Helpers of the net tests: namespaces, a link that can be made bad, real servers, and checks that
# say what was expected and what was found. A test sources this file first. All that it starts or
# makes is gone when it ends; a failed check lets it go on and fails it at the end.
# shellcheck shell=bash
set -euo pipefail

conntest=${CONNTEST:-build/dev/conntest}
helpers=${CONNTEST_BUILD:-build/dev}/tests/net
work=$(mktemp -d)
export XDG_STATE_HOME=$work # where conntest keeps reports
export CONNTEST_TRAFFIC_STALL_AFTER=500ms # servers on a busy machine are silent now and then
failures=0
declare -A pids=() spaces=()

clean_up() {
	local status=$? pid space
	trap - EXIT
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	for pid in "$work"/haproxy.pid "$work"/*/nginx.pid; do
		[[ ! -s $pid ]] || kill -KILL "$(<"$pid")" "-$(<"$pid")" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	for space in "${spaces[@]}"; do
		ip netns del "$space" 2>/dev/null || true
	done
	[[ $status != 0 || $failures == 0 ]] || status=1
	if [[ $status != 0 && $status != 77 ]]; then
		find "$work" -name '*.err' -size +0 -exec tail -n 20 -- {} +
	fi
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 143' TERM INT

skip() {
	echo "skipped: $*"
	exit 77
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# json FILE EXPRESSION: the value; stream("new") is the stream of that name, backend("web-1") the row
# of that backend in stream persistent.
json() {
	jq -r "def stream(name): .streams[] | select(.name == name);
		def backend(name): stream(\"persistent\").survival.by_backend[name];
		$2" "$1"
}

# expect WHAT FOUND OPERATOR WANTED: compares numbers, or text with text.
expect() {
	jq -en --arg found "$2" --arg wanted "$4" "def value: (tonumber? // .);
		(\$found | value) as \$a | (\$wanted | value) as \$b |
		(\$a | type) == (\$b | type) and (\$a $3 \$b)" >/dev/null ||
		fail "$1: expected $3 $4, found ${2:-nothing}"
}

# expect_json FILE EXPRESSION OPERATOR WANTED
expect_json() {
	expect "$2" "$(json "$1" "$2" 2>&1)" "$3" "$4"
}

# expect_text FILE REGEX: a line of the file matches.
expect_text() {
	grep -Eq -- "$2" "$1" || fail "$(basename "$1"): expected a line like \"$2\", found: $(head -c 2000 "$1")"
}

# await FILE REGEX [SECONDS]: waits for a line of a growing file and prints it.
await() {
	local line reader input
	exec {input}< <(exec timeout "${3:-20}" tail -n +1 -f "$1")
	reader=$!
	line=$(grep -Em1 -- "$2" <&"$input") || { fail "$1: no line like \"$2\""; exit 1; }
	kill "$reader" 2>/dev/null || true
	exec {input}<&-
	echo "$line"
}

# start NAME COMMAND...: runs it with its output in $work/NAME.out and NAME.err, as ${pids[NAME]};
# `stdin=FILE start ...` gives it input.
start() {
	local name=$1
	shift
	: >"$work/$name.out"
	"$@" <"${stdin:-/dev/null}" >"$work/$name.out" 2>"$work/$name.err" &
	pids[$name]=$!
}

# shellcheck disable=SC2034 # exit_status is for the tests
# await_exit NAME [SECONDS]: waits for its end; the status is in $exit_status (137: had to be killed).
await_exit() {
	local watchdog
	{ sleep "${2:-60}" && kill -KILL "${pids[$1]}"; } >/dev/null 2>&1 &
	watchdog=$!
	exit_status=0
	wait "${pids[$1]}" || exit_status=$?
	pkill -P "$watchdog" 2>/dev/null || true
	kill "$watchdog" 2>/dev/null || true
	unset "pids[$1]"
}

# stop NAME [SIGNAL]: ends it and waits; the status is in $exit_status.
stop() {
	kill -"${2:-TERM}" "${pids[$1]}"
	await_exit "$1" 20
}

# namespace NAME: a network namespace of its own, with loopback up; inside NAME COMMAND... runs there.
namespace() {
	need ip nsenter
	local space=conntest-$$-$1
	ip netns add "$space" 2>"$work/netns.err" || skip "no network namespaces: $(<"$work/netns.err")"
	spaces[$1]=$space
	ip -n "$space" link set lo up
}

inside() {
	local name=$1
	shift
	nsenter --net="/run/netns/${spaces[$name]}" "$@"
}

# shaped_link [COMMAND...]: namespaces a (10.9.0.1, fd09::1) and b (10.9.0.2, fd09::2) with the shaper
# between; its log is $work/shaper.out. shape COMMAND changes it while it runs.
shaped_link() {
	[[ -w /dev/net/tun ]] || skip "no /dev/net/tun"
	namespace a
	namespace b
	mkfifo "$work/shaper.in"
	exec {shaper_input}<>"$work/shaper.in"
	stdin=$work/shaper.in start shaper "$helpers/shaper" "${spaces[a]}" "${spaces[b]}" "$@"
	await "$work/shaper.out" '"event":"ready"' >/dev/null
	link_end a 1 2
	link_end b 2 1
}

link_end() {
	ip -n "${spaces[$1]}" link set wire0 up txqueuelen 10000
	ip -n "${spaces[$1]}" addr add "10.9.0.$2" peer "10.9.0.$3" dev wire0
	ip -n "${spaces[$1]}" addr add "fd09::$2" peer "fd09::$3" dev wire0 nodad
}

shape() {
	echo "$*" >&"$shaper_input"
}

# serve NAME [OPTION...]: conntest serve, its port by `port NAME [SERVICE [TRANSPORT]]`. It listens
# for traffic on a free loopback port if no --listen is given. `space=b serve ...` runs it inside b.
serve() {
	local name=$1 listen=()
	shift
	[[ " $* " == *" --listen "* ]] || listen=(--listen traffic://127.0.0.1:0)
	start "$name" ${space:+nsenter --net="/run/netns/${spaces[$space]}"} \
		"$conntest" serve --name "$name" "${listen[@]}" "$@" -o ndjson
	await "$work/$name.out" '"event":"listening"' >/dev/null
}

port() {
	await "$work/$1.out" "\"service\":\"${2:-traffic}\",\"transport\":\"${3:-tcp}\"" | jq .port
}

# four_backends: web-1 to web-4 behind haproxy on port $PORT, as in the demo.
four_backends() {
	local i
	need haproxy
	for i in 1 2 3 4; do
		serve "web-$i"
		export "WEB_$i=$(port "web-$i")"
	done
	haproxy_start demo/haproxy.cfg
}

# haproxy_start CONFIG: on port $PORT. It goes to the background when it has bound its port, so one
# that is taken is seen.
haproxy_start() {
	local _
	for _ in {1..20}; do
		export PORT=$((20000 + RANDOM % 10000))
		haproxy -D -f "$1" -p "$work/haproxy.pid" &>"$work/haproxy.err" && return
	done
	fail "haproxy doesn't start"
	exit 1
}

# traffic_start [OPTION...] TARGET: begins a run, with its snapshots in $work/run.ndjson; returns
# at the first of them. `space=a traffic_start ...` runs it inside a.
traffic_start() {
	: >"$work/run.ndjson"
	start traffic ${space:+nsenter --net="/run/netns/${spaces[$space]}"} \
		"$conntest" traffic --no-save -o "json=$work/report.json" \
		-o "ndjson=$work/run.ndjson" "$@"
	await "$work/run.ndjson" '"event":"snapshot"' >/dev/null
}

# traffic_end: waits for its end: the report is $work/report.json, the status $exit_status.
traffic_end() {
	await_exit traffic
	[[ -s $work/report.json ]] ||
		{ fail "traffic left no report, status $exit_status"; exit 1; }
	adds_up "$work/report.json"
	[[ ! -s $work/run.ndjson ]] || snapshots_add_up "$work/run.ndjson"
}

# adds_up REPORT: the identities that hold in every one.
adds_up() {
	expect "streams of $1 that don't add up" "$(jq -c '.streams[] |
		select((.totals | .messages_sent !=
				.messages_received + .lost + .in_flight + .one_way) or
			(.schedule | .scheduled != .sent + .debt + (.missed | add) or .debt != 0) or
			(.survival and (.slots != (.survival |
				del(.reconnected, .backend_changed, .by_backend) | add)))) |
		{name, totals, schedule, survival}' "$1")" == ""
	expect "streams of $1 whose samples don't add up" "$(jq -c '.streams[] |
		select((.samples | map(.at_ns) | . != unique) or
			((.samples | map(.sent) | add) // 0) != .totals.messages_sent or
			((.samples | map(.received) | add) // 0) != .totals.messages_received or
			((.samples | map(.lost) | add) // 0) != .totals.lost) |
		{name, totals, samples}' "$1")" == ""
}

snapshots_add_up() {
	expect "snapshots in $1 that don't add up" "$(jq -c 'select(.event == "snapshot") |
		.streams[] | select(.sent != .received + .lost + .in_flight + .one_way or
			.scheduled != .sent + .debt + .missed_no_connection + .missed_peer + .missed_generator)' "$1")" == ""
}

# traffic [OPTION...] TARGET: a whole run; results as above, the text in $work/traffic.out.
traffic() {
	start traffic "$conntest" traffic --no-save -o "json=$work/report.json" "$@"
	traffic_end
}

# pause SECONDS: between two things that a test does to a run, where no event says when.
exec {never}<> <(:)
pause() {
	read -rt "$1" -u "$never" || true
}
