#!/bin/bash
# A load in the user's hand, in a real terminal: keys, the block, Ctrl-C, Ctrl-Z, the background, a
# terminal that is resized, plain, or goes away.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq tmux

# A server of terminals of this test's own; it ends with its last window, or when told to.
terminal() {
	tmux -S "$work/tmux" -f /dev/null "$@"
}
trap 'terminal kill-server 2>/dev/null || true; clean_up' EXIT

# open_terminal COMMAND: in a window of 80x24; what it prints is in $work/pane too.
open_terminal() {
	rm -f "$work/pane" "$work/report.json"
	terminal new-session -d -s live -x 80 -y 24 \
		"env LC_ALL=C.UTF-8 TERM=${term:-screen} PS1='shell> ' $1"
	terminal set-option -g remain-on-exit on
	terminal pipe-pane -t live "cat >$work/pane"
}

close_terminal() {
	terminal kill-session -t live 2>/dev/null || true
}

press() {
	terminal send-keys -t live "$@"
}

screen() {
	terminal capture-pane -p -t live
}

# await_screen REGEX [SECONDS]: until a line of the screen matches.
await_screen() {
	local end=$((SECONDS + ${2:-20}))
	until screen | grep -Eq -- "$1"; do
		if ((SECONDS >= end)); then
			fail "the screen has no line like \"$1\": $(screen)"
			return
		fi
		pause 0.1
	done
}

# expect_screen WHAT REGEX COUNT: so many lines match; not while something is told above the block.
expect_screen() {
	local found _
	for _ in {1..50}; do
		found=$(screen | grep -Ec -- "$2" || true)
		[[ $found != "$3" ]] || return 0
		pause 0.1
	done
	fail "$1: expected $3 lines like \"$2\", found $found: $(screen)"
}

serve echo --listen echo://127.0.0.1:0 --listen traffic://127.0.0.1:0 \
	--listen discard+udp://127.0.0.1:0
echo=127.0.0.1:$(port echo echo)
load="$conntest load -c 10 -T 100s -o json=$work/report.json"

echo "keys change the rate, pause and end the run, and the report says so"
open_terminal "bash --norc -c '$load --workers 2 -r 1000 echo://$echo; echo status \$?; stty -a; cat'"
await_screen '^3\.0 s of 100\.0 s  10 up'
await_screen '^sent +[0-9,]+/s'
await_screen '^1,000/s asked  ↑ ↓ rate  space pause  q end and report'
expect_screen "the block" '^(sent|received|latency|errors|rate|p99) ' 6
press Up Up Up Up Up Up Up Up
await_screen '^2,200/s asked'
await_screen 'rate 1,000/s -> 2,200/s by key'
await_screen '^sent +2,[0-9]{3}/s'
pause 2
press Space
await_screen '^[0-9.]+ s of 100\.0 s  PAUSED'
await_screen '^sent +0/s'
pause 2
press -l +-
press Space
await_screen '^sent +2,[0-9]{3}/s'
pause 2
expect_screen "one block on the screen" '^sent ' 1
press q
await_screen '^status 0'
await_screen ' icanon .* echo '
close_terminal
adds_up "$work/report.json"
schedule='stream("load").schedule'
expect_json "$work/report.json" "$schedule.rate_per_second" == 1000
expect_json "$work/report.json" "$schedule.changed" == 1
expect_json "$work/report.json" "$schedule.paused_ns" '>' 500000000
expect_json "$work/report.json" '[.marks[] | select(.kind == "key") | .name] | join("; ")' == \
	"rate 1,000/s -> 2,200/s by key; paused by key; goes on by key"
