"""A server on Python's http.server: `server.py ADDRESS PORT [OPTION=VALUE of IPPROTO_TCP]...`.

With CERTIFICATE and KEY in the environment it speaks TLS.
"""

import gzip
import http.server
import os
import socket
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path.startswith("/items/"):
            item = self.path.rsplit("/", 1)[1]
            self.answer((200, 200, 200, 200, 201, 201, 201, 404, 404, 404)[int(item[-1])], item.encode())
        elif self.path == "/empty":
            self.send_response(204)
            self.end_headers()
        elif self.path == "/unchanged":
            self.send_response(304)
            self.send_header("ETag", '"1"')
            self.end_headers()
        elif self.path == "/packed":
            self.answer(200, gzip.compress(b"packed " * 1000), ("Content-Encoding", "gzip"))
        elif self.path == "/chunks":
            self.chunks()
        else:
            self.answer(404, b"")

    do_HEAD = do_GET

    def do_POST(self):
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            left -= len(self.rfile.read(min(left, 65536)))
        self.do_GET()

    do_PUT = do_POST

    def answer(self, status, content, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def chunks(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Trailer", "Checksum")
        self.end_headers()
        for part in (b"first", b"second;", b"third"):
            self.wfile.write(b"%x;name=value\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\nChecksum: 1\r\n\r\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def server_bind(self):
        for option in sys.argv[3:]:
            name, value = option.split("=")
            self.socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), int(value))
        super().server_bind()

    def finish_request(self, request, client_address):
        # On the connection's own thread: a handshake must not hold up the others.
        if TLS:
            try:
                request.do_handshake()
            except OSError:
                return
        super().finish_request(request, client_address)


TLS = "CERTIFICATE" in os.environ

if ":" in sys.argv[1]:
    Server.address_family = socket.AF_INET6
server = Server((sys.argv[1], int(sys.argv[2])), Handler)
if TLS:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
