"""A crawl report on a terminal: a screenful that begins with the verdict and ends with what to do. All that is the
archive's is cleaned of what could steer a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archive.report.completeness import Completeness
from archive.report.counts import Counted
from archive.report.crawl import CrawlReport
from archive.report.printed import clean
from archive.report.verdict import findings, next_steps
from archive.report.words import Words

_MOST = 5
_MOST_FINDINGS = 8


def on_screen(report: CrawlReport, words: Words, *, archive: str = "") -> Iterator[str]:
    """*archive*: the option that names it, for the commands."""
    found = findings(report)
    if not found:
        yield words("well")
    else:
        yield words("look at one") if len(found) == 1 else words("look", len(found))
    for finding in found[:_MOST_FINDINGS]:
        yield f"  - {clean(words.finding(finding.name, finding.said))}"
    if len(found) > _MOST_FINDINGS:
        yield f"  - {words('and more', len(found) - _MOST_FINDINGS)}"
    yield ""
    ended = f" - {report.finished_at}" if report.finished_at else ""
    yield f"{report.crawl}: {words.status(report.status)}, {report.started_at}{ended}"
    failures = f", {words.number(report.failures)} {words('failures')}" if report.failures else ""
    yield (
        f"{words('n captures', words.number(report.captures))}, {words('n pages', words.number(report.pages))}, "
        f"{words.size(report.bytes)}{failures}"
    )
    yield from completeness_on_screen(report.completeness, words)
    if report.sitemaps.files:
        listed, captured = report.sitemaps.listed, report.sitemaps.captured
        yield f"{words('sitemaps')}: {words.number(captured)} {words('of')} {words.number(listed)} {words('captured')}"
    for name, changed in report.changed.items():
        kinds = ("new", "changed", "gone", "missing")
        said = [f"{changed.counts[kind]} {words('not captured' if kind == 'missing' else kind)}" for kind in kinds]
        yield f"{words('against')}, {words(name)}: {', '.join(said)}, {changed.same} {words('same')}"
    if report.revisits:
        numbers = words.number(report.revisits), words.number(report.not_modified), words.size(report.bytes_not_stored)
        yield words("revisits say", *numbers)
    for label, rows in (
        ("statuses", report.statuses), ("mimes", report.mimes), ("hosts", report.hosts), ("errors", report.errors),
        ("refusals", report.refusals or ()),
    ):  # fmt: skip
        if rows:
            yield f"{words(label)}: {_counts(rows, words)}"
    if report.slowest:
        url, ms = report.slowest[0]
        yield f"{words('slowest')}: {ms / 1000:.1f} s, {clean(url, 100)}"
    if report.largest:
        url, size = report.largest[0]
        yield f"{words('largest')}: {words.size(size)}, {clean(url, 100)}"
    yield ""
    yield words("next")
    for step in next_steps(report):
        yield f"  {words.step(step.name)}"
        yield f"    {clean(step.command, 4000)}{archive}"


def completeness_on_screen(found: Completeness, words: Words) -> Iterator[str]:
    if found.score is None:
        yield f"{words('completeness')}: {words('no completeness')}"
        return
    numbers = words.number(found.held), words.number(found.needed), found.whole_pages, len(found.pages)
    yield f"{words('completeness')}: {words('completeness says', words.percent(found.score), *numbers)}"
    for one in found.missing[:_MOST]:
        why = words.why(one.why.kind, one.why.detail)
        yield f"  {clean(one.url, 100)}: {clean(why, 60)} ({words('needed by')}: {one.pages})"
    if len(found.missing) > _MOST:
        yield f"  {words('and more', len(found.missing) - _MOST)}"


def _counts(rows: Sequence[Counted], words: Words) -> str:
    said = ", ".join(f"{clean(row.name, 60)} {words.number(row.captures)}" for row in rows[:_MOST])
    return said + (" ..." if len(rows) > _MOST else "")
