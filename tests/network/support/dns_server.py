"""A name server for tests: dns_server.py ADDRESS PORT ZONE.json

The zone: name -> {"a": [...], "aaaa": [...], "cname": name, "ttl": seconds}. "*" answers for every
other name. Each query is printed as one line `name type`.
"""

import ipaddress
import json
import socket
import struct
import sys
import threading


def read_name(message, at):
    labels = []
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace").lower())
        at += 1 + message[at]
    return ".".join(labels), at + 1


def write_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def record(name, kind, ttl, data):
    return write_name(name) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def answer(message, zone):
    name, at = read_name(message, 12)
    kind = struct.unpack(">H", message[at : at + 2])[0]
    print(name, kind, flush=True)
    records = []
    current = name
    code = 0
    for _ in range(8):
        entry = zone.get(current, zone.get("*"))
        if entry is None:
            code = 3
            break
        ttl = entry.get("ttl", 60)
        if "cname" in entry:
            records.append(record(current, 5, ttl, write_name(entry["cname"])))
            current = entry["cname"]
            continue
        for text in entry.get({1: "a", 28: "aaaa"}.get(kind, ""), []):
            records.append(record(current, kind, ttl, ipaddress.ip_address(text).packed))
        break
    head = message[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return head + message[12 : at + 4] + b"".join(records)


def serve_tcp(listener, zone):
    while True:
        client, _ = listener.accept()
        with client:
            size = struct.unpack(">H", client.recv(2))[0]
            reply = answer(client.recv(size), zone)
            client.sendall(struct.pack(">H", len(reply)) + reply)


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
        try:
            udp.sendto(answer(message, zone), peer)
        except (IndexError, struct.error):
            pass


main()
