#!/usr/bin/python3
"""mesh_crowd.py ADDRESS PORT IDLE SLOW: so many connections that say nothing and so many that send
their request a byte a second, from ten addresses, until it is killed. Who is thrown out comes again.
Says "crowded" when all have been there."""

import resource
import socket
import sys
import time

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: " + b"x" * 4000


class Guest:
    def __init__(self, number, is_slow):
        self.host = f"127.0.0.{200 + number % 10}"
        self.is_slow = is_slow
        self.come()

    def come(self):
        self.sent = 0
        self.socket = socket.socket()
        self.socket.settimeout(5)
        self.socket.bind((self.host, 0))
        self.socket.connect((sys.argv[1], int(sys.argv[2])))
        self.socket.setblocking(False)

    def stay(self):
        try:
            if self.socket.recv(4096) == b"":
                raise ConnectionError
        except BlockingIOError:
            return
        except OSError:
            self.socket.close()
            self.come()

    def drip(self):
        try:
            self.sent += self.socket.send(REQUEST[self.sent : self.sent + 1])
        except OSError:
            pass


def main():
    idle, slow = int(sys.argv[3]), int(sys.argv[4])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    guests = [Guest(i, i >= idle) for i in range(idle + slow)]
    print("crowded", flush=True)
    for _ in range(300):
        for guest in guests:
            guest.stay()
            if guest.is_slow:
                guest.drip()
        time.sleep(1)


main()
