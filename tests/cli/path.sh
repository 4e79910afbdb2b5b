# What `path` refuses before anything is sent, and what is done with its reports.
source "$(dirname "$0")/lib.sh" || exit
cd "$(dirname "$0")/../golden" || exit
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME
show() { conntest report show "$@" | head -n 3; }

run conntest path
run conntest path web db
run conntest path ''
run conntest path dns://web
run conntest path discard://web
run conntest path -4 -6 web
run conntest path -6 127.0.0.1
run conntest path --source nobody web
run conntest path --receiver http://web web
run conntest path --receiver-token '' web
run conntest path --timeout 50ms web
run conntest path --max-size 70000 web
run conntest path --max-size 100 web
run conntest path --hops icmp web
run conntest path --flows 65 web
run conntest path --max-hops 65 web
run conntest path -o svg web
run conntest path --expect 'path.mtuu >= 1500' web
run conntest path --expect 'lost == 0' web
run conntest path --expect 'persistent.path.mtu >= 1500' web
run conntest path --expect graceful web
run conntest path --no-save --source 127.0.0.1 --expect 'path.mtu >= 1' '[::1]'
run conntest traffic --expect 'path.mtu >= 1500' web
run show path_hole.json
run conntest report show -o svg path_hole.json
run conntest report merge path_hole.json path_hole.json
rm -r "$XDG_STATE_HOME"
