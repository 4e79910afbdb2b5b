# The command ping: its help, and what does not go together with the way out.
source "$(dirname "$0")/lib.sh" || exit

run conntest ping --help
run conntest ping
run conntest ping tcp://web
run conntest ping discard://web
run conntest ping htp://web/
run conntest ping --connect-to web srv://_http._tcp.web
run conntest ping -W 2 http://web/
run conntest ping -w 10 http://web/
run conntest ping -n 5 http://web/
run conntest ping -s 1000 http://web/
run conntest ping -i 200 http://web/
run conntest ping -X POST http://web/
run conntest ping -L http://web/
run conntest ping --timeout 0 http://web/
run conntest ping --method GET tcp://web:9
run conntest ping --method 'GET IT' http://web/
run conntest ping --body x --body-file y http://web/
run conntest ping --body-file /nowhere/file http://web/
run conntest ping -H nothing http://web/
run conntest ping --expect-status 2x http://web/
run conntest ping --expect-status 200 tls://web:443
run conntest ping --expect-text x tcp://web:9
run conntest ping --follow tls://web:443
run conntest ping --keep tcp://web:9
run conntest ping --size 100 http://web/
run conntest ping --sni web http://web/
run conntest ping -4 -6 http://web/
run conntest ping -6 http://192.0.2.1/
run conntest ping --source nobody http://web/
run conntest ping --source 192.0.2.9 http://192.0.2.1/
run conntest ping "grpc://web:50051/$(printf '%0256d' 0)"
run conntest ping --connect-to http://web http://web/
run conntest ping --wait 5s -c 3 http://web/
run conntest ping --wait 5s -T 3s http://web/
run conntest ping --dns nobody http://web/
run conntest ping -o ctraffic http://web/
run conntest ping --expect 'jitter.p50 < 1ms' http://web/
run conntest ping --expect 'wait.p50 < 1ms' tcp://192.0.2.1:9
run conntest ping --expect 'resolve.p50 < 1ms' http://192.0.2.1/
run conntest ping --expect 'goodput > 1Mbps' http://web/
run conntest ping --expect 'tls.p50 < 1ms' http://web/
run conntest ping --expect 'totl.p50 < 1ms' http://web/
run conntest traffic -o tsv web
run conntest fping web
