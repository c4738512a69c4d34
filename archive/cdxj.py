"""CDXJ: one line for each capture, sorted by SURT key and time, that replay looks captures up in.

A line is ``urlkey time {json}`` (CDXJ 0.1, 4): the key as `archive.urls` makes it, the time in 14 digits, and a JSON
object whose values are all strings, whatever they count. pywb, ReplayWeb.page and cdxj-indexer read and write the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from archive import times
from archive.model import Capture


def cdxj_line(capture: Capture, *, record_digest: str | None = None) -> str:
    """The line of *capture*, without its line end. *record_digest* is over the gzip member, as WACZ asks for it.

    What the record does not have is left out. The digest is the one the file declares, so that a revisit finds its
    original; ours stands in where there is none.
    """
    fields = {
        "url": capture.url,
        "mime": "warc/revisit" if capture.type == "revisit" else capture.mime,
        "status": capture.status,
        "digest": capture.declared_digest or capture.payload_digest,
        "length": capture.place.length,
        "offset": capture.place.offset,
        "filename": capture.place.file,
        "recordDigest": record_digest,
    }
    block = json.dumps({name: str(value) for name, value in fields.items() if value is not None})
    return f"{capture.urlkey} {times.digits14(capture.warc_date)} {block}"


def cdxj_index(captures: Iterable[Capture]) -> Iterator[str]:
    """The lines of an index, in the order of ``LC_ALL=C sort``. Failed fetches have no place in it: there is nothing to
    replay.
    """
    # Keys and JSON are ASCII, so code points sort as bytes do.
    yield from sorted(cdxj_line(capture) for capture in captures if capture.type != "failure")
