"""The crawl that a WARC file is of, as its warcinfo record tells it; ours tell it, others' need not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from archive import times
from archive.errors import BadRecord
from archive.model import Crawl, Record
from archive.warc.fields import read_warc_fields
from archive.warc.reader import read_records

#: the warcinfo field of a file that holds what a crawl had missed and was fetched later
PATCHES = "bewaar-patch"
#: of a file, before its first capture; ours has three
OPENING_RECORDS = 1_000
_CRAWL_ID = re.compile(r"([a-z0-9_-]{1,100})-\d{17}", re.ASCII)


def opening(path: Path) -> Iterator[Record]:
    """What stands in a file before its first capture: whose crawl it is, and with which profile."""
    return opening_of(read_records(path))


def opening_of(records: Iterable[Record]) -> Iterator[Record]:
    for record in islice(records, OPENING_RECORDS):
        if record.type not in ("warcinfo", "metadata"):
            return
        yield record


def crawl_of(path: Path) -> Crawl | None:
    """The crawl a file belongs to, as its first record tells; None for files that do not tell."""
    try:
        first = next(opening(path), None)
    except BadRecord:
        return None
    return told_crawl(first) if first else None


def told_crawl(record: Record, known: Crawl | None = None) -> Crawl | None:
    """The crawl that a warcinfo of ours tells; None where it tells none. Others' names of crawls name nothing: all who
    leave a program's settings as they are have one of the same name."""
    if record.type != "warcinfo":
        return None
    info = read_warc_fields(record.block.chunks())
    crawl_id, site = info.get("isPartOf", ""), info.get("bewaar-site", "")
    named = _CRAWL_ID.fullmatch(crawl_id)
    if named is None or named[1] != site:
        return None
    try:
        started_at = times.captured_at(info.get("bewaar-started") or record.date)
    except (ValueError, OverflowError):
        return None
    if known and known.id == crawl_id and PATCHES in info:
        return known  # what was fetched later changes nothing of what the crawl was
    if known and known.id == crawl_id:
        # A crawl that was taken up again, perhaps with other settings: the last word counts, as in the database.
        return replace(
            known,
            software=info.get("software", "unknown"),
            operator=info.get("operator"),
            profile_digest=info.get("bewaar-profile-digest"),
        )
    return Crawl(
        id=crawl_id,
        site=site,
        started_at=started_at,
        finished_at=None,
        status="interrupted",
        software=info.get("software", "unknown"),
        operator=info.get("operator"),
        profile_digest=info.get("bewaar-profile-digest"),
    )
