"""The servers of world.sh: HTTP with keep-alive, TLS, UDP echo, a bulk port."""

import http.server
import os
import socket
import socketserver
import ssl
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = int(self.path[6:]) if self.path.startswith("/bulk/") else 0
        body = os.urandom(1024) * (size // 1024) if size else f"host={self.headers['Host']}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
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

    def handle_error(self, *_):
        pass


def serve(port, certificate=None, key=None):
    server = Server(("::", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def echo(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, 7))

    def run():
        while True:
            data, peer = udp.recvfrom(65536)
            udp.sendto(data, peer)

    threading.Thread(target=run, daemon=True).start()


folder = sys.argv[1]
serve(80)
serve(8080)
serve(443, f"{folder}/certificate.pem", f"{folder}/key.pem")
echo("9.9.9.10")
echo("2600::10")
print("ready", flush=True)
threading.Event().wait()
