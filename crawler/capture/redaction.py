"""What of an exchange the archive must not hold, masked before anything is written: same length, ``x`` for each byte.

Masked are

- the values of Authorization and Proxy-Authorization in requests;
- cookies' values, in Cookie and Set-Cookie, towards and from the hosts of a logged-in session, in the trailer section
  of a chunked body too;
- every declared secret, in any spelling (`forms`), wherever it stands: request, header section, body.

Of a body with a content coding no part can be masked and the rest be read: where a secret stands in what it decodes to,
all of it is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from archive.digests import sha256_chunks
from archive.errors import BadHttp, Damaged
from archive.exchange import DECLARED_SECRET, Exchange, Redaction
from archive.model import HttpResponse, WireBytes
from archive.warc import http
from archive.warc.blocks import InMemory, Part, join, mask
from crawler.capture.forms import Forms, merged

#: a body that holds more is masked from there on: nothing on earth repeats a secret so often by accident
MAX_IN_BODY = 1000
#: a coded body is decoded to look into it up to this size
MAX_DECODED_BYTES = 32 << 20

_FIELD = re.compile(rb"^([^\s:]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
#: the text of one line of a folded value
_TEXT = re.compile(rb"[^\s](?:[^\r\n]*[^\s])?")
_ATTRIBUTE = re.compile(
    rb"\s*(?:secure|httponly|partitioned|path\s*=[^,;=]*|domain\s*=[\w.:\[\]\s-]*|expires\s*=[\w:,+ -]*"
    rb"|max-age\s*=[\s\d-]*|samesite\s*=[\w\s]*|priority\s*=[\w\s]*|version\s*=[\s\d]*|)\s*",
    re.IGNORECASE,
)
_WHOLE = frozenset({b"authorization", b"proxy-authorization"})
_COOKIES = frozenset({b"cookie", b"cookie2"})
_SET_COOKIES = frozenset({b"set-cookie", b"set-cookie2"})
_HAS_WHOLE = re.compile(rb"\nproxy-authorization|\nauthorization", re.IGNORECASE)

#: (start, stop, why)
_Range = tuple[int, int, str]


class Redactor:
    def __init__(self, secrets: Iterable[str] = (), domains: Iterable[str] = ()) -> None:
        """*domains*: the hosts whose cookies are a session's, and all hosts below them."""
        self._forms = Forms(secrets)
        self._domains = tuple(domains)

    def text(self, text: str) -> str:
        """*text* with every declared secret in it masked."""
        if not self._forms or not (found := self._forms.find(text.encode("utf-8", "surrogateescape"))):
            return text
        return b"".join(mask(InMemory(text.encode("utf-8", "surrogateescape")), found).chunks()).decode(
            "utf-8", "surrogateescape"
        )

    def redact(self, exchange: Exchange) -> Exchange:
        """*exchange* as it may be written, digests included.

        Raises ArchiveFault, or DiskFull, when a large chunked body cannot be spooled.
        """
        session = self._is_session(exchange.url)
        sent = self._in_request(exchange.request, session=session)
        if not self._forms and not session:
            if not sent:
                return exchange
            return replace(exchange, request=_masked(exchange.request, sent), redactions=(*_named("request", sent),))
        received = self._in_response(exchange, session=session)
        interim = self._in_head(exchange.interim, session=session)
        surplus = self._in_head(exchange.surplus, session=session)
        redacted = replace(
            exchange,
            url=self.text(exchange.url),
            via=self.text(exchange.via) if exchange.via else exchange.via,
            error=self.text(exchange.error) if exchange.error else exchange.error,
            request=_masked(exchange.request, sent),
            response=exchange.response and _masked(exchange.response, received),
            interim=join(_masked(InMemory(exchange.interim), interim)),
            surplus=join(_masked(InMemory(exchange.surplus), surplus)),
            redactions=(
                *_named("request", sent),
                *_named("response", received),
                *_named("interim", interim),
                *_named("surplus", surplus),
            ),
        )
        if redacted.payload_digest is not None and any(why == DECLARED_SECRET for _, _, why in received):
            return _with_digest(redacted)
        return redacted

    def _is_session(self, url: str) -> bool:
        if not self._domains:
            return False
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            return True
        return any(host == domain or host.endswith(f".{domain}") for domain in self._domains)

    def _in_request(self, request: WireBytes, *, session: bool) -> list[_Range]:
        head = b"".join(request.chunks(0, http.MAX_HEADER_BYTES))
        if not self._forms and not session and not _HAS_WHOLE.search(head):
            return []  # almost every request of almost every crawl
        spans = self._forms.find_in(http.with_offsets(request.chunks()))
        return _apart([*_fields(head[: _end(head)], session=session), *_secrets(spans)])

    def _in_head(self, head: bytes, *, session: bool) -> list[_Range]:
        fields = _fields(head, session=True) if session else ()
        return _apart([*fields, *_secrets(self._forms.find(head))])

    def _in_response(self, exchange: Exchange, *, session: bool) -> list[_Range]:
        block, end = exchange.response, exchange.header_bytes
        if block is None:
            return []
        head = b"".join(block.chunks(0, min(block.size, http.MAX_HEADER_BYTES) if end is None else end))
        found = self._in_head(head, session=session)
        if block.size <= len(head):
            return found
        if session:
            found += _in_trailers(block, head)
        if not self._forms:
            return found
        return _apart([*found, *_secrets(self._in_body(block, head, whole=end is not None))])

    def _in_body(self, block: WireBytes, head: bytes, *, whole: bool) -> list[tuple[int, int]]:
        start, size = len(head), block.size
        spans = _few(self._forms.find_in(http.with_offsets(block.chunks(start), start)), size)
        try:
            response = replace(http.parse_response(head), header_bytes=start)
        except BadHttp:
            return spans
        framed = Part(block, start)
        pieces = ((start + at, piece) for at, piece in http.dechunk_in_place(framed))
        if http.is_chunked(response):
            # A chunk may end inside a secret.
            spans += _few(self._forms.find_in(pieces), size)
        if whole and response.header("Content-Encoding") and self._is_in_coded(block, response):
            if not http.is_chunked(response):
                return [(start, size)]
            pieces = ((start + at, piece) for at, piece in http.dechunk_in_place(framed))
            return merged([*spans, *_few(((at, at + len(piece)) for at, piece in pieces), size)])
        return merged(spans)

    def _is_in_coded(self, block: WireBytes, response: HttpResponse) -> bool:
        """What cannot be decoded is not looked into."""
        try:
            body = http.body(http.payload(block, response), response, limit=MAX_DECODED_BYTES)
        except Damaged:
            return False
        return bool(self._forms.find(body.data))


