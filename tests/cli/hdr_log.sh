# hdr-histogram-js reads the log that -o hdr writes. Installed by npm into the build folder.
source "$(dirname "$0")/lib.sh" || exit

source=$CONNTEST_SOURCE/tests/support/hdr
peer=$CONNTEST_BUILD/tests/hdr
command -v node npm >/dev/null || skip "node and npm are not installed"
if ! cmp -s "$source/package-lock.json" "$peer/installed"; then
	mkdir -p "$peer" && cp "$source"/package*.json "$peer" || exit
	npm ci --prefix "$peer" --ignore-scripts --no-audit --no-fund >"$peer/log" 2>&1 ||
		skip "npm could not install hdr-histogram-js"
	cp "$source/package-lock.json" "$peer/installed"
fi

log=$(mktemp)
conntest report show -o hdr "$CONNTEST_SOURCE/tests/golden/expectations_failed.json" >"$log"
NODE_PATH=$peer/node_modules node "$source/read_log.js" "$log"
rm -f "$log"
