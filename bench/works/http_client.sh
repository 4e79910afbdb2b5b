# Requests over 50 kept connections to nginx with one worker, which is the limit: as many as wrk makes,
# and for how much CPU of the client?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest wrk)

measure_conntest() {
	nginx_start
	client_start load 3 -w 1 --cpus 1 -c 50 "http://$address:$port/file"
	cpu=$(sample "$client" "$server" 1)
	reap "$client" || fail "load: $(<"$files/client.err")"
	merged "$cpu" "$(report 'per_s: ($s.totals.messages_received * 1e9 / $run.duration_ns)')"
}

measure_wrk() {
	nginx_start
	wrk_run "http://$address:$port/file"
}

rows() {
	against wrk "HTTP to nginx, 50 conns: a second" .per_s ">= 1"
	against wrk "HTTP to nginx: CPU of the client, us" '.cpu_client * 1e6 / .per_s' "<= 1"
}
