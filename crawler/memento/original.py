"""From another archive's answer to the response it stands for: that of the original URL, then.

The bytes of the payload are those that came; of the header section is true what the archive says of the original:
fields named ``X-Archive-Orig-...``, as Wayback and pywb send them, and those that describe the payload. All others may
be the archive's own, and stand in the record of the exchange only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from urllib.parse import urlsplit

from archive import digests
from archive.errors import BewaarError, Damaged
from archive.exchange import Exchange, Source, Truncated
from archive.model import HttpResponse, Record, WireBytes
from archive.times import parse
from archive.urls import urlkey
from archive.warc import http
from archive.warc.blocks import InMemory, hold
from crawler.memento.address import replay_of, unwrapped
from crawler.memento.listing import Listed, digits_of, links_of, moment_of

#: how an archive names a field of the original
ORIGINAL = "x-archive-orig-"
#: of the payload, whoever sends it
_OF_PAYLOAD = frozenset({"content-type", "content-language", "content-disposition", "content-length", "location"})
#: true of bytes as they were framed then, which is not how they are stored
_OF_FRAMING = frozenset({"transfer-encoding", "trailer"})
#: what is looked through for traces of rewriting
_LOOKED_AT_BYTES = 16 << 20
_TEXTS = re.compile(r"text/|application/(?:xhtml|xml|json|javascript|x-javascript|rss|atom)", re.IGNORECASE)
#: what replay programs put into pages
_INSERTED = re.compile(
    rb"WB Insert|WAYBACK TOOLBAR INSERT|BEGIN WAYBACK|End Wayback Rewrite|/wombat(?:\.bundle)?\.js|bundle-playback\.js"
    rb"|\bwbinfo\s*=|_static/js/wombat",
    re.IGNORECASE,
)


_TRUNCATED: Mapping[str, Truncated] = {
    "length": "length",
    "time": "time",
    "disconnect": "disconnect",
    "unspecified": "unspecified",
}


class NotThatCapture(BewaarError):
    """The archive answers with something else than the capture it was asked for."""


class Rewritten(BewaarError):
    """The archive changed what it captured before it handed it out."""


def original(record: Record, listed: Listed) -> Exchange:
    """What *record*, an archive's answer to a request for *listed*, says the original URL answered then.

    Raises NotThatCapture and Rewritten; BadHttp for what is no HTTP.
    """
    answer = http.parse_response(record.block)
    source_url = record.url or ""
    payload = http.payload(record.block, answer)
    is_listed, computed = _compare(listed.digest, payload)
    _check_is_url(answer, listed, source_url)
    other_at = _other_time(answer, listed)
    # A revisit may be shown as what it repeats: what it is of, the index says.
    is_repeated = is_listed and payload.size > 0 and listed.status in (None, str(answer.status))
    if other_at and not is_repeated:
        raise NotThatCapture(f"it answers with its capture of {other_at!r}")
    if not is_listed and (trace := _trace_of_rewriting(answer, payload, source_url)):
        raise Rewritten(trace)
    header, renamed = _header(answer, payload, source_url, is_listed=is_listed)
    block = hold(chain([header], payload.chunks()))
    at = moment_of(listed.at)
    assert at is not None  # only such are asked for
    other = f"{listed.digest}, not {computed}" if listed.digest and not is_listed else None
    return Exchange(
        url=listed.url,
        started_at=at,
        request=InMemory(b""),
        response=block,
        header_bytes=len(header),
        status=answer.status,
        payload_digest=digests.sha256_chunks(payload.chunks()),
        payload_bytes=payload.size,
        protocols=(),
        truncated=_truncated(record),
        source=Source(source_url, parse(record.date), record.id, other, other_at, renamed),
    )


def _truncated(record: Record) -> Truncated | None:
    """Of a revisit the record is short, not what it stands for."""
    said = record.field("WARC-Truncated") if record.type == "response" else None
    return _TRUNCATED.get(said or "")


def _other_time(answer: HttpResponse, listed: Listed) -> str | None:
    """Of the capture that is answered with, where it is another; 14 digits. Raises NotThatCapture for no capture."""
    said = answer.header("Memento-Datetime")
    if said is None:
        to = f", to {answer.header('Location')}" if 300 <= answer.status < 400 else ""
        raise NotThatCapture(f"HTTP status {answer.status}{to}, and no Memento-Datetime: not a capture")
    at = digits_of(said)
    return None if at == listed.at else at or said[:40]


def _check_is_url(answer: HttpResponse, listed: Listed, source_url: str) -> None:
    for name, value in answer.headers:
        if name.lower() != "link":
            continue
        for url, about in links_of(value):
            if "original" in about.get("rel", "").lower().split() and not _is_same(url, listed.url):
                raise NotThatCapture(f"it answers with a capture of {url[:200]}")
    applied = (answer.header("Preference-Applied") or "").lower()
    if replay_of(source_url) is None and "original-content" not in applied and "raw" not in applied:
        raise Rewritten("the archive has no unrewritten form of its captures that is known (id_, Prefer)")


def _is_same(one: str, other: str) -> bool:
    return urlkey(one) == urlkey(other) and one.partition(":")[0].lower() == other.partition(":")[0].lower()


def _compare(declared: str | None, payload: WireBytes) -> tuple[bool, str | None]:
    """Whether the payload has the digest that the archive's index gives, and what it has."""
    if declared is None:
        return False, None
    try:
        return digests.same(declared, payload.chunks())
    except ValueError:
        return False, None


