"""A comparison, and what a search found, as people read it on a terminal. Titles and names are the archive's:
control characters are shown, not obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archive.counted import counted
from archive.report.diff import PageDiff, SectionDiff, Seen, SiteDiff, Unknown
from archive.report.points import Point
from archive.report.search import CLOSE, OPEN, Hits

_SIGNS = {"no longer listed": "-", "listed": "+", "reworded": "~", "logo replaced": "~"}
#: lines of one page's text, pages of one reason
_MOST_LINES = 8
_MOST_PAGES = 5
_WIDE = 160


def as_text(found: SiteDiff) -> Iterator[str]:
    yield found.site
    yield f"  A  {_point(found.a)}"
    yield f"  B  {_point(found.b)}"
    for section in found.sections:
        yield from _section(section, found)
    for page in found.pages:
        yield from _page(page)
    yield from _unknown(found)
    if not (found.sections or found.pages or found.unknown):
        yield ""
        yield "no difference"
    yield ""
    kinds = {kind: sum(page.kind == kind for page in found.pages) for kind in ("new", "gone", "changed")}
    listed = sum(len(section.differences) for section in found.sections)
    yield (
        f"{counted(difference=listed)} in lists; pages: {kinds['new']} new,"
        f" {kinds['gone']} gone, {kinds['changed']} changed, {found.unchanged} unchanged;"
        f" {len({one.page_key for one in found.unknown})} with something unknown"
    )


def _steerless(line: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def clean(text: str, wide: int = _WIDE) -> str:
    r"""One line that cannot steer a terminal.

    >>> clean("a\n\x1b[2Jb")
    'a \\x1b[2Jb'
    """
    line = _steerless(" ".join(text.split()))
    return line if len(line) <= wide else f"{line[: wide - 1]}…"


def _point(point: Point) -> str:
    if point.crawl is None:
        return f"{point.given}: the last capture of each page until {point.at}"
    said = "" if point.given == point.crawl else f"{point.given}: "
    return f"{said}crawl {point.crawl}, begun {point.at}"


def _section(section: SectionDiff, found: SiteDiff) -> Iterator[str]:
    yield ""
    more = f" and {counted(other_page=len(section.pages) - 1)}" if len(section.pages) > 1 else ""
    yield f"{section.role} on {_named(section.pages[0], found)}{more}"
    for one in section.differences:
        sign = _SIGNS[one.kind]
        if one.kind == "reworded":
            yield f"  {sign} reworded: {clean(one.before or '')}"
            yield f"           to: {clean(one.after or '')}"
        elif one.kind == "logo replaced":
            yield f"  {sign} logo replaced: {clean(one.subject)}"
        else:
            yield f"  {sign} {one.kind}: {clean(one.before or one.after or '')}"
    yield from _seen("A", section.a)
    yield from _seen("B", section.b)


def _page(page: PageDiff) -> Iterator[str]:
    yield ""
    yield f"page {page.kind}: {clean(page.title or page.title_before or '')} ({clean(page.page_key)})"
    if page.kind == "changed" and page.title != page.title_before:
        yield f"  - title: {clean(page.title_before or '')}"
        yield f"  + title: {clean(page.title or '')}"
    for sign, line in page.lines[:_MOST_LINES]:
        yield f"  {sign} {clean(line)}"
    if (more := len(page.lines) - _MOST_LINES) > 0:
        yield f"    and {counted(line=more)} more; --json has all"
    yield from _seen("A", page.a)
    yield from _seen("B", page.b)


def _unknown(found: SiteDiff) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Unknown]] = {}
    for one in found.unknown:
        groups.setdefault((one.side, one.why), []).append(one)
    for (side, why), several in sorted(groups.items()):
        yield ""
        yield f"unknown at {side}: {clean(why)}"
        for one in several[:_MOST_PAGES]:
            what = f"{', '.join(one.roles)} on " if one.roles else ""
            yield f"  ? {what}{_named(one.page_key, found)}"
            yield from _seen("before", one.before)
            yield from _seen("after", one.after)
        if (more := len(several) - _MOST_PAGES) > 0:
            yield f"  ? and {counted(page=more)} more; --json has all"


def _named(page_key: str, found: SiteDiff) -> str:
    title = found.titles.get(page_key)
    return f"{clean(title, 80)} ({clean(page_key)})" if title else clean(page_key)


def _seen(label: str, seen: Seen | None) -> Iterator[str]:
    if seen is not None:
        yield f"      {label:<6} {seen.captured_at} {clean(seen.url)} {clean(seen.record_id)}"


def hits_as_text(found: Hits, mark: Callable[[str], str]) -> Iterator[str]:
    for hit in found.listed:
        until = f", no longer on {hit.gone_by}" if hit.gone_by else ""
        yield f"{hit.role}: {clean(hit.name)} ({hit.state}, listed {hit.first_seen} to {hit.last_seen}{until})"
        yield f"    {clean(hit.url)} {clean(hit.record_id)}"
    for page in found.pages:
        versions = f", one of {page.versions} versions" if page.versions > 1 else ""
        yield f"page: {clean(page.title or page.page_key)} (captured {page.first_seen} to {page.last_seen}{versions})"
        yield f"    {_marked(page.snippet, mark)}"
        yield f"    {clean(page.url)} {clean(page.record_id)}"
    if found.more:
        yield "and more: ask for more words, or for a shorter period"


def _marked(snippet: str, mark: Callable[[str], str]) -> str:
    before, *hits = " ".join(snippet.split()).split(OPEN)
    pieces = [_steerless(before)]
    for piece in hits:
        hit, _, after = piece.partition(CLOSE)
        pieces += [mark(_steerless(hit)), _steerless(after)]
    return "".join(pieces)
