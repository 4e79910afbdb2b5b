#!/bin/bash
# A mesh beside the older conntest, whose line protocol is spoken on either side: its client at a node,
# and a node at what answers as its server does.
# shellcheck source=lib_mesh_days.sh
source "$(dirname "$0")/lib_mesh_days.sh"
need python3

in_a=(nsenter --net="/run/netns/${spaces[a]}")

echo "an older client"
node 1 --listen ack://127.0.0.1:5301
"${in_a[@]}" python3 - >"$work/client.out" <<-END || fail "the client ends with $?"
	import socket
	peer = socket.create_connection(("127.0.0.1", 5301), timeout=10)
	file = peer.makefile("rwb")
	for line in b"node-7", b"x" * 5000, b"":
	    file.write(line + b"\n")
	    file.flush()
	    assert file.readline() == b"ACK\n"
	file.write(b"a\nb\nEOS\nc\n")
	file.flush()
	print(file.read().count(b"ACK\n"))
END
# (the line EOS may be answered or not)
expect "answers before the end" "$(<"$work/client.out")" '>=' 2
expect "answers behind it" "$(<"$work/client.out")" '<=' 3

echo "an older server"
start old "${in_a[@]}" "$conntest" serve --listen ack://127.0.0.1:5302 -o ndjson
await "$work/old.out" '"event":"listening"' >/dev/null
jq -n '[{targets: ["127.0.0.1:5302"], labels: {node: "old", speech: "ack"}},
	{targets: ["127.0.0.1:5301"], labels: {node: "new", speech: "ack"}}]' >"$work/peers.json"
node 2 --peers "file:$work/peers.json" --probes tcp,tcp_long,udp,http
within 15 "the older server" is_life 2 old up
within 15 "a node in its speech" is_life 2 new up
within 15 "its lines" is_figure 2 conntest_pair_probes_received_total 'peer="old",probe="tcp"' '>=' 10
for probe in tcp_long udp http; do
	expect "probes $probe of what has none" "$(get 2 '/metrics?pairs=1' |
		awk -v probe="probe=\"$probe\"" '/^conntest_pair_probes_sent_total/ && index($0, probe) { sum += $NF }
			END { print sum + 0 }')" == 0
done
expect "accused" "$(accused 2)" == ""
stop old
within 20 "it has ended" has_happened 2 '.event == "began" and .subject == "old" and .verdict == "refused"'
expect "nobody else" "$(accused 2 | jq -r .subject | sort -u)" == old
