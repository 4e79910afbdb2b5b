# A mesh of many nodes, each in a network namespace of its own, in three locations with a router each
# and a core router between these; and `watch`, a host at the core that asks all of them at once.
# Sources lib.sh. A node N of location L (1 north, 2 east, 3 south) is 10.L.0.N, its page on port 8080.
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

location_names=(core north east south)
nodes=()
declare -A addresses=() locations=()

# cable NAME DEVICE ADDRESS NAME DEVICE ADDRESS: one link, an address and its peer at each end.
cable() {
	ip link add "c$$l" netns "${spaces[$1]}" type veth peer name "c$$r" netns "${spaces[$4]}" \
		2>"$work/veth.err" || skip "no veth: $(<"$work/veth.err")"
	plug "$1" "c$$l" "$2" "$3" "$6"
	plug "$4" "c$$r" "$5" "$6" "$3"
}

plug() {
	ip -n "${spaces[$1]}" -batch - <<-END
		link set $2 name $3
		link set $3 up
		addr add $4 peer $5 dev $3
	END
}

# town NODES: makes as many hosts and the routers, node-1 to node-NODES, a third in each location.
town() {
	local i location name host
	need nft curl jq
	namespace core
	namespace watch
	cable watch e0 10.9.0.1 core watch 10.9.0.254
	ip -n "${spaces[watch]}" route add 10.0.0.0/8 via 10.9.0.254
	for location in 1 2 3; do
		name=${location_names[$location]}
		namespace "$name"
		cable "$name" core "10.$location.9.1" core "$name" "10.$location.9.254"
		ip -n "${spaces[$name]}" route add 10.0.0.0/8 via "10.$location.9.254"
		ip -n "${spaces[core]}" route add "10.$location.0.0/16" via "10.$location.9.1"
	done
	for name in core north east south; do
		inside "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
	done
	for ((i = 1; i <= $1; i++)); do
		location=$(((i - 1) * 3 / $1 + 1))
		name=node-$i host=10.$location.0.$i
		nodes+=("$name")
		addresses[$name]=$host locations[$name]=${location_names[$location]}
		namespace "$name"
		cable "$name" e0 "$host" "${locations[$name]}" "$name" "10.$location.0.254"
		ip -n "${spaces[$name]}" route add default via "10.$location.0.254"
	done
	jq -n '[{targets: $ARGS.positional}]' --args "${addresses[@]/%/:5003}" >"$work/peers.json"
}

# node NAME [OPTION...]: its process, with what it says of itself in $work/NAME.events.
node() {
	local name=$1
	shift
	start "$name" nsenter --net="/run/netns/${spaces[$name]}" "$conntest" mesh --node "$name" \
		--location "${locations[$name]}" --peers "file:$work/peers.json" \
		--http "${addresses[$name]}:8080" --events "$work/$name.events" "$@"
}

# ask PATH FILE: the answers of all nodes that answer, as FILE.NODE.
ask() {
	local name
	for name in "${nodes[@]}"; do
		rm -f "$2.$name"
		printf 'url = "http://%s:8080%s"\noutput = "%s"\n' \
			"${addresses[$name]}" "$1" "$2.$name"
	done >"$work/curl"
	inside watch curl -f --parallel --parallel-max 8 --connect-timeout 2 --max-time 5 -K "$work/curl" 2>/dev/null || true
}

# rules HOST [RULES]: its firewall, instead of what was there.
rules() {
	inside "$1" nft flush ruleset
	[[ $# == 1 ]] || inside "$1" nft -f - <<<"$2"
}
