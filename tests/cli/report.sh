# What is kept: none yet, and the newest that is shown.
source "$(dirname "$0")/lib.sh" || exit

work=$(mktemp -d)
golden=$CONNTEST_SOURCE/tests/golden/nothing.json
cd "$work" || exit
export XDG_STATE_HOME=$work

in_work() { "$@" 2>&1 | sed "s#$work#STATE#"; return "${PIPESTATUS[0]}"; }
run in_work conntest report list
run in_work conntest report show
mkdir conntest
cp "$golden" conntest/2026-11-20T07:11:21.000Z-1.json
run in_work conntest report list
run in_work conntest report show
run env -u XDG_STATE_HOME -u HOME "$CONNTEST" report list | sed "s#$CONNTEST#conntest#"
cd / && rm -rf "$work"
