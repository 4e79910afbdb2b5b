#!/usr/bin/env python3
"""slow.py WHERE [PORT]: a relay to 127.0.0.1:PORT that is slow in one place; prints "ready PORT", its own.
  connect  each connection's first SYN is not heard, as its queue is full: the next comes after 1 s
  hello    the client's first bytes wait for 300 ms: of TLS the handshake, else the request
  request  what the client sends behind its first 2 kB waits for 300 ms: over TLS the request
  dns      no relay: a server of DNS, which says after 300 ms that every name is 127.0.0.1"""
import socket
import sys
import threading
import time

DELAY_S = 0.3


def pass_on(source, sink, held_at):
    """held_at: behind so many bytes it waits once; None: never."""
    passed = 0
    try:
        while data := source.recv(65536):
            if held_at is not None and passed + len(data) > held_at:
                time.sleep(DELAY_S)
                held_at = None
            sink.sendall(data)
            passed += len(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def relay(client, port, held_at):
    server = socket.create_connection(("127.0.0.1", port))
    for end in client, server:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pass_on, args=(client, server, held_at), daemon=True).start()
    threading.Thread(target=pass_on, args=(server, client, None), daemon=True).start()


def listen(backlog):
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    return listener, listener.getsockname()[1]


def serve(port, held_at):
    listener, own = listen(100)
    print("ready", own, flush=True)
    while True:
        relay(listener.accept()[0], port, held_at)


def overflows():
    """How many SYN found a queue full, on this host."""
    with open("/proc/net/netstat", encoding="ascii") as netstat:
        names, values = [line.split() for line in netstat if line.startswith("TcpExt:")]
    return int(values[names.index("ListenOverflows")])


def connect(port):
    listener, own = listen(0)
    is_ready = False
    while True:
        filler = socket.create_connection(("127.0.0.1", own))
        before = overflows()
        if not is_ready:
            print("ready", own, flush=True)
        is_ready = True
        while overflows() == before:
            time.sleep(0.01)
        listener.accept()[0].close()
        filler.close()
        relay(listener.accept()[0], port, None)


def dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print("ready", server.getsockname()[1], flush=True)
    while True:
        question, client = server.recvfrom(512)
        end = question.index(b"\0", 12) + 5
        is_a = question[end - 4:end] == b"\0\1\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
        reply = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0" + question[12:end]
        threading.Timer(DELAY_S, server.sendto, (reply + record, client)).start()


def main():
    where, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    if where == "dns":
        dns()
    elif where == "connect":
        connect(port)
    else:
        serve(port, {"hello": 0, "request": 2000}[where])


main()
