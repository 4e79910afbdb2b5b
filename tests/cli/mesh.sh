# The command mesh: its help, plans, and what does not go together with the way out.
source "$(dirname "$0")/lib.sh" || exit

run conntest mesh --help
run conntest mesh --help all
run conntest mesh --help output
run conntest mesh plan --help
run conntest mesh plan 30
run conntest mesh plan 1000 --locations 3 --racks 8 --peers-each 14 --udp-interval 1s --pairs
run conntest mesh plan 100k --probes udp
run conntest mesh plan
run conntest mesh plan 1
run conntest mesh plan 1M
run conntest mesh plan many
run conntest mesh web:5003
run conntest mesh --once
run conntest mesh --expect 'lost == 0'
run conntest mesh -o json
run conntest mesh --once --peers 192.0.2.1 -o csv
run conntest mesh --once --peers 192.0.2.1 --expect 'outages.max < 1s'
run conntest mesh --once --peers 192.0.2.1 --expect 'http.lost == 0'
run conntest mesh --once --peers 192.0.2.1 --expect 'tcp.reordered == 0'
run conntest mesh --once --peers ''
run conntest mesh --once --peers ftp://web
run conntest mesh --once --peers srv://
run conntest mesh --once --peers web:0
run conntest mesh --peers web --http 8080
run conntest mesh --peers web --http-path v1
run conntest mesh --peers web --probes tcp,icmp
run conntest mesh --peers web --probes ''
run conntest mesh --peers web --listen tcp://:5003
run conntest mesh --peers web --allow 10.0.0.0/99
run conntest mesh --peers web --token-for-all
run conntest mesh --peers web --token @/nowhere/token
run conntest mesh --peers web --node "$(printf '%065d' 0)"
NODE_NAME=$(printf '%065d' 0) run conntest mesh --peers web
run conntest mesh --peers web --statsd-latency-window 1s
run conntest mesh --peers web --dogstatsd
run conntest mesh --peers web --cert nothing.pem --https
run conntest mesh --peers web --ca nothing.pem
run conntest mesh --peers web --windw 5s
CONNTEST_MESH_PEER=web run conntest mesh
run conntest mesh --peers web --window 500ms
run conntest mesh --peers web --wait-time 1ms
run conntest mesh --peers web --timeout 31s
run conntest mesh --peers web --udp-size 95B
run conntest mesh --peers web --udp-ports 17
run conntest mesh --peers web --mtu-interval 100ms
run conntest mesh --peers web --max-peers 0
run conntest mesh --peers web --max-pairs 10001
run conntest mesh --peers web --bad-windows 0
run conntest mesh --peers web --grpc-port 65536
run conntest mesh --peers web --http-port 65536
run conntest mesh --peers web --max-bandwidth fast
run conntest mesh --peers web --forget 0
run conntest mesh --once --peers web -T 500ms
run conntest mesh --peers web --http off --token-for-all
run conntest mesh --peers web --location "$(printf '%065d' 0)"
run conntest mesh --peers web --node 'a b'
run conntest mesh --peers web --label zone
run conntest mesh --peers web --label 1=2
run conntest mesh --peers web --allow ''
run conntest mesh --peers web --dns localhost
run conntest mesh --peers file:
run conntest mesh --peers https:///sd
run conntest mesh --peers 'srv://_a._tcp.web:53'
run conntest mesh --peers '[::1'
run conntest mesh --peers web --listen traffic://:70000
run conntest mesh --peers web --statsd localhost
run conntest mesh --peers web --otlp tcp://localhost
run conntest mesh --peers web --config /nowhere/mesh.yaml
run conntest mesh --peers web --listen traffic://127.0.0.1:0 --http off --events /nowhere/events

# What becomes of a report of it: shown it is what was printed.
cd "$CONNTEST_SOURCE/tests/golden" || exit
conntest report show mesh_once.json | diff - mesh_once.txt
run conntest report diff mesh_once.json mesh_once_many.json
run conntest report merge -o json=/dev/null mesh_once.json mesh_once.json
run conntest report show -o csv mesh_once.json
run conntest report plot -o svg=/dev/null mesh_once.json
conntest report show -o csv-figures mesh_once.json |
	/usr/bin/python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    print(*(f"{key} {row[key]}" for key in row if row[key] not in ("", "0") and key != "time"))'
