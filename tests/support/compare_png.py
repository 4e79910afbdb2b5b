#!/usr/bin/python3
"""compare_png.py A B: whether two pictures show the same. They are compared in blocks of 10 px, so
that another version of a font or of a renderer is no difference, and a missing line is one."""

import struct
import sys
import zlib

BLOCK = 10
DIFFERENCE_MAX = 48  # of a block's mean, 0 to 255
BLOCKS_MAX = 0.01  # of all may differ by more


def chunks(data):
    at = 8
    while at < len(data):
        size, = struct.unpack(">I", data[at:at + 4])
        yield data[at + 4:at + 8], data[at + 8:at + 8 + size]
        at += 12 + size


def unfilter(kind, line, above, step):
    for i, value in enumerate(line):
        left = line[i - step] if i >= step else 0
        up = above[i]
        corner = above[i - step] if i >= step else 0
        if kind == 1:
            value += left
        elif kind == 2:
            value += up
        elif kind == 3:
            value += (left + up) // 2
        elif kind == 4:
            guess = left + up - corner
            value += min((left, up, corner), key=lambda near: abs(guess - near))
        line[i] = value & 255


def read(path):
    """Width and lines of bytes, step of them a pixel."""
    with open(path, "rb") as file:
        data = file.read()
    parts = list(chunks(data))
    width, height, depth, color = struct.unpack(">IIBB", parts[0][1][:10])
    assert depth == 8 and color in (2, 6), path
    step = 3 if color == 2 else 4
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    lines, above = [], bytearray(width * step)
    for y in range(height):
        at = y * (width * step + 1)
        line = bytearray(raw[at + 1:at + 1 + width * step])
        if raw[at]:
            unfilter(raw[at], line, above, step)
        lines.append(line)
        above = line
    return width, step, lines


def blocks(path):
    width, step, lines = read(path)
    for y in range(0, len(lines), BLOCK):
        for x in range(0, width, BLOCK):
            for channel in range(3):
                values = [value for line in lines[y:y + BLOCK]
                          for value in line[x * step + channel:(x + BLOCK) * step:step]]
                yield sum(values) / len(values)


def main(path, other):
    differences = [abs(a - b) for a, b in zip(blocks(path), blocks(other), strict=True)]
    many = sum(difference > DIFFERENCE_MAX for difference in differences)
    if many > BLOCKS_MAX * len(differences):
        print(f"{path} and {other} differ in {many} of {len(differences)} blocks")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
