# A few mesh nodes on the loopback of a network namespace that the whole test runs in, so that ports
# can be what they are in life. Sources lib.sh. Node N is node-N at 127.0.0.1N, its page on port 8080.
# shellcheck shell=bash
if [[ -z ${CONNTEST_TEST_SPACE-} ]]; then
	unshare --net true 2>/dev/null || { echo "skipped: no network namespaces"; exit 77; }
	CONNTEST_TEST_SPACE=own exec unshare --net bash "$0"
fi
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need curl jq python3 ip
ip link set lo up

# place NUMBER: its address.
place() {
	echo "127.0.0.1$1"
}

# node NUMBER [OPTION...]: its events are in $work/node-NUMBER.events. `peers="1 3" node 2` knows these
# from the beginning; `wrap="taskset -c 0" node ...` starts it with that.
node() {
	local number=$1 name=node-$1 at peer known=()
	shift
	at=$(place "$number")
	for peer in ${peers-}; do
		known+=(--peers "$(place "$peer"):5003")
	done
	# shellcheck disable=SC2086 # words
	start "$name" ${wrap-} "$conntest" mesh --node "$name" --listen "traffic://$at:5003" \
		--listen "traffic+udp://$at:5003" --http "$at:8080" --window 2s --wait-time 500ms \
		--rand-time 500ms --mtu-interval 5s --drain 3s --events "$work/$name.events" \
		"${known[@]}" "$@"
	awaited "$work/$name.out" '^page '
	awaited "$work/$name.events" '"event":"start"'
}

# awaited FILE REGEX [SECONDS]: await, of whose line nothing is wanted but that it is there.
awaited() {
	local line
	line=$(await "$@") || { echo "$line"; exit 1; }
}

# get [CURL_OPTION...] URL: the status; the body is in $work/body, the head in $work/head.
get() {
	curl -sS --max-time 30 -o "$work/body" -D "$work/head" -w '%{http_code}' "$@" ||
		fail "curl $*: status $?"
}

# await_json URL EXPRESSION: asks until jq says that it holds; the last answer is in $work/body.
await_json() {
	local _
	for _ in {1..120}; do
		[[ $(get "$1") == 200 ]] && jq -e "$2" "$work/body" >/dev/null 2>&1 && return
		pause 0.25
	done
	fail "$1 never was such that $2: $(head -c 3000 "$work/body")"
}
