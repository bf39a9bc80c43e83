"""The servers of world.sh: HTTP with keep-alive, TLS, UDP echo, TCP echo, a port that takes every
connection. Who comes is written to FOLDER/contacts, `ADDRESS PORT` of the server a line."""

import http.server
import os
import resource
import selectors
import socket
import socketserver
import ssl
import sys
import threading

import greetings

folder = sys.argv[1]
contacts = os.open(f"{folder}/contacts", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def contact(address, port):
    address = address.removeprefix("::ffff:")
    os.write(contacts, f"{address} {port}\n".encode())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/files/"):
            return self.send_file(self.path[7:].split("?")[0])
        if self.path.startswith("/greeting/"):
            return self.send_text(greetings.of(*self.path.split("/")[2:]).encode())
        size = int(self.path[6:]) if self.path.startswith("/bulk/") else 0
        body = os.urandom(1024) * (size // 1024) if size else f"host={self.headers['Host']}\n".encode()
        self.send_text(body)

    def send_text(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def send_file(self, path):
        """From FOLDER/files; a folder is its index.html."""
        place = os.path.join(folder, "files", path)
        if os.path.isdir(place):
            place = os.path.join(place, "index.html")
        try:
            with open(place, "rb") as file:
                body = file.read()
            self.send_response(200)
        except OSError:
            body = b""
            self.send_response(404)
        self.send_header("Content-Type", "text/html" if place.endswith(".html") else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        total = 0
        while left > 0:
            got = len(self.rfile.read(min(left, 65536)))
            total += got
            left -= got
        body = f"{total}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 4096
    daemon_threads = True

    def get_request(self):
        client, peer = super().get_request()
        contact(*client.getsockname()[:2])
        return client, peer

    def handle_error(self, *_):
        pass


def serve(port, certificate=None, key=None):
    server = Server(("::", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def echo(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, port))

    def run():
        while True:
            data, peer = udp.recvfrom(65536)
            contact(address, f"{port}/udp")
            udp.sendto(data, peer)

    threading.Thread(target=run, daemon=True).start()


def listen(port):
    return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)


def trap():
    """Takes connections and ends them; only those that must not come are written down."""
    server = listen(666)

    def run():
        while True:
            client, _ = server.accept()
            address = client.getsockname()[0].removeprefix("::ffff:")
            if address not in ("9.9.9.10", "2600::10"):
                contact(address, 666)
            client.close()

    threading.Thread(target=run, daemon=True).start()


class Echo:
    """Sends back what it gets until the client has sent all, then ends too. One thread for all, in
    a process of its own: thousands of clients must not slow down the other servers."""

    LIMIT = 1 << 20

    def __init__(self, poll, client):
        self.poll, self.client, self.held, self.over = poll, client, bytearray(), False
        client.setblocking(False)
        poll.register(client, selectors.EVENT_READ, self.step)

    def step(self):
        try:
            while not self.over and len(self.held) < self.LIMIT:
                try:
                    data = self.client.recv(1 << 16)
                except BlockingIOError:
                    break
                self.held += data
                self.over = not data
            while self.held:
                try:
                    del self.held[: self.client.send(self.held)]
                except BlockingIOError:
                    break
        except OSError:
            self.held, self.over = bytearray(), True
        if self.over and not self.held:
            self.poll.unregister(self.client)
            return self.client.close()
        reads = not self.over and len(self.held) < self.LIMIT
        events = selectors.EVENT_READ * reads | selectors.EVENT_WRITE * bool(self.held)
        self.poll.modify(self.client, events, self.step)


def echo_streams():
    server = listen(7)
    if os.fork() != 0:
        return server.close()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    poll = selectors.DefaultSelector()

    def accept():
        client, _ = server.accept()
        contact(*client.getsockname()[:2])
        Echo(poll, client)

    poll.register(server, selectors.EVENT_READ, accept)
    while True:
        for key, _ in poll.select():
            key.data()


echo_streams()
serve(80)
serve(8080)
serve(443, f"{folder}/certificate.pem", f"{folder}/key.pem")
trap()
for address in ("9.9.9.10", "9.9.9.11", "10.9.0.10", "169.254.169.254", "2600::10", "2600::11"):
    for port in (7, 666):
        echo(address, port)
print("ready", flush=True)
threading.Event().wait()
