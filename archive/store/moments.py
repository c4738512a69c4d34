"""Captures as points in time, of which a site may have a million."""

from __future__ import annotations

from dataclasses import dataclass, field

#: date as UTC and verbatim, record id, file, offset, crawl, URL, hops, row
Columns = tuple[str, str, str, str, int, str, str, str | None, int]


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A capture as a point in time. Captures of one second keep an order, whatever their row ids."""

    at: str
    warc_date: str
    record_id: str
    warc: str
    offset: int
    crawl: str = field(compare=False)
    url: str = field(compare=False)
    hops: str | None = field(compare=False)
    capture_id: int = field(compare=False)


class Moments:
    """Makes them; texts that stand in many rows are kept once."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def once(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def of(self, columns: Columns) -> Moment:
        at, warc_date, record_id, warc, offset, crawl, url, hops, capture_id = columns
        hops = None if hops is None else self.once(hops)
        return Moment(
            at, warc_date, record_id, self.once(warc), offset, self.once(crawl), self.once(url), hops, capture_id
        )
