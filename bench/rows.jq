# What bench/run and bench/compare make of measurements. A measurement is an object with `work`,
# `who` and figures; a row is what a work's file says about them with against() or alone().

def median:
	sort | length as $n |
	if $n == 0 then null else (.[($n - 1) / 2 | floor] + .[$n / 2 | floor]) / 2 end;

def short:
	if . == null then "-"
	elif . >= 100 then round
	else . * 1000 | round / 1000 end;

# "<= 1.15"
def holds($target):
	. as $value | ($target / " ") as [$operator, $limit] | ($limit | tonumber) as $limit |
	if $operator == "<=" then $value <= $limit
	elif $operator == "<" then $value < $limit
	elif $operator == "==" then $value == $limit
	elif $operator == ">=" then $value >= $limit
	else error("\($target) is no target") end;

# The figure of one program in each round.
def rounds($work; $who; figure): [.[] | select(.work == $work and .who == $who) | figure];

# $words: work, who, row, peer, target, is_ratio (against the peer, or a limit of its own), and
# void_over and void_under, the peer's figures beyond which the machine, or the peer, is not fit to be
# compared with.
def row($words; figure):
	rounds($words.work; $words.who; figure) as $own |
	rounds($words.work; $words.peer // ""; figure) as $peers |
	$words + {
		value: ($own | median), values: $own,
		peer_value: ($peers | median), peer_values: $peers
	} |
	.ratio = (if .peer_value and .value and .peer_value > 0 then .value / .peer_value
		else null end) |
	.judged = (if .is_ratio then .ratio else .value end) |
	.verdict = (
		if .value == null then "not measured"
		elif .judged == null then "no \(.peer)"
		elif .void_over and .peer_value > .void_over then
			"void: \(.peer) over \(.void_over | short)"
		elif .void_under and .peer_value < .void_under then
			"void: \(.peer) under \(.void_under | short)"
		elif .judged | holds($words.target) then "ok"
		else "MISSED" end);

# What is judged, round by round: the ratio to the peer of the same round where there is one.
def by_round:
	if .is_ratio then [.values, .peer_values] | transpose |
		map(select(.[0] != null and (.[1] // 0) > 0) | .[0] / .[1])
	else .values end;

# Two results of the same row: better or worse only where no round of one reaches the other's.
def compared($old; $new):
	($new.target | startswith(">")) as $more_is_better |
	($old | by_round) as $before | ($new | by_round) as $after |
	if ($before | length) == 0 or ($after | length) == 0 then "not measured"
	elif ($after | min) > ($before | max) then
		if $more_is_better then "better" else "WORSE" end
	elif ($after | max) < ($before | min) then
		if $more_is_better then "WORSE" else "better" end
	else "same" end;
