"""A server that answers each known query with bytes made beforehand, so that nothing but the two clients is measured."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import simplejson


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes] = {}

    def do_POST(self) -> None:
        statement = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = self.answers[statement]
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


def main() -> None:
    """Argument: a JSON file of statement -> body. Prints its port when it answers."""
    answers = simplejson.loads(Path(sys.argv[1]).read_text())
    Pages.answers = {statement: body.encode() for statement, body in answers.items()}
    Pages.disable_nagle_algorithm = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
