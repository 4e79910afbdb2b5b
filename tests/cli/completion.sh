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
press_tab conntest mesh ""
press_tab conntest mesh --lo
press_tab conntest mesh plan --
press_tab conntest mesh --listen st
press_tab conntest mesh -o c
press_tab conntest mesh --expect mtu
press_tab conntest traffic -o ""
press_tab conntest serve -o c
press_tab conntest report show -o = h
press_tab conntest traffic --output = n
press_tab conntest traffic --expect g
press_tab conntest traffic --expect response.p9
press_tab conntest serve --expect c
press_tab conntest serve --listen ""
press_tab conntest traffic --help ""
press_tab conntest traffic --help = s
press_tab conntest traffic -o json = /tmp
