#!/bin/bash
# The page of a living mesh in a real browser, at a desk and on a phone, with its script and without:
# it refreshes itself, shows a peer that dies and says when its own node is gone; under its policy the
# browser takes its style and script and nothing else.
# shellcheck source=lib_nodes.sh
source "$(dirname "$0")/lib_nodes.sh"
need chromium
one=http://$(place 1):8080 two=http://$(place 2):8080
chromium=(chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage
	--disable-background-networking --hide-scrollbars)
# Where to keep what it looks like.
pictures=${PICTURES:-$work}

# browser COMMAND [ARGUMENT...]: of browser.py; what it says is $answer.
browser() {
	jq -nc '[$ARGS.positional[] | tonumber? // .]' --args -- "$@" >&"${BROWSER[1]}"
	read -r -t 100 answer <&"${BROWSER[0]}" || { fail "the browser says nothing to $*"; exit 1; }
}

# sees WHAT EXPRESSION [SECONDS]: it becomes true in what is open, without loading it anew.
sees() {
	browser await "$2" "${3:-30}"
	[[ $answer == true ]] && return
	browser value 'document.body.innerText'
	fail "$1: never was it that $2; the page: ${answer:0:2000}"
}

# is WHAT EXPRESSION VALUE
is() {
	browser value "$2"
	expect "$1" "$(jq -r . <<<"$answer")" == "$3"
}

# at_both NAME: what is open fits a phone and a desk, and is painted.
at_both() {
	local width
	for width in 390 1280; do
		browser size "$width"
		expect "how wide $1 is at $width" "$answer" '<=' "$width"
		browser picture "$pictures/$1_$width.png"
	done
}

for number in 1 2 3; do
	peers=$(for peer in 1 2 3; do [[ $peer == "$number" ]] || echo "$peer"; done)
	node "$number" --location "zone-$((number % 2))"
done
for number in 1 2 3; do
	await_json "http://$(place "$number"):8080/v1/peers" \
		'(.Peers | length) == 2 and all(.Peers[]; .conntest.verdict == "ok")'
done
coproc BROWSER { exec python3 "$(dirname "$0")/browser.py" "${chromium[@]}" --user-data-dir="$work/profile" 2>"$work/browser.err"; }
pids[browser]=$BROWSER_PID

echo "with its script"
browser open "$one/?matrix=1" 1280
sees "the rows of others" 'document.querySelector("main").innerHTML.includes("node-2 to node-3")'
at_both matrix
browser open "$one/?peer=node-3" 390
sees "a pair" 'document.querySelector("main").innerText.includes("node-3")'
at_both pair
browser open "$one/" 1280
sees "all well" 'document.querySelector("h1").textContent === "All 2 peers well"'
is "the title" document.title node-1
at_both well
is "its style" 'getComputedStyle(document.querySelector("h1")).fontSize' 19px
browser words
expect "what the browser objects to" "$answer" == "[]"

echo "its policy"
browser value '(function () {
	const script = document.createElement("script"), style = document.createElement("style");
	const other = document.createElement("div");
	script.textContent = "window.foreign = 1";
	style.textContent = "h1 { font-size: 77px }";
	other.innerHTML = "<img src=x onerror=\"window.foreign = 2\"><i style=\"color:red\"></i>" +
		"<iframe src=/v1></iframe><img src=/v1/ping><script src=/v1/ping><" + "/script>";
	document.body.append(script, style, other);
	return true;
})()'
pause 1
is "a foreign script" 'String(window.foreign)' undefined
is "a foreign style" 'getComputedStyle(document.querySelector("h1")).fontSize' 19px
is "what is fetched elsewhere" "fetch('$two/v1/ping').then(() => 'taken', () => 'refused')" refused
is "what is fetched here" "fetch('/v1/ping').then(() => 'taken', () => 'refused')" taken
browser words
for part in script-src style-src img-src connect-src; do
	expect_text <(echo "$answer") "Content Security Policy directive.*$part"
done

echo "a peer dies"
browser open "$one/" 1280
browser value '(window.kept = 1)'
stop node-3 KILL
sees "a peer that is dead" 'document.querySelector("h1").textContent === "1 of 2 peers bad"' 40
sees "why" 'document.querySelector(".findings").textContent.includes("node-3")'
is "the title" document.title "1 bad - node-1"
is "whether it was loaded anew" window.kept 1
is "an event" 'document.querySelector(".events").textContent.includes("began")' true
at_both dead
browser open "$one/?matrix=1" 1280
sees "it in the matrix" 'document.querySelector("main").textContent.includes("refused")'
at_both dead_matrix

echo "without its script"
browser script off
browser open "$two/" 1280
sees "a peer that is dead" 'document.querySelector("h1").textContent === "1 of 2 peers bad"'
is "the title" document.title "1 bad - node-2"
is "sparklines" 'document.querySelectorAll("svg.spark").length' 2
at_both plain
browser value '(window.kept = 1)'
sees "that it is loaded anew" 'window.kept === undefined && document.readyState === "complete"'
browser open "$two/?matrix=1" 1280
sees "the rows of others" 'document.querySelector("main").innerHTML.includes("node-1 to node-2")'
at_both plain_matrix
browser script on

echo "its own node dies"
browser open "$one/" 390
is "whether it is old" 'document.getElementById("old").hidden' true
stop node-1 KILL
sees "that it is old" '!document.getElementById("old").hidden' 40
is "what it says" 'document.getElementById("old").textContent.startsWith("Old: no answer since ")' true
is "the title" document.title "old - 1 bad - node-1"
is "what was known" 'document.querySelector("h1").textContent' "1 of 2 peers bad"
browser picture "$pictures/old_390.png"
stop node-2
expect "status of node 2" "$exit_status" == 0
