"""loopback.py FOLDER: services of the host that a sandbox must not reach unless they are granted:
TCP and UDP on the loopback's and every other address of the host's, port 18099, and Unix sockets,
FOLDER/outside/agent.sock and the abstract mxc-host-agent. Who comes is written to FOLDER/contacts.
"""

import os
import socket
import sys
import threading

folder = sys.argv[1]
contacts = os.open(f"{folder}/contacts", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def contact(text):
    os.write(contacts, f"{text}\n".encode())


def serve(server, name):
    while True:
        client, _ = server.accept()
        contact(name)
        with client:
            client.settimeout(5)
            try:
                if client.recv(4096):
                    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhost\n")
            except OSError:
                pass


def echo(server):
    while True:
        data, peer = server.recvfrom(65536)
        contact("host 18099/udp")
        server.sendto(data, peer)


def unix(name):
    server = socket.socket(socket.AF_UNIX)
    server.bind(name)
    server.listen(64)
    return server


os.makedirs(f"{folder}/outside", exist_ok=True)
os.chmod(f"{folder}/outside", 0o755)
tcp = socket.create_server(("::", 18099), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
udp.bind(("::", 18099))
path = unix(f"{folder}/outside/agent.sock")
os.chmod(f"{folder}/outside/agent.sock", 0o777)
for run, words in (
    (serve, (tcp, "host 18099")),
    (echo, (udp,)),
    (serve, (path, "host agent.sock")),
    (serve, (unix("\0mxc-host-agent"), "host abstract")),
):
    threading.Thread(target=run, args=words, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
