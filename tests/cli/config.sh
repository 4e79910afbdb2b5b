# Options from a file: the example that is printed, who outweighs whom, mistakes with their lines.
source "$(dirname "$0")/lib.sh" || exit
folder=$(mktemp -d)
cd "$folder" || exit
remove_folder() {
	rm -rf "$folder"
	finish
}
trap remove_folder EXIT

# file LINE...: becomes config.yaml.
file() {
	printf '%s\n' "$@" >config.yaml
}

# settings [OPTION...]: some of those that a short run of serve reports.
settings() {
	conntest serve --listen echo://127.0.0.1:0 -T 10ms --no-save -o json "$@" 2>/dev/null |
		jq -c '.settings | [.name, .drain, .["max-connections"], .quiet]'
}

run conntest help config | head -n 12
conntest help config >config.yaml
run conntest traffic --config config.yaml
run conntest serve --config config.yaml nonsense

file 'serve:' '  name: web-1' '  drain: 1500ms' '  quiet: true' '  max-connections: 2k' \
	'traffic:' '  connections: 5'
run settings --config config.yaml
run settings --config=config.yaml --name web-2 --no-quiet
CONNTEST_SERVE_CONFIG=config.yaml CONNTEST_SERVE_DRAIN=7s run settings

file 'traffic:' '  duraton: 5s'
run conntest traffic --config config.yaml web
run conntest serve --config config.yaml
file 'traffic:' '  duration: 60'
run conntest traffic --config config.yaml web
file 'traffic:' '  expect:' '  - graceful' '  - outage.max < 1s'
run conntest traffic --config config.yaml 192.0.2.1
file 'traffic:' '  rate: 5' '  rate: 6'
run conntest traffic --config config.yaml web
file 'trafic:'
run conntest traffic --config config.yaml web
file 'traffic:' $'\trate: 5'
run conntest traffic --config config.yaml web
run conntest traffic --config missing.yaml web
run conntest traffic --config . web
CONNTEST_TRAFFIC_CONFIG=missing.yaml run conntest traffic web
run conntest version --config config.yaml
