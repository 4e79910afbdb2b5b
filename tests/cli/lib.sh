# A case NAME.sh sources this first. What it prints, and what `run` says of the commands it runs,
# has to be NAME.expected; with UPDATE=1 in the environment that file is written instead.
# shellcheck shell=bash
set -uo pipefail

: "${CONNTEST:?is the path of the program}"
case_path=$(realpath "${0%.sh}")
actual=$(mktemp)
exec 3>&1 4>&2 >"$actual" 2>&1

# The environment is part of what is tested: no settings from outside, no colour, English.
export LC_ALL=C.UTF-8 NO_COLOR=1
for variable in $(compgen -e CONNTEST_ | grep -vx 'CONNTEST_BUILD\|CONNTEST_SOURCE'); do
	unset "$variable"
done

conntest() {
	"$CONNTEST" "$@"
}

# Prints the command, its stdout and stderr, and its exit status.
run() {
	echo "\$ $*"
	"$@" </dev/null
	echo "exit $?"
}

skip() {
	trap - EXIT
	rm -f "$actual"
	echo "$*" >&3
	exit 77
}

finish() {
	local status=$?
	exec >&3 2>&4
	if [[ ${UPDATE-} == 1 ]]; then
		cp "$actual" "$case_path.expected"
	else
		diff -u "$case_path.expected" "$actual" || status=1
	fi
	rm -f "$actual"
	exit "$status"
}
trap finish EXIT
