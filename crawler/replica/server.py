"""The replica served on loopback, over HTTP and HTTPS, as one of its editions.

python -m crawler.replica.server [EDITION]
"""

from __future__ import annotations

import gzip
import socket
import ssl
import sys
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from archive.times import parse
from crawler.replica.editions import EDITIONS, Edition
from crawler.replica.site import CAMPAIGN, HOSTS, SECURE, START_URL, Answer, answer, last_changed
from crawler.replica.tls import server_context

__all__ = ["HOSTS", "START_URL", "Replica", "main"]

#: so that a client that stalls does not keep its thread
IDLE_S = 30
CHUNK_BYTES = 1000
#: bodies this short are not worth compressing
GZIP_FROM_BYTES = 256


class Replica:
    """Context manager; serves in daemon threads until it is left. `edition` may be set meanwhile: the next request
    sees it. `seen` lists the requests: scheme, host and target.
    """

    def __init__(self, edition: Edition = EDITIONS[0]) -> None:
        self.edition = edition
        self.seen: list[tuple[str, str, str]] = []
        self._servers: list[_Server] = []

    def __enter__(self) -> Self:
        self._servers = [_Server(self, "http", None), _Server(self, "https", server_context((SECURE,)))]
        for server in self._servers:
            Thread(target=server.serve_forever, args=(0.05,), name=f"replica {server.scheme}", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.close_connections()
            server.server_close()
        self._servers = []

    @property
    def http_port(self) -> int:
        return self._servers[0].server_port

    @property
    def https_port(self) -> int:
        return self._servers[1].server_port

    def connect_to(self) -> tuple[str, ...]:
        """HOST:PORT:ADDRESS:PORT, as curl's ``--connect-to`` takes it, for every host and port there is."""
        plain = (f"{host}:80:127.0.0.1:{self.http_port}" for host in HOSTS)
        return (*plain, f"{SECURE}:443:127.0.0.1:{self.https_port}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # ThreadingMixIn would wait for idle keep-alive connections.
    block_on_close = False

    def __init__(self, replica: Replica, scheme: str, tls: ssl.SSLContext | None) -> None:
        self.replica = replica
        self.scheme = scheme
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks DNS for the address's name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Runs in the connection's own thread, so that a slow handshake holds up nobody."""
        request.settimeout(IDLE_S)
        connection = self._tls.wrap_socket(request, server_side=True) if self._tls else request
        with self._lock:
            self._open.add(connection)
        try:
            super().finish_request(connection, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)
            if connection is not request:
                connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away or trusts nobody is its own business; what else goes wrong is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Demonstratie"
    sys_version = ""
    # Header and body leave in one write: otherwise each answer waits 40 ms for a delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        scheme, replica = self.server.scheme, self.server.replica
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self._send(Answer(400, b"Demonstratie\n", "text/plain"), [])
            return
        # A proxy's client writes the absolute form (RFC 9112, 3.2.2).
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}" if parts.scheme else self.path
        host = (parts.hostname if parts.scheme else self.headers.get("Host", "").rsplit(":", 1)[0].lower()) or ""
        replica.seen.append((scheme, host, target))
        if host not in HOSTS:
            # Looked at by its address, as `main` prints it.
            host = CAMPAIGN if scheme == "http" else SECURE
        edition = replica.edition
        found = answer(edition, scheme, host, target)
        fields = list(found.fields)
        if found.status == 200:
            changed = parse(last_changed(edition, scheme, host, target))
            etag = f'"{sha256(found.body).hexdigest()[:16]}"'
            fields += [("Last-Modified", format_datetime(changed, usegmt=True)), ("ETag", etag)]
            if etag in self.headers.get("If-None-Match", ""):
                self._send(Answer(304), fields)
                return
        self._send(found, fields)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        """Nobody signs a demonstration's petition."""
        self.close_connection = True
        self._send(Answer(405, b"Demonstratie\n", "text/plain"), [("Allow", "GET, HEAD"), ("Connection", "close")])

    def _send(self, found: Answer, fields: list[tuple[str, str]]) -> None:
        body = found.body
        if found.gzip and len(body) >= GZIP_FROM_BYTES:
            fields.append(("Vary", "Accept-Encoding"))
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                # mtime=0: the same page is the same payload.
                body = gzip.compress(body, 6, mtime=0)
                fields.append(("Content-Encoding", "gzip"))
        self.send_response(found.status)
        if found.status != 304:
            self.send_header("Content-Type", found.type)
            if found.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or found.status == 304:
            return
        if found.chunked:
            parts = (body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES))
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: what was asked stands in `Replica.seen`."""


def main(arguments: list[str] | None = None) -> int:
    """Serve one edition until Ctrl-C."""
    wanted = (sys.argv[1:] if arguments is None else arguments) or [EDITIONS[0].name]
    edition = next((edition for edition in EDITIONS if edition.name == wanted[0]), None)
    if edition is None:
        sys.stderr.write(f"no edition {wanted[0]}; there are {', '.join(known.name for known in EDITIONS)}\n")
        return 2
    with Replica(edition) as replica:
        sys.stdout.write(
            f"{edition.name}: {edition.what}\n"
            f"http://127.0.0.1:{replica.http_port}{urlsplit(START_URL).path}\n"
            f"https://127.0.0.1:{replica.https_port}{urlsplit(START_URL).path}\n"
            + "".join(f"  --connect-to {place}\n" for place in replica.connect_to())
        )
        sys.stdout.flush()
        try:
            Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
