"""A crawl report as one HTML file: no scripts, nothing to load, light and dark, every word of the archive's escaped.
`fragment` is what stands in it, and in Datasette's page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from archive.errors import WrongUse
from archive.faults import fault
from archive.layout import Archive
from archive.report.charts import bars, gauge
from archive.report.counts import Counted
from archive.report.crawl import SIZES, CrawlReport, Drifted
from archive.report.drifted import drift_said
from archive.report.shape import as_json
from archive.report.style import STYLE
from archive.report.verdict import findings, next_steps
from archive.report.words import Words
from archive.whole import write_whole

_MOST_MISSING = 200
_MOST_PAGES = 50
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}")
_WIDEST = 200

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>:root {{ color-scheme: light dark; }}
body {{ font: 16px system-ui, sans-serif; margin: 1rem auto; max-width: 62rem; padding: 0 1rem; }}{style}</style></head>
<body>{body}<footer><p>{made}</p></footer></body></html>
"""


def as_page(report: CrawlReport, words: Words, made_at: str) -> str:
    title = escape(f"{words('title')}: {report.crawl}")
    made = escape(f"{words('made')} {made_at}")
    return _PAGE.format(
        lang=words.language, title=title, style=STYLE, body="\n".join(fragment(report, words)), made=made
    )


def write_report(archive: Archive, report: CrawlReport, words: Words, made_at: str) -> list[Path]:
    """Into ``reports/``, as page and as JSON. Raises WrongUse, ArchiveFault."""
    archive.check_writable()
    archive.make_folders()
    if not _NAME.fullmatch(report.crawl):
        raise WrongUse(f"crawl {report.crawl[:120]!a}: no file can be called so")
    page, data = archive.reports / f"{report.crawl}.html", archive.reports / f"{report.crawl}.json"
    write_page(page, as_page(report, words, made_at))
    write_page(data, json.dumps(as_json(report, words, made_at), ensure_ascii=False, indent=1) + "\n")
    return [page, data]


