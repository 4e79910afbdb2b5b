#!/bin/bash
# What deploy/ says of a mesh fits together, the program runs with the words that the manifest and the
# unit give it, answers where the kubelet asks and ends well; the unit leaves it what it needs and
# little else; and faults in them are found out.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

validate=tests/support/validate_mesh.py
"$validate" deploy/Dockerfile deploy/mesh.yaml || exit

failed=0
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*"
	failed=1
}

# must_object FILE EDIT: changes one thing in a file of deploy/; the validator must object.
must_object() {
	local files=([0]=deploy/Dockerfile [1]=deploy/mesh.yaml)
	sed -E "$2" "deploy/$1" >"$work/changed"
	cmp -s "$work/changed" "deploy/$1" && fail "$2 changes nothing"
	[[ $1 == Dockerfile ]] && files[0]=$work/changed || files[1]=$work/changed
	! "$validate" "${files[@]}" >/dev/null || fail "no objection to $2"
}

must_object mesh.yaml 's/terminationGracePeriodSeconds: 20/terminationGracePeriodSeconds: 10/'
must_object mesh.yaml 's/- 10s$/- 20s/'
must_object mesh.yaml 's/^        (app.*name): conntest-mesh$/        \1: other/'
must_object mesh.yaml 's/^    (app.*name): conntest-mesh$/    \1: other/'
must_object mesh.yaml '0,/name: conntest-mesh/s//name: mesh/'
must_object mesh.yaml 's/_traffic\._tcp/_conntest._tcp/'
must_object mesh.yaml 's/_traffic\._tcp/_traffic._udp/'
must_object mesh.yaml 's/\$\(POD_NAMESPACE\)/default/'
must_object mesh.yaml 's/clusterIP: None/clusterIP: ""/'
must_object mesh.yaml 's/publishNotReadyAddresses: true/publishNotReadyAddresses: false/'
must_object mesh.yaml 's/protocol: UDP/protocol: TCP/'
must_object mesh.yaml 's/targetPort: pages/targetPort: traffic/'
must_object mesh.yaml 's/containerPort: 8080/containerPort: 8081/'
must_object mesh.yaml 's/spec.nodeName/metadata.name/'
must_object mesh.yaml 's/NODE_NAME/NODENAME/'
must_object mesh.yaml 's,/readyz,/ready,'
must_object mesh.yaml 's,/healthz,/readyz,'
must_object mesh.yaml 's/runAsNonRoot: true/runAsNonRoot: false/'
must_object mesh.yaml 's/runAsUser: 65532/runAsUser: 0/'
must_object mesh.yaml 's/drop: \["ALL"\]/drop: ["ALL"]\n              add: ["NET_RAW"]/'
must_object mesh.yaml 's/readOnlyRootFilesystem: true/readOnlyRootFilesystem: false/'
must_object mesh.yaml 's/^      tolerations:/      hostNetwork: true\n      tolerations:/'
must_object mesh.yaml 's/memory: 16Mi/memory: 64Mi/'
must_object mesh.yaml 's/memory: 32Mi/memory: 16Mi/'
must_object mesh.yaml 's/memory: 32Mi/memory: 32Mi\n              cpu: 10m/'
must_object mesh.yaml 's/enableServiceLinks: false/enableServiceLinks: true/'
must_object mesh.yaml 's/operator: Exists/key: spare/'
must_object mesh.yaml 's/maxUnavailable: 34%/maxUnavailable: 34%\n      maxUnavailable: 1/'
must_object Dockerfile 's/65532:65532/root/'
must_object Dockerfile 's/ 8080.tcp//'

# ---- the program, with these words

# await FILE PATTERN: its first match, within 20 s
await() {
	local turn
	for ((turn = 0; turn < 400; turn++)); do
		grep -om 1 -- "$2" "$1" 2>/dev/null && return
		sleep 0.05
	done
	fail "$2 does not come: $(tail -n 3 "$1")"
}

# try NAME WORD...: starts it, asks what a kubelet and a Prometheus ask, and ends it.
try() {
	local name=$1 out=$work/$1.out pid page path status
	shift
	"$@" >"$out" 2>&1 &
	pid=$!
	page=$(await "$out" 'http://127.0.0.1:[0-9]*')
	for path in healthz readyz metrics sd; do
		status=$(curl -s -o "$work/answer" -w '%{http_code}' "$page/$path")
		[[ $status == 200 || $path:$status == readyz:503 ]] ||
			fail "$name: /$path is answered with $status"
	done
	kill -TERM "$pid"
	wait "$pid" || fail "$name ends with $?: $(tail -n 3 "$out")"
}