def _trace_of_rewriting(answer: HttpResponse, payload: WireBytes, source_url: str) -> str | None:
    """What stands in a text that only a replay program writes; None where nothing does."""
    if not _TEXTS.match(answer.header("Content-Type") or "text/"):
        return None
    try:
        body = http.body(payload, answer, limit=_LOOKED_AT_BYTES).data
    except Damaged:
        return None
    if found := _INSERTED.search(body):
        return f"{found[0].decode('latin-1')!r} was put into it"
    prefix = replay_of(source_url)
    if prefix is None:
        return None
    parts = urlsplit(prefix)
    # A collection at the root has no path to be known by: there its host must be named.
    paths = [f"//{parts.netloc}{parts.path}", *([parts.path] if len(parts.path) > 1 else [])]
    rewritten = b"(?:%s)[0-9]{4,14}(?:[a-z]{2}_)?/+https?(?::|%%3A)" % b"|".join(
        re.escape(path.encode()) for path in paths
    )
    found = re.search(rewritten, body, re.IGNORECASE)
    return f"its links lead into the archive: {found[0].decode('latin-1')}" if found else None


def _header(
    answer: HttpResponse, payload: WireBytes, source_url: str, *, is_listed: bool
) -> tuple[bytes, tuple[str, ...]]:
    """The header section, and the fields in it that keep the archive's name for them."""
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}".rstrip()]
    renamed: list[str] = []
    told = {name.lower()[len(ORIGINAL) :] for name, _ in answer.headers if name.lower().startswith(ORIGINAL)}
    for name, value in _fields(answer, told, source_url):
        kept = name
        if name.lower() == "content-length" and value.strip() != str(payload.size):
            continue
        if name.lower().startswith(ORIGINAL):
            inner = name[len(ORIGINAL) :]
            if inner and _is_true(inner.lower(), value, answer, payload, is_listed=is_listed):
                kept = inner
            else:
                renamed.append(name)
        lines.append(f"{kept}: {value}")
    block = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    return block, tuple(dict.fromkeys(renamed))


def _fields(answer: HttpResponse, told: set[str], source_url: str) -> Iterator[tuple[str, str]]:
    """What may be of the original: as the archive names it, or of the payload and named by nobody else."""
    for name, value in answer.headers:
        lower = name.lower()
        plain = lower.removeprefix(ORIGINAL)
        if plain == "location" and (lower != plain or plain not in told):
            yield name, unwrapped(value, source_url)
        elif lower == "content-encoding":
            yield name, value  # the bytes have this one, whatever the original's was
        elif plain == "content-encoding" and value.strip().lower() == _coding(answer):
            continue
        elif lower != plain or (lower in _OF_PAYLOAD and lower not in told):
            yield name, value


def _coding(answer: HttpResponse) -> str:
    return (answer.header("Content-Encoding") or "").strip().lower()


def _is_true(name: str, value: str, answer: HttpResponse, payload: WireBytes, *, is_listed: bool) -> bool:
    """Whether a field of the original says the truth of the bytes as they are stored."""
    if name in _OF_FRAMING:
        return False
    if name == "content-length":
        return value.strip() == str(payload.size)
    if name == "content-encoding":
        # An archive may undo the coding, and keep the field.
        has_it = "gzip" in value.lower() and b"".join(payload.chunks(0, 2)) == b"\x1f\x8b"
        return not _coding(answer) and (is_listed or has_it)
    return True
