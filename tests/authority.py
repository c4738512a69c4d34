"""A time stamp authority on loopback: `openssl ts -reply` behind HTTP, with a CA of its own."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

CONFIGURATION = """[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = between.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""
EXTENSIONS = {
    "root": "basicConstraints=critical,CA:TRUE",
    "between": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
    "tsa": "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature",
}


def openssl(place: Path, *arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def issue(place: Path, name: str, issuer: str | None, extensions: str, *, key: str = "ec", days: int = 30) -> Path:
    """NAME.key and NAME.pem in *place*, signed by *issuer*, or by itself."""
    kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    openssl(place, "genpkey", "-algorithm", *kind, "-out", f"{name}.key")
    openssl(place, "req", "-new", "-key", f"{name}.key", "-subj", f"/O=Test/CN={name}", "-out", f"{name}.csr")
    (place / f"{name}.ext").write_text(extensions)
    by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"] if issuer else ["-key", f"{name}.key"]
    openssl(place, "x509", "-req", "-in", f"{name}.csr", *by, "-days", str(days), "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")  # fmt: skip
    return place / f"{name}.pem"


class Authority:
    """What its server answers with is ``answer``: (query) to (status, content type, body)."""

    def __init__(self, place: Path, *, key: str = "rsa") -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.place = place
        self.root = issue(place, "root", None, EXTENSIONS["root"])
        issue(place, "between", "root", EXTENSIONS["between"])
        issue(place, "tsa", "between", EXTENSIONS["tsa"], key=key)
        (place / "serial").write_text("01\n")
        (place / "tsa.cnf").write_text(CONFIGURATION)
        self.answer: Callable[[bytes], tuple[int, str, bytes]] = self.grant
        self.queries: list[bytes] = []
        self.wait_s = 0.0

    def grant(self, query: bytes) -> tuple[int, str, bytes]:
        return 200, "application/timestamp-reply", self.reply(query)

    def reply(self, query: bytes, *options: str) -> bytes:
        (self.place / "q.tsq").write_bytes(query)
        openssl(self.place, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr", *options)
        return (self.place / "r.tsr").read_bytes()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/tsr"

    def __enter__(self) -> Self:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                authority.queries.append(query)
                time.sleep(authority.wait_s)
                status, kind, body = authority.answer(query)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if 300 <= status < 400:
                    self.send_header("Location", "https://elsewhere.test/")
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has heard enough
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
