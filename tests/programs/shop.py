# An API that speaks JSON: `shop.py ADDRESS PORT`.
#
#   POST /orders              {"email", "amount", "card"} -> 201 {"id", "status"}
#   GET  /orders/<id>         401 without a bearer token
#   GET  /broken              500 with a stack trace
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(201, {"id": int(order["amount"]), "status": "new", "email": order["email"]})

    def do_GET(self):
        if self.path == "/broken":
            trace = 'Traceback (most recent call last):\n  File "/srv/shop.py", line 3, in get\nKeyError: 1\n'
            self.answer(500, trace)
        elif self.headers.get("Authorization", "").startswith("Bearer "):
            self.answer(200, {"id": int(self.path.rsplit("/", 1)[1]), "status": "paid", "items": [{"sku": "a-1"}]})
        else:
            self.answer(401, {"error": "no token"})

    def answer(self, status, body):
        text = isinstance(body, str)
        content = body.encode() if text else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Shop).serve_forever()
