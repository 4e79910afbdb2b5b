#!/usr/bin/env python3
"""slow_proxy.py PORT: two proxies on free loopback ports before 127.0.0.1:PORT, each of which holds
up one thing by 0.5 s; prints "ready ANSWER REQUEST".
  ANSWER   the first bytes of the server on each connection
  REQUEST  the client's bytes, which it does not read so long, nor has much room for"""
import socket
import sys
import threading
import time

DELAY_S = 0.5
ROOM = 65536


def copy(source, sink, delay_s):
    try:
        data = source.recv(ROOM) if delay_s == 0 else None
        if data is None:
            source.recv(1, socket.MSG_PEEK)
            time.sleep(delay_s)
            data = source.recv(ROOM)
        while data:
            sink.sendall(data)
            data = source.recv(ROOM)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()


def listen(port, answer_s, request_s):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)

    def accept():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for way in ((client, server, request_s), (server, client, answer_s)):
                threading.Thread(target=copy, args=way, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main():
    port = int(sys.argv[1])
    print("ready", listen(port, DELAY_S, 0), listen(port, 0, DELAY_S), flush=True)
    threading.Event().wait()


main()
