"""Facts of one page, and the sites of an archive, as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from rich.markup import escape
from rich.table import Table

from archive.model import Fact
from crawler.examine import Examined
from crawler.roster import Listed

_BASE = {field.name for field in fields(Fact)}
_QUOTE_CHARS = 60
_VALUE_CHARS = 100


def facts_as_table(found: Examined) -> Table:
    table = Table("section", "value", "kind", "says", "sure", "rule", "quote", "bytes")
    for section in found.sections:
        for fact in section.facts:
            place = fact.evidence
            sure = f"{fact.confidence:.2f}{' ?' if fact.tier == 'candidate' else ''}"
            cells = (
                section.role, _cut(fact.value, _VALUE_CHARS), fact.kind or "", _says(fact), sure, fact.rule,
                _cut(place.quote, _QUOTE_CHARS), f"{place.byte_start}-{place.byte_end}",
            )  # fmt: skip
            # A page may hold what rich takes for markup, and control characters.
            table.add_row(*(escape(_printable(cell)) for cell in cells))
    return table


def sites_as_table(found: Sequence[Listed]) -> Table:
    schedules = any(listed.schedule for listed in found)
    table = Table("site", "begins at", "last crawl", "ended", "pages", *(["schedule"] if schedules else []))
    for listed in found:
        more = f" and {len(listed.seeds) - 1} more" if len(listed.seeds) > 1 else ""
        seed = f"{listed.seeds[0]}{more}" if listed.seeds else "its profile is wrong"
        ended = listed.status or ("looked at only" if listed.looked_at else "never crawled")
        pages = "" if listed.pages is None else str(listed.pages)
        cells = [listed.name, _cut(seed, _VALUE_CHARS), listed.started_at or listed.looked_at or "", ended, pages]
        table.add_row(*(escape(_printable(cell)) for cell in (*cells, *([listed.schedule or ""] if schedules else []))))
    return table


def told_of(found: Examined) -> Iterator[str]:
    """What the table does not show: sections without facts, what selectors did, where the page is from."""
    empty = [section.role for section in found.sections if section.state == "empty"]
    absent = [section.role for section in found.sections if section.state == "absent"]
    if empty:
        yield f"announced, with nothing in it: {', '.join(empty)}"
    if absent:
        yield f"not on this page: {', '.join(absent)}"
    for section in found.sections:
        if (compared := section.compared) is not None:
            yield (
                f"{section.role}: selectors found {compared.selected}, the finder by itself {compared.found}, "
                f"both {compared.both}"
            )
    if any(fact.tier == "candidate" for section in found.sections for fact in section.facts):
        yield "?: a candidate, found by its shape alone; no timeline is made of it"
    if found.kept is not None:
        place = found.kept.place
        yield f"captured {found.kept.captured_at}, in {place.file} at {place.offset}, record {found.kept.record_id}"
    if found.profile is not None:
        yield f"read with the profile {found.profile}{', as its crawl recorded it' if found.recorded else ''}"


def _says(fact: Fact) -> str:
    """What the fact tells beside its value: year, what its kind adds, whom it benefits."""
    said: dict[str, Any] = {"year": fact.year} if fact.year else {}
    said |= {field.name: getattr(fact, field.name) for field in fields(fact) if field.name not in _BASE}
    said |= {"for": fact.beneficiary} if fact.beneficiary else {}
    return ", ".join(name if value is True else f"{name} {value}" for name, value in said.items() if value)


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
