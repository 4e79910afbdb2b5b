#!/usr/bin/env python3
"""bad_web.py HOW: a server on a free loopback port that misbehaves beneath its protocol; prints
"ready PORT". Each connection is served by a thread of its own.
  plain           speaks HTTP where TLS is expected
  wrong_accept    upgrades to WebSocket with another key's accept
  no_upgrade      answers the upgrade with 200
  huge_frame      upgrades, then sends the head of a frame of 2^63 bytes
  masked_frame    upgrades, then sends a masked frame, as only clients may
  huge_header     a response with a header of 10 MiB
  chunk_overflow  a response with a chunk of 2^64 bytes
  never_reads     accepts, and reads nothing
  drip            one byte of the response a second
  flood           responses that nobody asked for, as fast as they are taken
  at_once_closed  closes when the request is there
  mid_header      closes in the middle of a response's header
  mid_close       closes in the middle of each response
  mid_reset       resets there
  reset_early     resets as soon as anything comes
  huge_body       a response with a body of 10 GiB, as fast as it is taken
  sixth_fails     answers each sixth request of a connection with 503"""
import base64
import hashlib
import socket
import struct
import sys
import threading
import time

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nlater"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request(connection):
    """One request's head, b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    return data


def upgrade(connection, wrong=False):
    head = request(connection)
    key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    accept = base64.b64encode(hashlib.sha1((b"other" if wrong else key) + GUID).digest())
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def plain(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def wrong_accept(connection):
    upgrade(connection, wrong=True)
    connection.recv(65536)


def no_upgrade(connection):
    request(connection)
    connection.sendall(RESPONSE)
    connection.recv(65536)


def huge_frame(connection):
    upgrade(connection)
    connection.sendall(b"\x82\x7f" + struct.pack(">Q", 1 << 63))
    connection.recv(65536)


def masked_frame(connection):
    upgrade(connection)
    connection.sendall(b"\x82\x81abcd!")
    connection.recv(65536)


def huge_header(connection):
    request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * (10 << 20) +
                       b"\r\nContent-Length: 0\r\n\r\n")


def chunk_overflow(connection):
    request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"10000000000000000\r\nhello\r\n0\r\n\r\n")
    connection.recv(65536)


def never_reads(_connection):
    time.sleep(600)


def drip(connection):
    while request(connection):
        for byte in RESPONSE:
            connection.sendall(bytes([byte]))
            time.sleep(1)


def flood(connection):
    while True:
        connection.sendall(RESPONSE * 100)


def at_once_closed(connection):
    request(connection)


def mid_header(connection):
    request(connection)
    connection.sendall(RESPONSE[:20])


def mid_close(connection):
    request(connection)
    connection.sendall(RESPONSE[:-3])


def mid_reset(connection):
    request(connection)
    connection.sendall(RESPONSE[:-3])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_early(connection):
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def huge_body(connection):
    request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
    for _ in range(10240):
        connection.sendall(bytes(1 << 20))


def sixth_fails(connection):
    for count in range(1, 1 << 30):
        request(connection)
        connection.sendall(UNAVAILABLE if count % 6 == 0 else RESPONSE)


def serve(behaviour, connection):
    with connection:
        try:
            behaviour(connection)
        except (OSError, StopIteration):
            pass


def main():
    behaviour = globals().get(sys.argv[1] if len(sys.argv) == 2 else "")
    if not callable(behaviour) or sys.argv[1] in ("request", "upgrade", "serve", "main"):
        sys.exit(__doc__)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print("ready", listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(behaviour, connection), daemon=True).start()


main()
