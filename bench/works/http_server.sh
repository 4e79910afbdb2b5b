# Requests of wrk over 50 kept connections to the service http with one worker: as many as nginx's one
# worker answers?
# shellcheck shell=bash disable=SC2034,SC2154
competitors=(conntest nginx)

measure_conntest() {
	serve_start http -w 1 --cpus 0
	wrk_run "http://$address:$port/bytes/128"
}

measure_nginx() {
	nginx_start
	wrk_run "http://$address:$port/file"
}

rows() {
	against nginx "HTTP of wrk, 50 conns: a second" .per_s ">= 1"
	against nginx "HTTP of wrk: CPU of the server, us" '.cpu_server * 1e6 / .per_s' "<= 1"
}
