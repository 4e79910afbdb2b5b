#!/usr/bin/python3
"""pingmesh_reader.py FILE: reads a list of peers as a pingmesh of any age would: every name that one
of them writes is there and of its type, others are passed over. Prints the peers, a line each."""

import datetime
import json
import sys


def moment(value):
    """RFC 3339, to the nanosecond"""
    seconds, _, rest = value.rstrip("Z").partition(".")
    datetime.datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S")
    return value.endswith("Z") and (rest == "" or rest.isdigit())


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def text(value):
    return isinstance(value, str)


TOTALS = {
    "Start": moment, "DnsLk": whole, "TcpHs": whole, "TlsHs": whole, "Reply": whole, "Close": whole,
    "Total": whole, "DestUrl": text, "Location": text, "Remote": text, "RespCode": whole,
    "Size": whole,
}
PEER = {
    "Url": text, "Limit": whole, "Delay": whole, "Location": text, "PeerIP": text, "Pings": whole,
    "Fails": whole, "FirstPing": moment, "LatestPing": moment, "PingTotals": TOTALS,
}
LIST = {
    "Start": moment, "SrvLoc": text, "SrvHost": text, "SrvPort": whole, "Peers": [PEER],
    "Requests": whole, "NumActive": whole, "NumDeleted": whole,
}


def check(value, wanted, path):
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            sys.exit(f"{path} is no object")
        for name, part in wanted.items():
            if name not in value:
                sys.exit(f"{path} has no {name}")
            check(value[name], part, f"{path}.{name}")
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            sys.exit(f"{path} is no list")
        for i, part in enumerate(value):
            check(part, wanted[0], f"{path}[{i}]")
    elif not wanted(value):
        sys.exit(f"{path} is {value!r}")


with open(sys.argv[1], encoding="utf-8") as file:
    peers = json.load(file)
check(peers, LIST, "list")
for peer in peers["Peers"]:
    times = peer["PingTotals"]
    if times["Total"] < sum(times[i] for i in ("DnsLk", "TcpHs", "TlsHs", "Reply", "Close")):
        sys.exit(f"the times of {peer['Url']} do not add up")
    print(peer["Url"], peer["Location"], peer["Pings"], peer["Fails"])
