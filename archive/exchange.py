"""What a crawl has to keep: an exchange as it came over the wire, and what a revisit in its place refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from archive.model import WireBytes

#: WARC 1.1, 5.13; the reasons the standard names.
Truncated = Literal["length", "time", "disconnect", "unspecified"]

#: why a range is masked that is no field's value: a declared secret stood there
DECLARED_SECRET = "secret"  # noqa: S105  # the name of a reason


@dataclass(frozen=True, slots=True)
class Redaction:
    """A range of bytes that holds ``x`` in place of a secret of the same length."""

    record: Literal["request", "response", "interim", "surplus"]
    start: int
    stop: int
    #: the header field it stood in, in lower case; `DECLARED_SECRET` for one that was found elsewhere
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a response was had from that did not come from its own URL: another archive's capture of it."""

    #: what was asked for
    url: str
    #: when, UTC
    fetched_at: datetime
    #: id of the record that holds the exchange with that archive
    record_id: str
    #: the digest that archive's index gives, where the payload has another one
    other_digest: str | None = None
    #: 14 digits of the capture that archive answered with, where it is another one with the same payload: the header
    #: section is that one's
    header_of: str | None = None
    #: header fields that are stored under other names, because they are not true of the stored bytes
    renamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as wire bytes (above TLS, below HTTP).

    *response* begins at the final status line: interim 1xx responses stand in *interim*, bytes that came after the
    message in *surplus*. It is None when not one byte of a final response came.
    """

    #: the URL as requested, without fragment
    url: str
    #: when the request was sent, UTC
    started_at: datetime
    request: WireBytes
    response: WireBytes | None
    #: length of the final response's header section, blank line included; None when it never ended
    header_bytes: int | None = None
    status: int | None = None
    #: ``sha256:`` over the payload (chunking undone, Content-Encoding on); None without a whole header section
    payload_digest: str | None = None
    payload_bytes: int = 0
    #: address of the peer; None behind a proxy, whose address is not the site's
    ip_address: str | None = None
    #: WARC-Protocol values, such as ``http/1.1`` and ``tls/1.3``
    protocols: tuple[str, ...] = ("http/1.1",)
    cipher_suite: str | None = None
    truncated: Truncated | None = None
    #: URL of the page this one was found on
    via: str | None = None
    #: Heritrix hop path from the seed, such as ``LLE``; empty for a seed
    hops: str = ""
    fetch_ms: int | None = None
    #: what went wrong, for a fetch that failed or a body that fell short
    error: str | None = None
    interim: bytes = b""
    surplus: bytes = b""
    #: what was masked, in the order of the bytes
    redactions: tuple[Redaction, ...] = ()
    #: where it was had from another archive: *started_at* is the original's time then, known to the second
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The response record that a revisit of its payload refers to."""

    record_id: str
    url: str
    #: WARC-Date verbatim
    date: str
    #: WARC-Payload-Digest, for a revisit that cannot compute it: of what was not sent again
    payload_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Validator:
    """What a server told with a response that is kept, and can tell by that it would send it again."""

    original: Original
    #: the request field that asks so
    field: Literal["If-None-Match", "If-Modified-Since"]
    #: latin-1 text, as the server wrote it
    value: str
    payload_bytes: int
