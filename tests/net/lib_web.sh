# Helpers of the net tests with web servers that are not conntest: nginx, haproxy before several of
# them, certificates, and runs of `load`. Sources lib.sh.
# shellcheck shell=bash
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# certificate NAME [SUBJECT-ALTERNATIVE-NAME]: $work/NAME.crt and NAME.key, and both in NAME.pem.
certificate() {
	need openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$1" \
		-keyout "$work/$1.key" -out "$work/$1.crt" \
		-addext "subjectAltName=${2:-IP:127.0.0.1}" 2>"$work/openssl.err"
	cat "$work/$1.crt" "$work/$1.key" >"$work/$1.pem"
}

# choose_ports NAME...: a free one for each, as ${ports[NAME]}, for servers that take no port 0.
declare -A ports=()
choose_ports() {
	local name peer
	for name; do
		while ports[$name]=$((10000 + RANDOM % 10000)) &&
			(exec {peer}<>"/dev/tcp/127.0.0.1/${ports[$name]}" && exec {peer}>&-) 2>/dev/null; do :; done
	done
}

# nginx_configure NAME LISTEN_OPTIONS <SERVER_DIRECTIVES: of the server at ${ports[NAME]}, which
# nginx_start NAME starts: when it returns, it listens. All that it writes is in $work/NAME.
nginx_configure() {
	mkdir -p "$work/$1"
	cat >"$work/$1/nginx.conf" <<-END
		user root;
		worker_processes 1;
		pid nginx.pid;
		error_log error.log;
		events { worker_connections 1000; }
		http {
			access_log off;
			client_max_body_size 10m;
			client_body_temp_path temporary; proxy_temp_path temporary;
			fastcgi_temp_path temporary; uwsgi_temp_path temporary; scgi_temp_path temporary;
			server {
				listen 127.0.0.1:${ports[$1]} $2;
				default_type text/plain;
				add_header X-Backend $1 always;
				$(cat)
			}
		}
	END
}

nginx_run() {
	nginx -p "$work/$1/" -c nginx.conf -e error.log "${@:2}" 2>>"$work/$1.err"
}

nginx_start() {
	nginx_run "$1" || { fail "nginx $1 doesn't start: $(tail -n 3 "$work/$1.err")"; exit 1; }
}

# nginx_stop NAME: it ends when it has answered what it was asked.
nginx_stop() {
	local pid
	pid=$(<"$work/$1/nginx.pid")
	kill -QUIT "$pid"
	while kill -0 "$pid" 2>/dev/null; do pause 0.02; done
}

# load [OPTION...] TARGET: a whole run; results in $work/report.json, load.out and $exit_status.
# `space=a load ...` runs it inside a.
load() {
	rm -f "$work/report.json"
	start load ${space:+nsenter --net="/run/netns/${spaces[$space]}"} "$conntest" load --no-save -o "json=$work/report.json" "$@"
	load_end
}

# load_start [OPTION...] TARGET: begins one; returns when it has come up and is measuring.
load_start() {
	: >"$work/run.ndjson"
	rm -f "$work/report.json"
	start load ${space:+nsenter --net="/run/netns/${spaces[$space]}"} \
		"$conntest" load --no-save -o "json=$work/report.json" \
		-o "ndjson=$work/run.ndjson" "$@"
	await "$work/run.ndjson" '"event":"snapshot"' >/dev/null
}

load_end() {
	await_exit load
	[[ -s $work/report.json ]] || { fail "load left no report, status $exit_status"; exit 1; }
	adds_up "$work/report.json"
}
