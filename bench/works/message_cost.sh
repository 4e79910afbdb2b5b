# 50,000 messages of 64 B a second over 10, 1,000 and 10,000 connections: does one cost the same?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest)
rate=50000

# message_cost CONNECTIONS NAME: as {"NAME_us":.., "NAME_server_us":..}
message_cost() {
	local cpu
	serve_start echo -w 1 --cpus 0
	client_start load 3 -w 1 --cpus 1 -c "$1" -r "$rate" -m "$message_64" "echo://$address:$port"
	cpu=$(sample "$client" "$server" 1)
	conntest_end
	jq -c "{ $2_us: (.cpu_client * 1e6 / $rate), $2_server_us: (.cpu_server * 1e6 / $rate) }" \
		<<<"$cpu"
}

measure_conntest() {
	merged "$(message_cost 10 few)" "$(message_cost 1000 many)" "$(message_cost 10000 most)"
}

rows() {
	alone "a message, 10 conns: us of CPU, client" .few_us ">= 0"
	alone "a message, 1,000 conns: us of CPU, client" .many_us ">= 0"
	alone "a message, 10,000 conns: us of CPU, client" .most_us ">= 0"
	alone "a message: the dearest to the cheapest" '[.few_us, .many_us, .most_us] | max / min' \
		"<= 1.15"
	alone "a message: the same of both ends" \
		'[.few_us + .few_server_us, .many_us + .many_server_us, .most_us + .most_server_us] |
		max / min' ">= 0"
}
