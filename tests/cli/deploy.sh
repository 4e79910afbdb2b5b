#!/bin/bash
# What deploy/ says fits together, the program takes its options, and faults in it are found out.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

validate=tests/support/validate_deploy.py
"$validate" deploy/Dockerfile deploy/serve.yaml || exit

failed=0
changed=$(mktemp) || exit
trap 'rm -f "$changed"' EXIT

# must_object FILE EDIT: changes one thing in a file of deploy/; the validator must object.
must_object() {
	local files=([0]=deploy/Dockerfile [1]=deploy/serve.yaml)
	sed "$2" "deploy/$1" >"$changed"
	[[ $1 == Dockerfile ]] && files[0]=$changed || files[1]=$changed
	if "$validate" "${files[@]}" >/dev/null; then
		echo "no objection to $2"
		failed=1
	fi
}

must_object serve.yaml 's/terminationGracePeriodSeconds: 30/terminationGracePeriodSeconds: 20/'
must_object serve.yaml 's/"--drain", "20s"/"--drain", "30s"/'
must_object serve.yaml 's/^        app.*: conntest-serve$/        app: other/'
must_object serve.yaml 's/^    app.*: conntest-serve$/    app: other/'
must_object serve.yaml 's/protocol: UDP/protocol: TCP/'
must_object serve.yaml 's/targetPort: discard/targetPort: traffic-tcp/'
must_object serve.yaml 's/port: 5009/port: 5010/'
must_object serve.yaml 's/name: discard/name: discard-everything/'
must_object serve.yaml 's/PreferDualStack/SingleStack/'
must_object serve.yaml 's/LoadBalancer/ClusterIP/'
must_object serve.yaml 's/metadata.name$/spec.nodeName/'
must_object serve.yaml 's/runAsUser: 65532/runAsUser: 0/'
must_object serve.yaml 's/port: traffic-tcp/port: http/'
must_object serve.yaml 's/replicas: 4/replicas: 4\n  replicas: 5/'
must_object serve.yaml 's/kind: Service/kind: Ingress/'
must_object serve.yaml 's/^  replicas/\treplicas/'
must_object Dockerfile 's/65532:65532/root/'
must_object Dockerfile 's/ 5003.udp//'
must_object Dockerfile 's/^COPY src src/COPY sources src/'
must_object Dockerfile 's/ENTRYPOINT.*/ENTRYPOINT ["sh"]/'

# The words that the manifest gives the program are options of it.
mapfile -t words < <(/usr/bin/python3 -c '
import yaml
deployment = next(yaml.safe_load_all(open("deploy/serve.yaml")))
print(*deployment["spec"]["template"]["spec"]["containers"][0]["args"], sep="\n")')
CONNTEST_SERVE_NAME=conntest-serve-7c9d8b6f5-x2x4k "$CONNTEST" "${words[@]}" \
	--listen echo://127.0.0.1:0 -T 10ms -q >/dev/null || failed=1

if command -v yamllint >/dev/null; then
	yamllint -d '{extends: default, rules: {line-length: {max: 100}}}' deploy/serve.yaml ||
		failed=1
fi
exit "$failed"
