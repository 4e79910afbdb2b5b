# The mistakes everybody makes; more of them are in unit/option and unit/uri.
source "$(dirname "$0")/lib.sh" || exit

run conntest traffic -t 60 web:5003
run conntest traffic -T 60 web:5003
run conntest traffic -P 4 web
run conntest traffic -u web
run conntest traffic -r 10x web
run conntest traffic --message-size 63 web
run conntest traffic --message-size 0 web
run conntest traffic --message-size 4GiB web
run conntest traffic --duraton 60s web
run conntest traffic --expect 'outage.max < 1s' 192.0.2.1
run conntest traffic --expect 'outage.max < 1s' web
run conntest traffic --cpus 9999 192.0.2.1
run conntest traffic --new-connections 10x 192.0.2.1
run conntest traffic --mark-on HUP web
run conntest traffic --mark 3s web
run conntest traffic --mark '10s=too late' web
run conntest traffic --exec 3=reboot web
run conntest traffic --expect 'command.exit == 0' 192.0.2.1
run conntest traffic web --
run conntest traffic -T 1s web -- true
run conntest traffic trafic://web
run conntest traffic source://web/healthz
run conntest traffic web:0
run conntest traffic '[fe80::1]'
run conntest traffic '[fe80::1%nowhere]'
run conntest traffic -4 '[::1]'
run conntest traffic -6 192.0.2.1
run conntest traffic --source nobody web
run conntest traffic ''
run conntest traffic
CONNTEST_TRAFFIC_RATES=5 run conntest traffic web
run conntest traffic -r 5 -b 5Mbps web
run conntest traffic --statsd localhost web
run conntest traffic --statsd localhost:8125 --statsd-latency-window 100ms web
run conntest traffic --dogstatsd web
run conntest traffic --otlp tcp://localhost:4318 web
run conntest traffic --otlp http://localhost:4318 --otlp-header secret web
run conntest traffic --ca nothing.pem tls://web
run conntest traffic --key nothing.pem tls://web
run conntest traffic --alpn , tls://web
run conntest traffic --ca nothing.pem web
run conntest traffic -k udp://web
run conntest load --sni web http://127.0.0.1/items
run conntest load --tls-version 1.3 tcp://web:9
run conntest traffic --tls-resume ws://web
run conntest serve --listen echo+tls://:0 --cert nothing.pem
run conntest serve --listen echo+tls://127.0.0.1:7 --listen echo://127.0.0.1:7
run conntest serve --listen tcp://:5003
run conntest serve --listen ''
run conntest report lsit
run conntest server
run conntest verison
run conntest nonsense
run conntest -v
run conntest --verbose
run conntest version web
run conntest version --bogus
run conntest help --completoin bash
run conntest help --completion
run conntest help --completion=zhs
run conntest help --complete=yes
