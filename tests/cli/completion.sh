# bash completion for real: the script, sourced, asks the program.
source "$(dirname "$0")/lib.sh" || exit

# shellcheck source=/dev/null
source <(conntest help --completion bash)
complete -p conntest

# Completes the last word as bash would and prints the candidates.
press_tab() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_conntest "$CONNTEST"
	echo "$* -> ${COMPREPLY[*]}"
}

press_tab conntest ""
press_tab conntest ver
press_tab conntest help ""
press_tab conntest help --
press_tab conntest help --completion ""
press_tab conntest help --completion = z
press_tab conntest help --mdoc ""
press_tab conntest nonsense ""