def _with_digest(exchange: Exchange) -> Exchange:
    """The payload is what stands in the block now."""
    assert exchange.response is not None
    try:
        payload = http.payload(exchange.response, http.parse_response(exchange.response))
    except BadHttp:
        return replace(exchange, payload_digest=None)
    return replace(exchange, payload_digest=sha256_chunks(payload.chunks()), payload_bytes=payload.size)


def _few(spans: Iterable[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """*spans*; of too many, all from there to the *end* as one."""
    found = []
    for span in spans:
        found.append(span)
        if len(found) > MAX_IN_BODY:
            found = merged(found)
        if len(found) > MAX_IN_BODY:
            return [*found[:MAX_IN_BODY], (found[MAX_IN_BODY][0], end)]
    return merged(found)


def _in_trailers(block: WireBytes, head: bytes) -> Iterator[_Range]:
    """What is masked of the trailer section (RFC 9110, 6.5)."""
    start = len(head)
    try:
        if not http.is_chunked(http.parse_response(head)):
            return
    except BadHttp:
        return
    at = http.trailer_offset(Part(block, start))
    if at is not None:
        start += at
        trailers = b"".join(block.chunks(start, min(block.size, start + http.MAX_HEADER_BYTES)))
        for begins, ends, why in _fields(trailers, session=True):
            yield start + begins, start + ends, why


def _secrets(spans: Iterable[tuple[int, int]]) -> Iterator[_Range]:
    for start, stop in spans:
        yield start, stop, DECLARED_SECRET


def _end(head: bytes) -> int:
    """Where the header section of a request of ours ends."""
    found = head.find(b"\r\n\r\n")
    return len(head) if found < 0 else found + 4


def _fields(head: bytes, *, session: bool) -> Iterator[_Range]:
    """Values of header fields that are masked for what they are."""
    for field in _FIELD.finditer(head):
        name, (start, stop) = field[1].lower(), field.span(2)
        if name in _WHOLE:
            yield from _lines(head, start, stop, name)
        elif session and name in _COOKIES:
            for pair_start, pair_stop in _parts(head, start, stop):
                yield from _cookie(head, pair_start, pair_stop, name)
        elif session and name in _SET_COOKIES:
            for number, (part_start, part_stop) in enumerate(_parts(head, start, stop)):
                if not number or not _ATTRIBUTE.fullmatch(head, part_start, part_stop):
                    yield from _cookie(head, part_start, part_stop, name)


def _parts(head: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = head.find(b";", start, stop)
        end = stop if end < 0 else end
        yield start, end
        start = end + 1


def _cookie(head: bytes, start: int, stop: int, why: bytes) -> Iterator[_Range]:
    """The value of ``name=value``; all of what has no name."""
    equals = head.find(b"=", start, stop)
    yield from _lines(head, start if equals < 0 else equals + 1, stop, why)


def _lines(head: bytes, start: int, stop: int, why: bytes) -> Iterator[_Range]:
    for text in _TEXT.finditer(head, start, stop):
        yield *text.span(), why.decode()


def _apart(ranges: Iterable[_Range]) -> list[_Range]:
    """In order, and none over another: the first of two that overlap names both."""
    found: list[_Range] = []
    for start, stop, why in sorted(ranges):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]), found[-1][2])
        else:
            found.append((start, stop, why))
    return found


def _masked(block: WireBytes, ranges: list[_Range]) -> WireBytes:
    return mask(block, [(start, stop) for start, stop, _ in ranges]) if ranges else block


def _named(record: Literal["request", "response", "interim", "surplus"], ranges: list[_Range]) -> Iterator[Redaction]:
    for start, stop, why in ranges:
        yield Redaction(record, start, stop, why)
