"""A small site on loopback that tells what it was asked, when, and how much at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

#: status, headers, body
Answer = tuple[int, Mapping[str, str], bytes]


def not_modified(asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Whether a request that has a validator has the one of the answer (RFC 9110, 13.2.2)."""
    if tags := asked.get("If-None-Match"):
        return headers.get("ETag", "").removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = asked.get("If-Modified-Since")
    return since is not None and since == headers.get("Last-Modified")


def in_chunks(body: bytes, size: int = 1000) -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def page(body: str, *, title: str = "page") -> Answer:
    html = f"<!doctype html><html lang=en><title>{title}</title><body>{body}</body></html>"
    return 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode()


@dataclass
class Asked:
    at: float
    path: str
    #: requests being answered at that moment, this one included
    at_a_time: int
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Answers out of *pages*: a path's answer, or a function that makes it; 404 for the rest, robots.txt too. An answer
    is chunked where its headers say so, cut off where they say that it is longer, and 304 where the request has the validator it gives."""

    def __init__(self, pages: Mapping[str, Answer | Callable[[], Answer]], *, slow_s: float = 0.0) -> None:
        self.pages = dict(pages)
        self.slow_s = slow_s
        self.asked: list[Asked] = []
        #: from so many requests on none is answered until `released`
        self.hold_at: int | None = None
        self.released = threading.Event()
        self._busy = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Header and body in one segment: apart, the second waits for a delayed ACK.
            wbufsize = 1 << 16

            def do_GET(self) -> None:
                self._give(site._answer(self.path, dict(self.headers)))

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                self._give(site._answer_post(self.path, dict(self.headers), sent))

            def _give(self, answer: Answer) -> None:
                status, headers, body = answer
                chunked = headers.get("Transfer-Encoding") == "chunked"
                if status == 200 and not_modified(self.headers, headers):
                    # As RFC 9110, 15.4.5 wants it: the fields that caches are updated by, and nothing of the body.
                    status, body, chunked = 304, b"", False
                    headers = {name: headers[name] for name in ("ETag", "Last-Modified") if name in headers}
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if not chunked and status != 304 and "Content-Length" not in headers:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(in_chunks(body) if chunked else body)
                finally:
                    with site._lock:
                        site._busy -= 1

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a crawl that is killed drops its connections

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        with self._lock:
            self._busy += 1
            self.asked.append(Asked(time.monotonic(), path, self._busy, headers))
            is_held = self.hold_at is not None and len(self.asked) >= self.hold_at
        if is_held:
            self.released.wait(600)
        if self.slow_s:
            time.sleep(self.slow_s)
        answer = self.pages.get(path, (404, {"Content-Type": "text/plain"}, b"not here"))
        return answer() if callable(answer) else answer

    def _answer_post(self, path: str, headers: Mapping[str, str], sent: bytes) -> Answer:
        del sent
        return self._answer(path, headers)


def tree(pages: int) -> dict[str, Answer]:
    """A binary tree of pages from ``/``, each with an image of its own."""
    site: dict[str, Answer] = {}
    for number in range(1, pages + 1):
        links = "".join(f'<a href="/p{child}">{child}</a>' for child in (2 * number, 2 * number + 1) if child <= pages)
        site["/" if number == 1 else f"/p{number}"] = page(f'{links}<img src="/i{number}.gif">', title=f"page {number}")
        site[f"/i{number}.gif"] = (200, {"Content-Type": "image/gif"}, b"GIF89a" + number.to_bytes(4, "big") * 20)
    return site
