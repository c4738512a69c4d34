"""Which exchange may be written as a revisit of a record that is there (WARC 1.1, 6.7.2, identical-payload-digest; what
a server says it need not send again, 6.7.3, is in `archive.warc.validators`).

Equal payloads are not enough for whoever replays it: replay takes the header section from the revisit and the bytes
behind it from the original. So both must frame and code them alike: pywb shows chunk sizes as text where the original
was chunked and the revisit is not, or the other way round.
"""

from __future__ import annotations

from archive.digests import same
from archive.errors import BadHttp
from archive.exchange import Exchange
from archive.model import Capture, HttpResponse, Record, WireBytes
from archive.warc.http import parse_response

PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


def may_refer(exchange: Exchange) -> bool:
    """Whether *exchange* holds a payload that an earlier record can stand for: whole, and of at least one byte."""
    return (
        exchange.response is not None
        and exchange.header_bytes is not None
        and exchange.payload_digest is not None
        and exchange.payload_bytes > 0
        and exchange.truncated is None
        and exchange.error is None
        # What a range request brought is no whole payload (RFC 9110, 15.3.7).
        and exchange.status != 206
    )


def is_original(record: Record, exchange: Exchange) -> bool:
    """Whether *record*, whose payload digest is the exchange's, can stand behind the exchange's own header section."""
    if record.type != "response" or record.field("WARC-Truncated") or exchange.response is None:
        return False
    try:
        return _framing(parse_response(record.block)) == _framing(parse_response(exchange.response))
    except BadHttp:
        return False


def is_not_modified_revisit(record: Record) -> bool:
    """Whether *record* is a server's word that nothing changed, by whichever version of the standard."""
    return record.type == "revisit" and (record.field("WARC-Profile") or "").endswith("/server-not-modified")


def is_declared(capture: Capture, digest: str, payload: WireBytes) -> bool:
    """Whether the payload, of which *digest* is ours, is what a revisit says it is of."""
    declared = capture.declared_digest
    if declared is None:  # WARC 1.1, 6.7.3 asks for none: the payload is the original's, whatever it is
        return capture.status == 304
    if declared == digest:
        return True
    try:
        return same(declared, payload.chunks())[0]
    except ValueError:
        return False


def _framing(response: HttpResponse) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Transfer codings and content codings as they are stated, over all fields of that name."""
    transfer, content = (
        tuple(
            coding.strip().lower()
            for field, value in response.headers
            if field.lower() == name
            for coding in value.split(",")
            if coding.strip()
        )
        for name in ("transfer-encoding", "content-encoding")
    )
    return transfer, content
