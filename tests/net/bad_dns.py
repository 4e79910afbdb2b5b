#!/usr/bin/env python3
"""bad_dns.py: a DNS server on a free loopback port that does with each name what that says; prints
"ready PORT".
  web.test, other.test  127.0.0.1
  slow.test             the same, after 0.5 s
  none.test             NXDOMAIN
  broken.test           SERVFAIL
  silent.test           no answer at all"""
import socket
import struct
import threading

NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
CODES = {"web": NO_ERROR, "other": NO_ERROR, "slow": NO_ERROR, "none": NO_SUCH_NAME,
         "broken": SERVER_FAILURE}
TYPE_A = 1


def answer(query):
    """The first label, and what to answer; None: nothing."""
    end = query.index(b"\0", 12) + 5
    label = query[13:13 + query[12]].decode()
    kind, = struct.unpack(">H", query[end - 4:end - 2])
    if label not in CODES:
        return label, None
    has_address = CODES[label] == NO_ERROR and kind == TYPE_A
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | CODES[label], 1, has_address, 0, 0)
    record = struct.pack(">HHHIH4B", 0xc00c, TYPE_A, 1, 0, 4, 127, 0, 0, 1) if has_address else b""
    return label, head + query[12:end] + record


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print("ready", server.getsockname()[1], flush=True)
    while True:
        query, client = server.recvfrom(4096)
        label, reply = answer(query)
        if reply:
            threading.Timer(0.5 if label == "slow" else 0, server.sendto, (reply, client)).start()


main()
