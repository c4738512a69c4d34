"""Whether a crawl is well: what a person should look at, and what to do about it. Each finding is a name and what there
is to say; the words are `archive.report.words`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from archive.report.completeness import Missing
from archive.report.crawl import CrawlReport

#: of the pages that were there before, or that a sitemap lists, so many may be missing without a word
_FEW = 0.1
_FEW_PAGES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    #: names its sentence in `archive.report.words`
    name: str
    #: what stands in the sentence
    said: tuple[str | int, ...] = ()
    #: what to run; empty where there is nothing to run
    command: str = ""


def findings(report: CrawlReport) -> list[Finding]:
    """What is not well, the worst first; nothing of a crawl that is well."""
    return [*_end(report), *_seeds(report), *_site(report), *_requisites(report), *_reading(report)]


def next_steps(report: CrawlReport) -> list[Finding]:
    """What to do now: for each finding, or what there is to see where nothing is wrong."""
    steps: dict[str, Finding] = {}
    for finding in findings(report):
        if finding.command:
            steps.setdefault(finding.command, Finding(finding.name, (), finding.command))
    if not steps:
        if report.previous and any(changed.counts.get("changed") for changed in report.changed.values()):
            command = f"bewaar diff {report.previous} {report.crawl}"
            steps[command] = Finding("see changes", (), command)
        steps["bewaar serve"] = Finding("browse", (), "bewaar serve")
    return list(steps.values())


def _end(report: CrawlReport) -> Iterator[Finding]:
    again = f"bewaar crawl {report.target}"
    if report.status in {"running", "interrupted"}:
        yield Finding("not ended", (), again)
    elif report.status == "failed":
        yield Finding("failed", (), again)
    elif report.status == "limited":
        limit = (report.limit or "a limit").replace("_", "-")
        yield Finding("limited", (limit, report.to_go), f"bewaar sites show {report.site}")
    if report.erased:
        yield Finding("erased", (report.erased,))
    elif not report.pages:
        yield Finding("no page", (), again)
    if report.later:
        site, crawl = report.later
        yield Finding("later", (crawl,), f"bewaar crawl {site}")


def _seeds(report: CrawlReport) -> Iterator[Finding]:
    bad = [seed for seed in report.seeds or () if seed.problem]
    for seed in bad[:_FEW_PAGES]:
        yield Finding("seed", (seed.url, seed.problem or ""), f"bewaar crawl {report.target}")
    if len(bad) > _FEW_PAGES:
        yield Finding("more seeds", (len(bad) - _FEW_PAGES,))


def _site(report: CrawlReport) -> Iterator[Finding]:
    compare = f"bewaar diff {report.previous} {report.crawl}" if report.previous else ""
    alerts = [drift for drift in report.drift if drift.is_alert]
    if alerts:
        yield Finding("drift", (len(alerts), alerts[0].page_key, alerts[0].kind), compare)
    told = {(drift.page_key, drift.role) for drift in alerts}
    short = [
        one
        for one in report.sections
        if one.expected is not None and one.is_short and (one.page_key, one.role) not in told
    ]
    if short and report.pages:
        first = short[0]
        wanted = max(filter(None, (first.before, first.expected)), default=0)
        command = compare or f"bewaar sites show {report.site}"
        yield Finding("short", (first.page_key, first.found, first.role, wanted), command)
    if report.failed_pages:
        yield Finding("failed pages", (report.failed_pages,), f"bewaar crawl {report.target}")
    if pages := report.changed.get("pages"):
        before = pages.same + sum(pages.counts.get(name, 0) for name in ("changed", "gone", "missing"))
        away = pages.counts.get("gone", 0) + pages.counts.get("missing", 0)
        if report.pages and away >= _FEW_PAGES and away > before * _FEW:
            yield Finding("vanished", (away, before), compare)
    sitemaps = report.sitemaps
    lacking = sitemaps.listed - sitemaps.captured
    if report.status == "finished" and lacking >= _FEW_PAGES and lacking > sitemaps.listed * _FEW:
        yield Finding("sitemap", (lacking, sitemaps.listed), _check(report, sitemaps.missing[0]))


def _requisites(report: CrawlReport) -> Iterator[Finding]:
    missing = report.completeness.missing
    worth = [one for one in missing if one.why.is_worth_asking]
    refused = [one for one in missing if one.why.kind == "refused"]
    if worth and report.status in {"finished", "limited"}:
        yield Finding("missing", (len(worth), _pages(worth)), f"bewaar patch {report.crawl}")
    elif worth:
        yield Finding("missing", (len(worth), _pages(worth)))
    if refused and (unexpected := [one for one in refused if one.why.detail != "tracker"]):
        first = unexpected[0]
        yield Finding("refused", (len(unexpected), first.why.detail), f"{_check(report, first.url)} --requisite")


def _check(report: CrawlReport, url: str) -> str:
    """A URL is the archive's: quoted, so that a shell takes it for one word whatever it holds."""
    return f"bewaar sites check {quote(url)} --site {report.target.partition(' ')[0]}"


def _pages(missing: list[Missing]) -> int:
    return max(one.pages for one in missing)


def _reading(report: CrawlReport) -> Iterator[Finding]:
    for problem in report.problems[:_FEW_PAGES]:
        yield Finding("problem", (problem.captures, problem.name, problem.example or ""), "bewaar verify --rows")
    # Of a crawl that was stopped, what is kept may not be read yet.
    is_over = report.status not in {"running", "interrupted"}
    if is_over and report.completeness.unknown and report.completeness.unknown == report.pages:
        yield Finding("not looked", (report.completeness.unknown,), "bewaar rebuild")