expect_json "$work/report.json" .interrupted == true
# What was due between two samples well inside each part, by the second: samples and messages come
# late where this machine is busy.
expect "kept to 1,000/s, 2,200/s, 0 and 2,200/s" "$(json "$work/report.json" '
	(.marks | map(.at_ns)) as [$faster, $paused, $on] |
	stream("load").samples as $samples | .duration_ns as $last_ns |
	def rate($from; $to): [$samples[] | select(.at_ns > $from and .at_ns < $to)] |
		((.[1:] | map(.scheduled) | add) // 0) * 1e9 /
		(if length > 1 then .[-1].at_ns - .[0].at_ns else 1 end);
	[rate(0; $faster - 1e9), rate($faster; $paused), rate($paused + 0.1e9; $on),
		rate($on + 0.1e9; $last_ns)] |
	if (.[0] > 500 and .[0] < 1500) and .[1] > 1500 and .[2] < 500 and .[3] > 1500
	then "kept" else tostring end' 2>&1)" == kept

echo "Ctrl-C ends it regularly"
open_terminal "bash --norc -c '$load -r 1000 echo://$echo; echo status \$?; stty -a; cat'"
await_screen '^1\.0 s of'
press C-c
await_screen '^status 0'
await_screen ' icanon .* echo '
expect_json "$work/report.json" .interrupted == true
close_terminal

echo "a crash gives the terminal back"
open_terminal "bash --norc -c '$load -r 1000 echo://$echo; stty -a; cat'"
await_screen '^1\.0 s of'
kill -ABRT "$(pgrep -P "$(terminal list-panes -t live -F '#{pane_pid}')")"
await_screen ' icanon .* echo '
close_terminal

echo "the terminal goes away: the report is kept"
kept=$("$conntest" report list | wc -l)
open_terminal "bash --norc -c '$load -r 1000 echo://$echo'"
await_screen '^1\.0 s of'
close_terminal
for _ in {1..100}; do
	[[ ! -s $work/report.json ]] || break
	pause 0.1
done
expect_json "$work/report.json" .interrupted == true
adds_up "$work/report.json"
expect "one more report that is kept" "$("$conntest" report list | wc -l)" == $((kept + 1))

echo "under nohup it goes on without its terminal"
: >"$work/nohup.out"
open_terminal "bash --norc -c 'nohup $load -T 4s -r 100 echo://$echo >$work/nohup.out 2>&1'"
pause 1.5
close_terminal
await "$work/nohup.out" '^Result:' >/dev/null
expect_json "$work/report.json" .interrupted == false

echo "a terminal without cursor control has a line a second, and keys"
term=dumb open_terminal "bash --norc -c '$load -r 1000 echo://$echo; echo status \$?; cat'"
await_screen '^\+2\.000 s  10 up, 0 failed, [0-9,.]+/s'
expect_screen "the first second's line" '^\+1\.000 s  10 up' 1
press q
await_screen '^status 0'
expect "escape sequences" "$(grep -c $'\033' "$work/pane" || true)" == 0
close_terminal

echo "the block follows the size of its window"
open_terminal "bash --norc -c '$load -r 1000 echo://$echo; cat'"
await_screen '^2\.0 s of'
terminal resize-window -t live -x 40 -y 10
await_screen '^1,000/s  ↑ ↓ rate  space pause  q end'
expect_screen "the block in 40 columns" '^(sent|received|latency|errors|rate|p99) ' 6
terminal resize-window -t live -x 40 -y 8
await_screen '^\+[0-9.]+ s  10 up, 0 failed'
terminal resize-window -t live -x 80 -y 24
await_screen '^1,000/s asked'
press q
await_screen '^Result:'
close_terminal

echo "Ctrl-Z, fg and bg; in the background nothing stops it or reads keys"
open_terminal "bash --norc -i"
await_screen 'shell>'
press -l "$load -r 1000 echo://$echo"
press Enter
await_screen '^1\.0 s of'
press C-z
await_screen 'Stopped'
press -l 'stty -a | grep -o " icanon"'
press Enter
await_screen '^ icanon'
press -l fg
press Enter
await_screen '^1,000/s asked'
press Up
await_screen '^1,100/s asked'
press C-z
await_screen 'Stopped'
press -l 'bg; clear'
press Enter
pause 2
press -l 'jobs; echo q was not "taken"'
press Enter
await_screen '^q was not taken'
await_screen '\[1\].*Running'
press -l fg
press Enter
await_screen '^1,100/s asked'
press q
await_screen '^Result:'
press -l "clear; $conntest load -T 2s -r 10 --no-save echo://$echo &"
press Enter
await_screen '^Result:'
close_terminal

echo "what has no rate says so, and pauses"
open_terminal "bash --norc -c '$load echo://$echo; cat'"
await_screen '^1\.0 s of'
press Up
await_screen '^no rate to change'
press Space
await_screen '^sent +0/s'
await_screen 'PAUSED'
press q
await_screen '^Result:'
close_terminal
expect_json "$work/report.json" "$schedule.paused_ns" '>' 500000000
adds_up "$work/report.json"

echo "datagrams that nobody answers change too"
open_terminal "bash --norc -c '$load -b 1Mbps discard+udp://127.0.0.1:$(port echo discard udp); cat'"
await_screen '^2\.0 s of'
press Up
await_screen 'by key'
press Space
await_screen '^sent +0 bps'
press q
await_screen '^Result:'
close_terminal
expect_json "$work/report.json" "$schedule.changed" == 1
adds_up "$work/report.json"

echo "several processes change together, one that crashes leaves the terminal alone"
open_terminal "bash --norc -c '$load --processes 3 -r 1000 echo://$echo; cat'"
await_screen '^2\.0 s of'
press Up
await_screen 'rate 1,000/s -> 1,100/s by key'
parent=$(pgrep -P "$(terminal list-panes -t live -F '#{pane_pid}')")
kill -ABRT "$(pgrep -P "$parent" | head -n 1)"
await_screen 'killed|SIGABRT|process'
press Up
await_screen '^1,200/s asked'
await_screen '1,100/s -> 1,200/s by key'
press q
await_screen '^Result:'
close_terminal
expect_json "$work/report.json" "$schedule.changed" == 2

echo "and traffic"
open_terminal "bash --norc -c '$conntest traffic -c 5 -r 20/conn --path-probe off -T 100s -o json=$work/report.json traffic://127.0.0.1:$(port echo traffic); cat'"
await_screen '^2\.0 s of'
press Down
await_screen '^91/s asked'
await_screen 'rate 100/s -> 91/s by key'
press q
await_screen '^Result:'
close_terminal
expect_json "$work/report.json" 'stream("persistent").schedule.changed' == 1
adds_up "$work/report.json"

echo "without a terminal to read from there are no keys"
open_terminal "bash --norc -c '$load -T 3s -r 1000 echo://$echo </dev/null; cat'"
await_screen '^1,000/s asked$'
await_screen '^Result:'
close_terminal

[[ $failures == 0 ]]
