#!/bin/bash
# What a mesh exposes (the goldens of test_mesh_metrics) is what others can read: promtool has nothing
# to say of the text but of the older conntest's names, and a strict parser of OpenMetrics takes both.
set -uo pipefail
cd "$(dirname "$0")/../golden" || exit
failed=0
checked=0

if command -v promtool >/dev/null; then
	checked=1
	promtool check metrics <mesh.prometheus.txt || failed=1
	promtool check metrics <mesh_legacy.prometheus.txt 2>&1 |
		grep -vE "^conntest_(tcp|failed_SRV)_.*(should not include type|should have \"_total\" suffix)" &&
		failed=1
	# It does complain.
	sed 's/^conntest_probes_late_total{/conntest_probes_late{/' mesh.prometheus.txt |
		promtool check metrics >/dev/null 2>&1 && echo "promtool objects to nothing" && failed=1
fi

parse() {
	/usr/bin/python3 -c 'if True:
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families
		families = list(text_string_to_metric_families(sys.stdin.read()))
		print(sum(len(family.samples) for family in families))'
}

if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	checked=1
	for name in mesh mesh_legacy; do
		samples=$(parse <"$name.openmetrics.txt") || failed=1
		[[ $samples == "$(grep -vc '^#' "$name.openmetrics.txt")" ]] ||
			{ echo "$name: $samples samples"; failed=1; }
	done
	grep -v '^# EOF' mesh.openmetrics.txt | parse >/dev/null 2>&1 &&
		echo "the parser objects to nothing" && failed=1
fi

[[ $checked == 1 ]] || exit 77
exit "$failed"
