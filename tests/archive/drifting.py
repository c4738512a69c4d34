"""A page whose lists change from crawl to crawl, and what is told of it."""

from __future__ import annotations

from tests.archive.store_builders import (
    crawl,
    found,
    member,
    reading,
    rows,
    write,
)

SEVEN = ("A", "B", "C", "D", "E", "F", "G")
OTHER = "http://example.test/other"
IDENTITY = found("identity", [member("Title"), member("nl"), member("cms")])


def drift(store, *anchors: str, **expected: int) -> list[tuple]:
    """(crawl's number, role, kind), derived anew."""
    store.derive("example", anchors=anchors, expected=expected)
    numbers = {crawl(number).id: number for number in range(120)}
    found_rows = rows(store, "SELECT crawl_id, role, kind FROM drift ORDER BY crawl_id, role, id")
    return [(numbers[of], role, kind) for of, role, kind in found_rows]


def show(store, *shown, start: int = 0, **more) -> None:
    """A crawl a day of one page."""
    for number, sections in enumerate(shown, start):
        write(store, number, reading(number, *(sections if isinstance(sections, tuple) else (sections,)), **more))
