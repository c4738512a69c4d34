"""What a recovered page leads to, and what it is made of: for archives that tell of one URL at a time."""

from __future__ import annotations

from archive.errors import BadHttp, Damaged
from archive.exchange import Exchange
from archive.model import HTML
from archive.warc import http
from crawler.discover import discover

#: a larger page leads nowhere: it is parsed in the process that fetches
PAGE_BYTES = 4 << 20
_KINDS = HTML | {"text/css"}


def links_of_page(exchange: Exchange) -> list[str]:
    """Never raises. Guesses out of scripts are left out: each costs the archive a request."""
    if exchange.response is None:
        return []
    try:
        response = http.parse_response(exchange.response)
        mime = http.mime(response) or ""
        body = b""
        if mime in _KINDS and exchange.payload_bytes <= PAGE_BYTES:
            body = http.body(http.payload(exchange.response, response), response, limit=PAGE_BYTES).data
    except (BadHttp, Damaged):
        return []
    links = discover(exchange.url, mime, response.headers, body)
    return list(dict.fromkeys(link.url for link in links if not link.context.startswith("script")))
