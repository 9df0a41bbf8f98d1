"""The socket: HTTP/1.1 with connections kept alive, one thread each, in front of the application."""

import gzip
import socket
import socketserver
import struct
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from quickbooks_integration.emulator.application import Application
from quickbooks_integration.emulator.messages import Delivery, Request, Response, parse_query

LARGEST_BODY = 150 * 1024 * 1024  # Intuit: attachments up to 100 MB, here also when sent as base64
WORTH_COMPRESSING = 1024
COMPRESSIBLE = ("application/json", "application/xml", "text/")


class BodyError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave in one piece
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def serve(self) -> None:
        try:
            request = self._read()
        except BodyError as error:
            self.close_connection = True
            self._send(Response(error.status, str(error).encode()))
            return
        self._send(self.server.application.handle(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def _read(self) -> Request:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if headers.get("content-encoding", "").lower() == "gzip":
            body = _unzipped(body)
        return Request(self.command, unquote(address.path), parse_query(address.query), headers, body)

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise BodyError(400, "Content-Length is not a number.")
        if int(length) > LARGEST_BODY:
            raise BodyError(413, "The request is larger than 150 MB.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise BodyError(400, "The request ended early.")
        return body

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = self.rfile.readline(100).split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                raise BodyError(400, "A chunk of the request has no readable length.") from None
            if length < 0 or len(body) + length > LARGEST_BODY:
                raise BodyError(413, "The request is larger than 150 MB.")
            body += self.rfile.read(length)
            self.rfile.readline(100)
            if length == 0:
                return bytes(body)

    def _send(self, response: Response) -> None:
        if response.delivery in (Delivery.CLOSE, Delivery.RESET):
            self._end(reset=response.delivery is Delivery.RESET)
            return
        body = self._compressed(response)
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if response.delivery is Delivery.HALF:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._end(reset=True)
        elif self.command != "HEAD":
            self.wfile.write(body)

    def _compressed(self, response: Response) -> bytes:
        wanted = "gzip" in self.headers.get("Accept-Encoding", "").lower() if self.headers else False
        fits = len(response.body) > WORTH_COMPRESSING and response.content_type.startswith(COMPRESSIBLE)
        if not wanted or not fits:
            return response.body
        response.headers["Content-Encoding"] = "gzip"
        return gzip.compress(response.body, compresslevel=1, mtime=0)

    def _end(self, reset: bool) -> None:
        """Close without an answer; a linger time of zero makes it a reset."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def handle_expect_100(self) -> bool:
        """A client that asks first waits for this, so it must not stay in the buffer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def version_string(self) -> str:
        return "istio-envoy"

    def log_message(self, format: str, *args: Any) -> None:
        """The emulator keeps its own log of requests."""


def _unzipped(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError):
        raise BodyError(400, "The request says that it is compressed, but it can't be unpacked.") from None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, application: Application, host: str = "127.0.0.1", port: int = 0) -> None:
        self.application = application
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Serve in a thread of its own, from now on."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="emulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, end idle connections. Requests that are being answered lose their client."""
        ending = threading.Thread(target=self.shutdown)
        ending.start()
        # The server looks up only now and then, or when somebody connects.
        with suppress(OSError), socket.create_connection(self.server_address[:2], timeout=1):
            ending.join()
        ending.join()
        self.server_close()
        with self._connections_lock:
            for connection in self._connections:
                _shut(connection)

    def server_bind(self) -> None:
        # Without the name look-up of HTTPServer, which can take seconds on a machine without a resolver.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def opened(self, connection: socket.socket) -> None:
        with self._connections_lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._connections_lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is no error of ours; everything else is printed."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The client was faster.
        return
