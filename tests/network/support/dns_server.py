"""A name server for tests: dns_server.py ADDRESS PORT ZONE.json

The zone: name -> records, ttl (seconds) and habits. "*" answers for every other name.
  records   "a", "aaaa": [address]; "cname", "ns", "ptr": name; "txt": [text]; "mx": [[10, name]];
            "srv": [[priority, weight, port, name]]; "https": [priority, name]
  habits    "delay": seconds before an answer; "silent": none over UDP; "truncate": over UDP only
            that there is more; "forge": [address], over UDP first an answer with another id and
            these addresses; "code": that error instead; "garbage": a record longer than the message
Each query is printed as one line `name type`, over TCP followed by ` tcp`.
"""

import ipaddress
import json
import socket
import struct
import sys
import threading
import time

TYPES = {"a": 1, "ns": 2, "cname": 5, "ptr": 12, "mx": 15, "txt": 16, "aaaa": 28, "srv": 33, "https": 65}
TRUNCATED = 0x0200


def read_name(message, at):
    labels = []
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace").lower())
        at += 1 + message[at]
    return ".".join(labels), at + 1


def write_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def record(name, kind, ttl, data):
    return write_name(name) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def data_of(entry, kind):
    """The data of each record of a type that the zone's entry has."""
    if kind in ("a", "aaaa"):
        return [ipaddress.ip_address(text).packed for text in entry.get(kind, [])]
    if kind in ("ns", "ptr", "cname"):
        return [write_name(entry[kind])] if kind in entry else []
    if kind == "txt":
        return [bytes([len(text)]) + text.encode() for text in entry.get("txt", [])]
    if kind == "mx":
        return [struct.pack(">H", rank) + write_name(name) for rank, name in entry.get("mx", [])]
    if kind == "srv":
        return [struct.pack(">HHH", *row[:3]) + write_name(row[3]) for row in entry.get("srv", [])]
    if kind == "https":
        return [struct.pack(">H", entry["https"][0]) + write_name(entry["https"][1])] if "https" in entry else []
    return []


def answer(message, zone, over):
    """The answers to send, in order."""
    name, at = read_name(message, 12)
    kind = struct.unpack(">H", message[at : at + 2])[0]
    print(name, kind, *(["tcp"] if over == "tcp" else []), flush=True)
    text = {number: text for text, number in TYPES.items()}.get(kind, "")
    habits = zone.get(name, zone.get("*", {}))
    question = message[12 : at + 4]
    records = []
    current = name
    code = habits.get("code", 0)
    for _ in range(0 if code else 20):
        entry = zone.get(current, zone.get("*"))
        if entry is None:
            code = 3
            break
        ttl = entry.get("ttl", 60)
        if "cname" in entry and text != "cname":
            records.append(record(current, 5, ttl, write_name(entry["cname"])))
            current = entry["cname"]
            continue
        records += [record(current, kind, ttl, data) for data in data_of(entry, text)]
        break

    def built(flags, body, number=message[:2]):
        return number + struct.pack(">HHHHH", flags, 1, len(body), 0, 0) + question + b"".join(body)

    time.sleep(habits.get("delay", 0))
    if over == "udp":
        if habits.get("silent"):
            return []
        if habits.get("truncate"):
            return [built(0x8180 | TRUNCATED, [])]
    right = built(0x8180 | code, records)
    if habits.get("garbage"):
        right = right[:-2]
    if over == "udp" and "forge" in habits:
        forged = [record(name, kind, 60, data) for data in data_of({text: habits["forge"]}, text)]
        other = bytes([message[0] ^ 1, message[1]])
        return [built(0x8180, forged, other), right]
    return [right]


def serve_udp(udp, zone, message, peer):
    try:
        for reply in answer(message, zone, "udp"):
            udp.sendto(reply, peer)
    except (IndexError, struct.error):
        pass


def serve_tcp(listener, zone):
    while True:
        client, _ = listener.accept()
        with client:
            try:
                size = struct.unpack(">H", client.recv(2, socket.MSG_WAITALL))[0]
                for reply in answer(client.recv(size, socket.MSG_WAITALL), zone, "tcp"):
                    client.sendall(struct.pack(">H", len(reply)) + reply)
            except (IndexError, OSError, struct.error):
                pass


def main():
    address, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path) as file:
        zone = json.load(file)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    tcp = socket.socket(family)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address, port))
    tcp.listen()
    threading.Thread(target=serve_tcp, args=(tcp, zone), daemon=True).start()
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, port))
    print("ready", flush=True)
    while True:
        message, peer = udp.recvfrom(4096)
        # One slow name holds no other up.
        threading.Thread(target=serve_udp, args=(udp, zone, message, peer), daemon=True).start()


main()
