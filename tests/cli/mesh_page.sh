#!/bin/bash
# The page of a mesh in a real browser, at a desk and on a phone, by day and by night: what is painted
# is compared with kept screenshots; that it refreshes itself, says when it is old, and that the
# browser takes its style and script under its policy is tried. UPDATE=1 keeps new screenshots.
set -uo pipefail

command -v chromium >/dev/null || { echo "chromium is not installed"; exit 77; }
work=$(mktemp -d)
server=
trap '[[ $server ]] && kill "$server"; rm -rf "$work"' EXIT
golden=$CONNTEST_SOURCE/tests/golden
failed=0

fail() {
	echo "FAILED: $*"
	failed=1
}

browse() {
	timeout 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--disable-background-networking --hide-scrollbars --user-data-dir="$work/profile" \
		--enable-logging=stderr "$@" 2>"$work/err" || fail "chromium: $(tail -n 3 "$work/err")"
	! grep 'Content Security Policy' "$work/err" || fail "$* breaks its policy"
}

# screenshot PAGE NAME WIDTHxHEIGHT SCALE [OPTION]: compared with tests/golden/mesh_NAME.png
screenshot() {
	browse "--screenshot=$work/$2.png" "--window-size=${3/x/,}" "--force-device-scale-factor=$4" \
		"${@:5}" "file://$work/$1.html" >/dev/null
	if [[ ${UPDATE-} == 1 ]]; then
		cp "$work/$2.png" "$golden/mesh_$2.png"
	else
		"$CONNTEST_SOURCE/tests/support/compare_png.py" "$work/$2.png" \
			"$golden/mesh_$2.png" || fail "$2 looks different"
	fi
}

# dump PATH: what the page at the server has become after some refreshes
dump() {
	browse --virtual-time-budget=4000 --dump-dom "http://127.0.0.1:$port$1" >"$work/dom"
}

expect() {
	grep -q -- "$1" "$work/dom" || fail "the page has no $1"
}

dark=--blink-settings=preferredColorScheme=0
"$CONNTEST_BUILD/tests/unit/test_mesh_page" "$work" >/dev/null || fail "no pages"
# A window is never as narrow as a phone, a frame is.
for page in a4 thirty_matrix a4_pair; do
	echo "<body style='margin:0'><iframe src='$page.html' width=390 height=1100 frameborder=0>" \
		>"$work/phone_$page.html"
done
screenshot a4 list 1280x1000 0.5
screenshot thirty_matrix matrix 1280x800 0.5
screenshot thirty_matrix matrix_dark 1280x800 0.5 $dark
screenshot large_matrix large 1280x1060 0.5
screenshot a4_pair pair_dark 1280x1000 0.5 $dark
screenshot phone_a4 phone 500x1100 0.5
screenshot phone_thirty_matrix phone_matrix 500x1100 0.5
screenshot phone_a4_pair phone_pair_dark 500x1100 0.5 $dark

mkfifo "$work/port"
"$CONNTEST_SOURCE/tests/support/serve_mesh_page.py" "$work" >"$work/port" &
server=$!
read -r port <"$work/port"
dump /
expect '<title>14 bad - node-04</title>'
expect '14 of 29 peers bad'
expect 'id="old" role="status" hidden'
dump '/?peer=broken'
expect '<title>old - 2 bad - node-04</title>'
expect 'role="status">Old: no answer since .* UTC (HTTP status 500)'
expect '2 of 13 peers bad'
exit $failed
