#!/bin/bash
# The picture and the page in a real browser: what is painted is compared with kept screenshots,
# sorting and the values under the pointer are tried. UPDATE=1 keeps new screenshots.
set -uo pipefail

command -v chromium >/dev/null || { echo "chromium is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
golden=$CONNTEST_SOURCE/tests/golden
failed=0

fail() {
	echo "FAILED: $*"
	failed=1
}

browse() {
	timeout 60 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--disable-background-networking --hide-scrollbars --user-data-dir="$work/profile" \
		"$@" 2>"$work/err" || fail "chromium: $(tail -n 3 "$work/err")"
}

# screenshot PAGE NAME [OPTION]: half as large as it is, compared with tests/golden/NAME.png
screenshot() {
	browse "--screenshot=$work/$2.png" --window-size=1200,1160 --force-device-scale-factor=0.5 \
		"${@:3}" "file://$1" >/dev/null
	if [[ ${UPDATE-} == 1 ]]; then
		cp "$work/$2.png" "$golden/$2.png"
	else
		"$CONNTEST_SOURCE/tests/support/compare_png.py" "$work/$2.png" "$golden/$2.png" ||
			fail "$2 looks different"
	fi
}

expect() {
	grep -q -- "$1" "$work/dom" || fail "the page has no $1"
}

dark=--blink-settings=preferredColorScheme=0
screenshot "$golden/failover.svg" failover_light
screenshot "$golden/failover.svg" failover_dark $dark

"$CONNTEST" report plot -o "html=$work/page.html" "$golden/expectations_failed.json" >/dev/null ||
	fail "no page"
screenshot "$work/page.html" failover_page
# What a hand would do: two clicks on the first head, then the pointer into the picture.
cat >>"$work/page.html" <<'HTML'
<script>
const head = document.querySelector('th');
head.click();
head.click();
document.title = document.querySelector('tbody').rows[0].cells[0].textContent + ' is first';
const box = figure.getBoundingClientRect();
figure.dispatchEvent(new PointerEvent('pointermove',
	{clientX: box.left + box.width * 0.6, clientY: box.top + 50}));
</script>
HTML
browse --window-size=1200,860 --dump-dom "file://$work/page.html" >"$work/dom"
expect '<th class="t" aria-sort="descending">backend</th>'
expect '<title>web-4 is first</title>'
expect '<div id="values" style="display: block'
expect '07:11:27.000 UTC'
expect 'given up  323'
expect 'web-1, web-2, web-4: none'
exit $failed