def write_page(path: Path, text: str) -> None:
    """Raises ArchiveFault; the file is as it was then."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise fault(path, error) from error


def fragment(
    report: CrawlReport, words: Words, capture_of: Callable[[str], str] | None = None, *, public: bool = False
) -> Iterator[str]:
    """*capture_of*: the address where what was kept of a URL can be looked at. *public*: as the report was read."""
    page = _Page(report, words, capture_of)
    yield '<article class="cr">'
    yield f"<h1>{escape(words('title'))}: {escape(report.crawl)}</h1>"
    if not public:  # without the operator's tables nobody can say whether it is well
        yield from page.verdict()
    yield from page.about()
    if not public:
        yield from page.completeness()
        yield from page.seeds()
        yield from page.sitemaps()
    yield from page.against()
    yield from page.counts(() if public else ("refusals", "problems"))
    yield from page.lists()
    yield "</article>"


class _Page:
    def __init__(self, report: CrawlReport, words: Words, capture_of: Callable[[str], str] | None) -> None:
        self._report, self._words, self._capture_of = report, words, capture_of

    def verdict(self) -> Iterator[str]:
        found, w = findings(self._report), self._words
        yield f'<section class="verdict{" look" if found else ""}">'
        if not found:
            yield f"<p><strong>{escape(w('well'))}</strong></p>"
        else:
            said = w("look at one") if len(found) == 1 else w("look", len(found))
            yield f"<p><strong>{escape(said)}</strong></p><ul>"
            yield from (f"<li>{escape(w.finding(one.name, one.said))}</li>" for one in found)
            yield "</ul>"
        yield f"<h2>{escape(w('next'))}</h2><ul>"
        for step in next_steps(self._report):
            yield f"<li>{escape(w.step(step.name))} <code>{escape(step.command)}</code></li>"
        yield "</ul></section>"

    def about(self) -> Iterator[str]:
        r, w = self._report, self._words
        rows = [
            (w("site"), r.site),
            (w("status"), w.status(r.status)),
            (w("began"), r.started_at),
            (w("ended"), r.finished_at),
            (w("patched"), r.patched_at),
            (w("previous"), r.previous),
            (w("made by"), r.software),
            (w("captures"), w.number(r.captures)),
            (w("pages"), w.number(r.pages)),
            (w("failures"), w.number(r.failures)),
            (w("kept"), w.size(r.bytes)),
        ]
        yield self._table((), [(name, value) for name, value in rows if value])

    def completeness(self) -> Iterator[str]:
        found, w = self._report.completeness, self._words
        yield f"<h2>{escape(w('completeness'))}</h2>"
        if found.score is None:
            yield f"<p>{escape(w('no completeness'))}</p>"
            return
        numbers = w.number(found.held), w.number(found.needed), w.number(found.whole_pages), w.number(len(found.pages))
        said = w("completeness says", w.percent(found.score), *numbers)
        yield gauge(found.score, said)
        yield f"<p>{escape(said)}</p>"
        if found.missing:
            yield f"<h3>{escape(w('missing'))}</h3>"
            yield self._table(
                (w("missing"), w("why"), w("needed by")),
                [
                    (one.url, w.why(one.why.kind, one.why.detail), w.number(one.pages))
                    for one in found.missing[:_MOST_MISSING]
                ],
                numbers=1,
            )
            yield f"<h3>{escape(w('least complete'))}</h3>"
            worst = [page for page in found.pages[:_MOST_PAGES] if page.held < page.needed]
            rows = [(self._url(page.url), w.percent(page.score), f"{page.held} / {page.needed}") for page in worst]
            yield self._table((w("page"), w("complete"), w("held")), rows, numbers=2)

    def seeds(self) -> Iterator[str]:
        r, w = self._report, self._words
        if r.seeds:
            yield f"<h2>{escape(w('seeds'))}</h2>"
            rows = [
                (
                    self._url(seed.url),
                    str(seed.status or ""),
                    self._english(seed.problem) if seed.problem else w("fine"),
                )
                for seed in r.seeds
            ]
            yield self._table((w("seeds"), w("status"), w("problem")), rows)

    def sitemaps(self) -> Iterator[str]:
        r, w = self._report, self._words
        yield f"<h2>{escape(w('sitemaps'))}</h2>"
        if r.sitemaps.files:
            share = r.sitemaps.captured / r.sitemaps.listed if r.sitemaps.listed else 1.0
            numbers = w.number(r.sitemaps.captured), w.number(r.sitemaps.listed)
            said = f"{numbers[0]} {w('of')} {numbers[1]} {w('captured')}"
            yield gauge(share, said)
            yield f"<p>{escape(said)}</p>"
            if r.sitemaps.missing:
                yield self._table((w("not captured"),), [(url,) for url in r.sitemaps.missing])
        else:
            yield f"<p>{escape(w('no sitemaps'))}</p>"

    def against(self) -> Iterator[str]:
        r, w = self._report, self._words
        yield f"<h2>{escape(w('against'))}</h2>"
        if not r.changed:
            yield f"<p>{escape(w('no previous'))}</p>"
        for name, changed in r.changed.items():
            kinds = [(kind, w("not captured" if kind == "missing" else kind)) for kind in changed.counts]
            rows = [Counted(said, changed.counts[kind]) for kind, said in kinds] + [Counted(w("same"), changed.same)]
            yield f"<h3>{escape(w(name))}</h3>{bars(rows, w, w(name))}"
            for kind, said in kinds:
                if keys := getattr(changed, kind):
                    yield f"<details><summary>{escape(said)}: {w.number(changed.counts[kind])}</summary>"
                    yield self._table((), [(key,) for key in keys])
                    yield "</details>"
        if r.revisits:
            numbers = w.number(r.revisits), w.number(r.not_modified), w.size(r.bytes_not_stored)
            yield f"<h2>{escape(w('revisits'))}</h2><p>{escape(w('revisits say', *numbers))}</p>"
        if r.sections:
            yield f"<h2>{escape(w('sections'))}</h2>"
            heads = w("page"), w("kind"), w("found"), w("before"), w("expected")
            shown = [
                (one.page_key, w.say(one.role), *map(_or_none, (one.found, one.before, one.expected)))
                for one in r.sections
            ]
            yield self._table(heads, shown, numbers=3)
        if r.drift:
            yield f"<h2>{escape(w('drift'))}</h2>"
            yield self._table((w("page"), w("drift")), [(d.page_key, self._drifted(d)) for d in r.drift])

    def _drifted(self, drifted: Drifted) -> _Html:
        w = self._words
        said, repaired = escape(drifted.said), drifted.repaired_by
        if w.language != "en":
            told = drift_said(w, drifted.said, drifted.page_key, drifted.role, drifted.kind)
            said = escape(told) if told else self._english(drifted.said)
        return _Html(said + (escape(f" ({w('repaired', repaired)})") if repaired else ""))

    def counts(self, operators: Collection[str]) -> Iterator[str]:
        """*operators*: which are told of the counts that only the operator's tables have."""
        r, w = self._report, self._words
        sizes = [Counted(_size_name(int(row.name), w), row.captures, row.bytes) for row in r.sizes]
        for label, rows in (
            ("statuses", r.statuses), ("mimes", r.mimes), ("hosts", r.hosts), ("sizes", sizes),
            ("refusals", r.refusals or []), ("errors", r.errors), ("problems", r.problems),
        ):  # fmt: skip
            if label in {"refusals", "problems"} and label not in operators:
                continue
            yield f"<h2>{escape(w(label))}</h2>"
            if label == "refusals" and r.refusals is None:
                yield f"<p>{escape(w('refusals unknown'))}</p>"
            elif not rows:
                yield f"<p>{escape(w('none'))}</p>"
            else:
                yield bars(rows, w, w(label))
                yield self._counted(label, rows)

    def _counted(self, label: str, rows: Sequence[Counted]) -> str:
        w = self._words
        number = w("urls" if label == "refusals" else "captures")
        if label in {"errors", "problems"}:
            shown = [(self._english(row.name), row.example or "", w.number(row.captures)) for row in rows]
            return self._table((w("name"), w("first"), number), shown, numbers=1)
        if label == "refusals":
            return self._table((w("name"), number), [(row.name, w.number(row.captures)) for row in rows], numbers=1)
        counted = [(row.name, w.number(row.failed or 0), w.number(row.captures), w.size(row.bytes)) for row in rows]
        return self._table((w("name"), w("failed"), number, w("kept")), counted, numbers=3)

    def lists(self) -> Iterator[str]:
        r, w = self._report, self._words
        slow = [(self._url(url), f"{ms / 1000:.1f}") for url, ms in r.slowest]
        large = [(self._url(url), w.size(size)) for url, size in r.largest]
        for label, heads, rows in (("slowest", w("seconds"), slow), ("largest", w("bytes"), large)):
            if rows:
                yield f"<h2>{escape(w(label))}</h2>{self._table((w('urls'), heads), rows, numbers=1)}"

    def _english(self, text: str) -> _Html:
        """What programs said, and no catalog of ours holds."""
        is_marked = text and self._words.language != "en"
        return _Html(f'<span lang="en">{escape(text)}</span>' if is_marked else escape(text))

    def _url(self, url: str) -> _Html:
        shown = escape(url if len(url) <= _WIDEST else f"{url[:_WIDEST]}…")
        if self._capture_of is None:
            return _Html(shown)
        return _Html(f'<a href="{escape(self._capture_of(url))}">{shown}</a>')

    @staticmethod
    def _table(heads: Sequence[str], rows: Iterable[Sequence[str | _Html | None]], *, numbers: int = 0) -> str:
        """The last *numbers* columns are numbers."""
        made = ["<table>"]

        def row(cells: Sequence[str | _Html | None], tag: str) -> str:
            first = len(cells) - numbers
            return "".join(
                f"<{tag}{' class=n' if at >= first else ''}>{cell if isinstance(cell, _Html) else _cell(cell)}</{tag}>"
                for at, cell in enumerate(cells)
            )

        if heads:
            made.append(f"<thead><tr>{row(heads, 'th')}</tr></thead>")
        made.append("<tbody>")
        made += [f"<tr>{row(cells, 'td')}</tr>" for cells in rows]
        return "\n".join([*made, "</tbody></table>"])


class _Html(str):
    """Markup of ours, with all that is the archive's escaped."""

    __slots__ = ()


def _cell(text: str | None) -> str:
    text = text or ""
    return escape(text if len(text) <= 4 * _WIDEST else f"{text[: 4 * _WIDEST]}…")


def _or_none(number: int | None) -> str:
    return "" if number is None else str(number)


def _size_name(at: int, words: Words) -> str:
    if at >= len(SIZES):
        return words("or more", words.size(SIZES[-1]))
    return words("less than", words.size(SIZES[at]))