here=(--listen traffic://127.0.0.1:0 --listen traffic+udp://127.0.0.1:0 --http 127.0.0.1:0
	--dns 127.0.0.1:1 --drain 100ms)
if command -v curl >/dev/null; then
	mapfile -t words < <(/usr/bin/python3 -c '
import yaml
_, daemons = yaml.safe_load_all(open("deploy/mesh.yaml"))
print(*daemons["spec"]["template"]["spec"]["containers"][0]["args"], sep="\n")')
	# As on a cluster without zones.
	NODE_NAME=node-7 CONNTEST_MESH_LOCATION='' POD_NAMESPACE=monitoring \
		try manifest "$CONNTEST" "${words[@]/'$(POD_NAMESPACE)'/monitoring}" "${here[@]}"
	grep -q '^node  *node-7' "$work/manifest.out" || fail "it is not called as its node"
	grep -q 'srv://_traffic._tcp.conntest-mesh.monitoring.svc.cluster.local' \
		"$work/manifest.out" || fail "the manifest's source is not asked"

	echo secret-of-the-mesh >"$work/token"
	printf '%s\n' mesh: '  peers: ["127.0.0.1:1"]' '  location: rack-3' \
		"  token: \"@$work/token\"" >"$work/conntest.yaml"
	mapfile -t words < <(sed -n 's/^ExecStart=//p' deploy/conntest-mesh.service | tr ' ' '\n')
	words=("${words[@]//'${LOGS_DIRECTORY}'/$work}")
	words=("${words[@]/'/etc/conntest'/$work}")
	watch=()
	# LeakSanitizer can't work beside it.
	command -v strace >/dev/null && watch=(strace -f -qq -o "$work/calls" -D)
	ASAN_OPTIONS=detect_leaks=0 try unit "${watch[@]}" "$CONNTEST" "${words[@]:1}" "${here[@]}"
	grep -q '"event":"stop"' "$work/events.ndjson" || fail "the unit's log of events has no end"
fi

# ---- the unit

# calls_of GROUP: the system calls of a group of systemd, and of those inside it.
calls_of() {
	local word
	for word in $(systemd-analyze syscall-filter "$1" | sed '1d; /#/d'); do
		[[ $word == @* ]] && calls_of "$word" || echo "$word"
	done
}

if command -v systemd-analyze >/dev/null; then
	sed "s,^ExecStart=/usr/bin/conntest,ExecStart=$CONNTEST," deploy/conntest-mesh.service \
		>"$work/conntest-mesh.service"
	systemd-analyze verify --man=no "$work/conntest-mesh.service" || fail "systemd objects"
	# In tenths: 2.0
	systemd-analyze security --offline=true --threshold=20 --no-pager \
		"$work/conntest-mesh.service" >"$work/security" ||
		fail "$(tail -n 1 "$work/security")"
	sed -i '/^ProtectSystem\|^CapabilityBoundingSet\|^SystemCallFilter/d' "$work/conntest-mesh.service"
	! systemd-analyze security --offline=true --threshold=20 --no-pager \
		"$work/conntest-mesh.service" >/dev/null || fail "no exposure is too much"
	stop=$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' deploy/conntest-mesh.service)
	[[ $stop -gt 5 ]] || fail "killed $stop s after SIGTERM, drains 5 s"
	if [[ -s $work/calls ]]; then
		{ calls_of @privileged; calls_of @resources; } | sort -u >"$work/denied"
		calls_of @system-service | sort -u | comm -23 - "$work/denied" >"$work/allowed"
		# ASan's own end is one that a release does not have.
		sed -En 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$work/calls" | sort -u |
			comm -23 - "$work/allowed" | grep -vx personality >"$work/killed" &&
			fail "the unit kills it for $(paste -sd ' ' "$work/killed")"
		grep -q . "$work/allowed" || fail "nothing is allowed"
	fi
fi

if command -v yamllint >/dev/null; then
	yamllint -d '{extends: default, rules: {line-length: {max: 100}}}' deploy/mesh.yaml ||
		fail "yamllint"
fi
exit "$failed"
