"""A server that answers in every way servers answer, right and wrong, and remembers each byte of it.

``tests/wire/NAME.http`` is sent as it is for ``/NAME``; a name that ends in ``.close`` closes the connection behind it.
What a file cannot hold (pauses, sizes, resets) is in `SCRIPTS`. Speaks HTTP and HTTPS, and is also the proxy: CONNECT
is piped through, a request in absolute form is answered like any other. Only on 127.0.0.1.
"""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

WIRE = Path(__file__).parent / "wire"

#: what a script does besides sending bytes: wait so many seconds, or end the connection in some way
Step = bytes | float | Literal["close", "reset", "unclean", "stall", "drop next"]

#: what only one server answers
Own = bytes | Callable[[bytes], "bytes | list[Step]"]

TEXT = b"Bewaren is lezen wat er stond.\n"
MIB = 1 << 20


def ok(*headers: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def body(size: int) -> Iterator[bytes]:
    """*size* bytes that gzip can shrink but not to nothing."""
    piece = b"".join(b"%08d bewaar\n" % number for number in range(4096))
    for _ in range(size // len(piece)):
        yield piece
    yield piece[: size % len(piece)]


def bytewise(data: bytes) -> Iterator[Step]:
    for at in range(len(data)):
        yield data[at : at + 1]
        if at % 16 == 0:
            yield 0.001


def sized(size: int) -> Iterator[Step]:
    yield ok(b"Content-Length: %d" % size)
    yield from body(size)


def stalled(*parts: bytes) -> Iterator[Step]:
    yield from parts
    yield "stall"


def endless() -> Iterator[Step]:
    yield ok(b"Transfer-Encoding: chunked")
    while True:
        yield b"10000\r\n" + b"e" * 0x10000 + b"\r\n"


def drip(size: int) -> Iterator[Step]:
    """*size* bytes each tenth of a second, without end."""
    yield ok(b"Content-Length: 100000000")
    while True:
        yield b"d" * size
        yield 0.1


def header_flood() -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(1 << 20):
        yield b"X-Flood-%d: %s\r\n" % (number, b"f" * 1000)


def endless_line() -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nX-Line: "
    while True:
        yield b"l" * 0x10000


SCRIPTS: dict[str, Callable[[], Iterator[Step]]] = {
    "byte-by-byte": lambda: bytewise(ok(b"Content-Length: %d" % len(TEXT), b"X-Slow: yes") + TEXT),
    "chunked-byte-by-byte": lambda: bytewise(
        ok(b"Transfer-Encoding: chunked") + b"8\r\nBewaren \r\n1\r\n.\r\n0\r\n\r\n"
    ),
    "stalled-body": lambda: stalled(ok(b"Content-Length: 1000"), TEXT),
    "stalled-chunked": lambda: stalled(ok(b"Transfer-Encoding: chunked"), b"8\r\nBewaren \r\n4\r\nis"),
    "stalled-header": lambda: stalled(b"HTTP/1.1 200 OK\r\nX-Half: a"),
    "stalled-first": stalled,
    "stalled-closed-end": lambda: stalled(ok(b"Connection: close"), TEXT),
    "reset-body": lambda: iter((ok(b"Content-Length: 1000"), TEXT, 0.2, "reset")),
    "reset-closed-end": lambda: iter((ok(b"Connection: close"), TEXT, 0.2, "reset")),
    "unclean-closed-end": lambda: iter((ok(b"Connection: close"), TEXT, 0.05, "unclean")),
    "3MiB": lambda: sized(3 * MIB),
    "3MiB-closed-end": lambda: iter((ok(b"Connection: close"), *body(3 * MIB), "close")),
    "6MiB": lambda: sized(6 * MIB),
    "300MiB": lambda: sized(300 * MIB),
    "endless": endless,
    "dripping": lambda: drip(200),
    "trickling": lambda: drip(1),
    "header-flood": header_flood,
    "endless-line": endless_line,
    "then-dropped": lambda: iter((ok(b"Content-Length: %d" % len(TEXT)) + TEXT, "drop next")),
}


@dataclass
class Turn:
    """One request that came in, and all that was sent in answer."""

    connection: int
    name: str
    tls: bool
    received: bytes
    sent: bytearray = field(default_factory=bytearray)
    #: only the length of what was sent is kept past a few MiB
    sent_bytes: int = 0

    def send(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        if len(self.sent) < 8 * MIB:
            self.sent += data


class WireServer:
    def __init__(self, certificate: tuple[Path, Path] | None = None, own: dict[str, Own] | None = None) -> None:
        """*own*: answers only this server gives, by name; a function makes one of the request."""
        self.turns: list[Turn] = []
        #: heads of the CONNECT requests
        self.tunnels: list[bytes] = []
        self._own = own or {}
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*certificate)
        self._lock = threading.Lock()
        self._connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # close() alone leaves the thread in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, ssl.SSLError, ValueError), connection:
            if self._tls is None:
                self._converse(connection)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secured:
                self._converse(secured)

    def _converse(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
        dropping = False
        while True:
            request = _read_request(connection)
            if not request:
                return
            method, target, _ = request.split(b" ", 2)
            if method == b"CONNECT":
                self._tunnel(connection, request)
                return
            path = re.sub(rb"^http://[^/]*", b"", target).decode()
            turn = Turn(number, path.lstrip("/").partition("?")[0], self._tls is not None, request)
            with self._lock:
                self.turns.append(turn)
            if dropping:
                return
            for step in _own_script(self._own[turn.name], request) if turn.name in self._own else _script(turn.name):
                match step:
                    case bytes():
                        # Counted first: what the peer has seen is always counted.
                        turn.send(step)
                        connection.sendall(step)
                    case float():
                        time.sleep(step)
                    case "drop next":
                        dropping = True
                    case "stall":
                        connection.settimeout(20)
                        while connection.recv(4096):
                            pass
                        return
                    case "close":
                        if isinstance(connection, ssl.SSLSocket):
                            connection.unwrap().close()
                        return
                    case "reset":
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    case "unclean":
                        # TLS without close_notify; on plain TCP there is no such thing
                        return

    def _tunnel(self, client: socket.socket, head: bytes) -> None:
        with self._lock:
            self.tunnels.append(head)
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 wire\r\n\r\n")
            other = {client: server, server: client}
            while True:
                for ready in select.select([client, server], [], [], 30)[0]:
                    try:
                        data = ready.recv(65536)
                    except ConnectionResetError:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    if not data:
                        return
                    other[ready].sendall(data)


def _own_script(own: Own, request: bytes) -> list[Step]:
    answer = own(request) if callable(own) else own
    return [answer] if isinstance(answer, bytes) else answer


def _script(name: str) -> Iterator[Step]:
    if name in SCRIPTS:
        yield from SCRIPTS[name]()
        return
    for ending in ("", ".close"):
        file = WIRE / f"{name}{ending}.http"
        if file.exists():
            yield file.read_bytes()
            if ending:
                yield "close"
            return
    yield b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: (\d+)", head)
    missing = (int(length[1]) if length else 0) - len(rest)
    while missing > 0:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
        missing -= len(more)
    return data


@functools.cache
def _key() -> object:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key: for load_cert_chain."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wire.test")])
    names = [x509.DNSName("wire.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, secret = directory / "wire.pem", directory / "wire.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, secret
