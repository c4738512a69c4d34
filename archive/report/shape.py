"""A crawl report as JSON: its shape is described in ``docs/report.md``, and has a version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from archive.report.completeness import Completeness
from archive.report.counts import Counted
from archive.report.crawl import VERSION, CrawlReport
from archive.report.verdict import Finding, findings, next_steps
from archive.report.words import Words

#: entries of the longest lists
MOST_MISSING = 10_000
MOST_PAGES = 100


def as_json(report: CrawlReport, words: Words, made_at: str) -> dict[str, Any]:
    found = findings(report)
    return {
        "report": "bewaar crawl",
        "version": VERSION,
        "made_at": made_at,
        "language": words.language,
        "crawl": {
            name: getattr(report, name)
            for name in ("site", "started_at", "finished_at", "status", "limit", "software", "operator", "previous")
        } | {"id": report.crawl, "patched_at": report.patched_at, "to_go": report.to_go},
        "well": not found,
        "findings": [_finding(one, words) for one in found],
        "next": [
            {"name": one.name, "text": words.step(one.name), "command": one.command} for one in next_steps(report)
        ],
        "totals": {
            name: getattr(report, name)
            for name in (
                *("captures", "pages", "bytes", "failures", "failed_pages"),
                *("revisits", "not_modified", "bytes_not_stored"),
            )
        },
        "completeness": completeness_as_json(report.completeness, words),
        "seeds": None if report.seeds is None else [asdict(seed) for seed in report.seeds],
        "sitemaps": asdict(report.sitemaps),
        "against_previous": {name: asdict(changed) for name, changed in report.changed.items()} or None,
        "statuses": [_counted(one) for one in report.statuses],
        "mimes": [_counted(one) for one in report.mimes],
        "hosts": [_counted(one) for one in report.hosts],
        "sizes": [_counted(one) for one in report.sizes],
        "refusals": None if report.refusals is None else {one.name: one.captures for one in report.refusals},
        "errors": [_counted(one) for one in report.errors],
        "problems": [_counted(one) for one in report.problems],
        "slowest": [{"url": url, "ms": ms} for url, ms in report.slowest],
        "largest": [{"url": url, "bytes": size} for url, size in report.largest],
        "sections": [asdict(section) for section in report.sections],
        "drift": [asdict(drift) for drift in report.drift],
    }  # fmt: skip


def completeness_as_json(found: Completeness, words: Words) -> dict[str, Any]:
    return {
        "score": found.score,
        "needed": found.needed,
        "held": found.held,
        "pages": len(found.pages),
        "complete_pages": found.whole_pages,
        "unknown_pages": found.unknown,
        "missing": [
            {"url": one.url, "kind": one.why.kind, "why": words.why(one.why.kind, one.why.detail), "pages": one.pages,
             "on": list(one.on)}
            for one in found.missing[:MOST_MISSING]
        ],
        "missing_total": len(found.missing),
        "least_complete": [
            {"url": page.url, "needed": page.needed, "held": page.held, "score": page.score}
            for page in found.pages[:MOST_PAGES] if page.held < page.needed
        ],
    }  # fmt: skip


def _finding(one: Finding, words: Words) -> dict[str, Any]:
    return {"name": one.name, "text": words.finding(one.name, one.said), "command": one.command or None}


def _counted(one: Counted) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if value is not None}
