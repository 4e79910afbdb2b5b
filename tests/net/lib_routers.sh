# Four hosts in a row, namespaces of the test's own: a - r1 - r2 - b, IPv4 and IPv6.
# Sources lib.sh.
#   a 10.9.1.4 fd09:1::4    r1 10.9.1.254, 10.9.2.1    r2 10.9.2.254, 10.9.3.254    b 10.9.3.7 fd09:3::7
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# wire NAME ADDRESS ADDRESS6 NAME ADDRESS ADDRESS6: a link between two of them; e0 is the first
# interface of a host, e1 the second.
declare -A interfaces=()
wire() {
	local left=e${interfaces[$1]:-0} right=e${interfaces[$4]:-0} end
	interfaces[$1]=1 interfaces[$4]=1
	ip link add "c$$l" netns "${spaces[$1]}" type veth peer name "c$$r" netns "${spaces[$4]}" \
		2>"$work/veth.err" || skip "no veth: $(<"$work/veth.err")"
	ip -n "${spaces[$1]}" link set "c$$l" name "$left"
	ip -n "${spaces[$4]}" link set "c$$r" name "$right"
	for end in "$1 $left $2 $3" "$4 $right $5 $6"; do
		# shellcheck disable=SC2086 # words
		set -- $end
		ip -n "${spaces[$1]}" addr add "$3" dev "$2"
		ip -n "${spaces[$1]}" addr add "$4" dev "$2" nodad
		ip -n "${spaces[$1]}" link set "$2" up
	done
}

# way HOST TO VIA: a route of each family.
way() {
	ip -n "${spaces[$1]}" route add "${2%,*}" via "${3%,*}"
	ip -n "${spaces[$1]}" -6 route add "${2#*,}" via "${3#*,}"
}

routers() {
	local host
	need nft
	for host in a r1 r2 b; do
		namespace "$host"
		inside "$host" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.default.accept_dad=0
	done
	wire a 10.9.1.4/24 fd09:1::4/64 r1 10.9.1.254/24 fd09:1::fe/64
	wire r1 10.9.2.1/24 fd09:2::1/64 r2 10.9.2.254/24 fd09:2::fe/64
	wire r2 10.9.3.254/24 fd09:3::fe/64 b 10.9.3.7/24 fd09:3::7/64
	way a 10.9.0.0/16,fd09::/16 10.9.1.254,fd09:1::fe
	way r1 10.9.3.0/24,fd09:3::/64 10.9.2.254,fd09:2::fe
	way r2 10.9.1.0/24,fd09:1::/64 10.9.2.1,fd09:2::1
	way b 10.9.0.0/16,fd09::/16 10.9.3.254,fd09:3::fe
}

# middle BYTES: the link between the routers takes no more.
middle() {
	ip -n "${spaces[r1]}" link set e1 mtu "$1"
	ip -n "${spaces[r2]}" link set e0 mtu "$1"
}

# rules HOST [RULES]: its firewall, instead of what was there.
rules() {
	inside "$1" nft flush ruleset
	[[ $# == 1 ]] || inside "$1" nft -f - <<<"$2"
}

# What the kernels have heard of paths lasts for ten minutes.
forget() {
	local host
	for host in a r1 r2 b; do
		ip -n "${spaces[$host]}" route flush cache
		ip -n "${spaces[$host]}" -6 route flush cache
	done
}
