# The command load: its help, and what does not go together with the way out.
source "$(dirname "$0")/lib.sh" || exit

run conntest load --help
run conntest load
run conntest load -T 60 web
run conntest load -P 4 web
run conntest load -t 60 web
run conntest load -u web
run conntest load -R web
run conntest load -n 1000 http://web/
run conntest load --ws web
run conntest load -C bbr web
run conntest load -d 10s http://web/
run conntest load tcp://web
run conntest load tcp://web:80
run conntest load -m x traffic://web
run conntest load -m x source://web
run conntest load -r 10 source://web
run conntest load -b 10Mbps source://web
run conntest load -m x http://web/
run conntest load --first-message x -m y udp://web:9
run conntest load --reply echo discard://web
run conntest load --reply http echo://web
run conntest load --reply 'until x' ws://web
run conntest load --reply echo http://web
run conntest load --reply 'bytes' -m x tcp://web:9
run conntest load --stop-on '' ws://web
run conntest load --expect-text '' http://web
run conntest load --method GET echo://web
run conntest load --method 'GET IT' http://web
run conntest load -H nothing http://web
run conntest load --expect-status 2x http://web
run conntest load --backend server http://web
run conntest load -b 10Mbps http://web
run conntest load -m 'a\{nonsense}' tcp://web:9
run conntest load -f /nowhere/file tcp://web:9
run conntest load --rate-ramp 5..x/3s echo://web
run conntest load -r 5 --rate-ramp 0..5/3s echo://web
run conntest load --probe 10/s@http://web echo://web
run conntest load --probe 10/s@echo+tls://web discard://web
run conntest load --in-flight 3 discard://web
run conntest load --message-size 63 echo://web
run conntest load echo://a discard://b
run conntest load -c 1 echo://a echo://b
run conntest load http://me:secret@web/
run conntest load 'http://web/a b'
run conntest load control://web
run conntest load --expect 'response.p99 < 1ms' echo://192.0.2.1
run conntest load --expect 'lost == 0' discard://192.0.2.1
run conntest load --expect 'tls.p50 < 1ms' -r 1 echo://192.0.2.1
run conntest load --expect 'persistent.lost == 0' echo://192.0.2.1
run conntest load -m x -r 10 echo+udp://web
run conntest load -m x -r 10 --reply echo udp://web:53
run conntest load --gso off echo://web
run conntest load --warmup 1s -r 1 discard+udp://web
run conntest load --receiver off --expect 'lost == 0' discard+udp://192.0.2.1
run conntest load --receiver -r 1 discard+udp://web --warmup 1s
run conntest load --lifetime 1s discard+udp://web
run conntest load --bandwidth-down 1Mbps discard://web
run conntest load --find-rate 'response.p99 < ' echo://192.0.2.1
run conntest load --find-rate 'lost == 0' discard://192.0.2.1
run conntest load --find-rate 'lost == 0' -r 5 echo://192.0.2.1
run conntest load --find-rate 'lost == 0' -T 0 echo://192.0.2.1
run conntest load --find-rate 'lost == 0' --repeat 3 echo://192.0.2.1
run conntest load --serve discard://a discard://b
run conntest load --serve --processes 2 -c 4
run conntest load --serve --probe 10/s
run conntest load --serve --receiver control://web
run conntest load --serve --ca ca.pem discard+tls://
run conntest load --serve srv://_echo._tcp.web
run conntest load --serve tcp://:9 -m x
run conntest load --serve --spin --tick 1ms
run conntest load --serve discard://192.0.2.1
run conntest serve --spin --tick 1ms
