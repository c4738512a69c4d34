"""What the capture tells the rest of the crawler, as Scrapy signals (connect with ``crawler.signals.connect``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archive.exchange import Truncated
from archive.model import Place

#: ``(captured: Captured, request: Request)``, in the reactor's thread: the exchange is written, not yet synced
captured = object()
#: ``(file: str, offset: int)``: all of *file* before *offset* is on disk
synced = object()
#: ``(sealed: archive.warc.writer.Sealed)``: a WARC file has its final name and is not written any more
sealed = object()
#: ``()``: the closing record is written and the last file sealed, or could not be (`CaptureExtension.fault`)
closed = object()


@dataclass(frozen=True, slots=True)
class Captured:
    """Where one attempt to fetch a URL was written: a response, or the record of a failure."""

    record_id: str
    place: Place
    #: as `archive.warc.writer.Written.spans`
    spans: tuple[tuple[int, int], ...]
    #: WARC-Date verbatim
    warc_date: str
    url: str
    #: HTTP status; None when no header section came
    status: int | None
    truncated: Truncated | None
    #: why there is no response, or why it is short
    error: str | None
    #: size of the response as it came over the wire
    bytes: int
    #: ranges of its records that are masked
    redactions: int
    #: written as a revisit: its payload is there (``identical``), or the server says so (``not-modified``)
    revisit: Literal["identical", "not-modified"] | None = None
    #: of the payload that is not stored again
    spared_bytes: int = 0
