#!/usr/bin/env python3
"""bad_h2.py HOW: a server of HTTP/2 on a free loopback port that does what none should; prints
"ready PORT". Each connection is served by a thread of its own.
  settings_flood  SETTINGS frames without end
  reset           resets each stream with ENHANCE_YOUR_CALM
  goaway          answers three requests, then goes with NO_ERROR and answers no more
  goaway_calm     goes at once with ENHANCE_YOUR_CALM
  large_headers   answers with 200 KB of headers, in CONTINUATION frames
  continuation    answers with CONTINUATION frames without end
  no_trailers     ends calls of gRPC without grpc-status
  mid_frame       closes in the middle of a body's frame
  http1           answers in HTTP/1.1
  silent          answers nothing
  backwards       answers in tens, the last one first"""
import socket
import struct
import sys
import threading

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
OK = b"\x88"  # :status 200, of HPACK's table


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def frames(connection):
    """Each frame that comes, as (kind, flags, stream)."""
    data = b""

    def take(size):
        nonlocal data
        while len(data) < size:
            piece = connection.recv(65536)
            if not piece:
                raise EOFError
            data += piece
        taken, data = data[:size], data[size:]
        return taken

    take(24)
    connection.sendall(frame(SETTINGS, 0, 0))
    while True:
        head = take(9)
        take(int.from_bytes(head[:3], "big"))
        yield head[3], head[4], int.from_bytes(head[5:], "big")


def requests(connection):
    """The streams of requests that are whole."""
    for kind, flags, stream in frames(connection):
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0))
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            yield stream


def answer(stream):
    return frame(HEADERS, END_HEADERS, stream, OK) + frame(DATA, END_STREAM, stream, b"hello")


def settings_flood(connection):
    for _ in requests(connection):
        while True:
            connection.sendall(frame(SETTINGS, 0, 0) * 100)


def reset(connection):
    for stream in requests(connection):
        connection.sendall(frame(RST_STREAM, 0, stream, struct.pack(">I", 11)))


def goaway(connection):
    count = 0
    for stream in requests(connection):
        count += 1
        if count < 3:
            connection.sendall(answer(stream))
        elif count == 3:
            connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0)) + answer(stream))


def goaway_calm(connection):
    for _ in requests(connection):
        connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 11)))


def literal(size):
    """A field "x" of so many bytes, which is in no table."""
    left = size - 127
    length = b"\x7f"
    while left >= 128:
        length += bytes([left % 128 + 128])
        left //= 128
    return b"\x00\x01x" + length + bytes([left]) + b"y" * size


def large_headers(connection):
    for stream in requests(connection):
        connection.sendall(frame(HEADERS, END_STREAM, stream, OK))
        for i in range(13):
            connection.sendall(frame(CONTINUATION, END_HEADERS if i == 12 else 0, stream, literal(16000)))


def continuation(connection):
    for stream in requests(connection):
        connection.sendall(frame(HEADERS, END_STREAM, stream, OK))
        while True:
            connection.sendall(frame(CONTINUATION, 0, stream) * 100)


def no_trailers(connection):
    for stream in requests(connection):
        connection.sendall(frame(HEADERS, END_HEADERS, stream, OK) +
                           frame(DATA, END_STREAM, stream, b"\0\0\0\0\2\x08\1"))


def mid_frame(connection):
    for stream in requests(connection):
        connection.sendall(answer(stream)[:-2])
        connection.shutdown(socket.SHUT_WR)


def http1(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.recv(65536)


def silent(connection):
    for _ in requests(connection):
        pass


def backwards(connection):
    waiting = []
    for stream in requests(connection):
        waiting.append(stream)
        if len(waiting) == 10:
            connection.sendall(b"".join(answer(each) for each in reversed(waiting)))
            waiting = []


def serve(connection, how):
    try:
        how(connection)
    except (OSError, EOFError):
        pass
    finally:
        connection.close()


def main():
    hows = {name: how for name, how in globals().items() if name in __doc__ and callable(how)}
    listener = socket.create_server(("127.0.0.1", 0))
    print("ready", listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, hows[sys.argv[1]]), daemon=True).start()


main()
