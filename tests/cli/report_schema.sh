#!/bin/bash
# The reports of tests/golden fit doc/report.schema.json and their counts add up; ones that don't
# are found out.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

validate=tests/support/validate_report.py
"$validate" tests/golden/*.json || exit

# Changes one thing in a good report; the validator must object.
must_object() {
	local changed
	changed=$(mktemp) || exit
	sed "$1" tests/golden/expectations_failed.json >"$changed"
	if "$validate" "$changed" >/dev/null; then
		echo "no objection to $1"
		failed=1
	fi
	rm -f "$changed"
}

failed=0
must_object 's/"interrupted":false,//'
must_object 's/"messages_received":19677/"messages_received":"19677"/'
must_object 's/"messages_received":19677/"messages_received":19678/'
must_object 's/"generator":0/"generator":1/'
must_object 's/"untouched":150/"untouched":151/'
must_object 's/"goodput_bps":[0-9.]*/"goodput_bps":NaN/'
must_object 's/"outcome":"closed"/"outcome":"eaten"/'
exit "$failed"
