"""``bewaar status``: parses, calls one function, prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from archive import times
from archive.cli import archive_option, json_option, print_json
from archive.counted import counted
from archive.layout import Archive
from crawler.outcome import DONE


@click.command()
@archive_option
@json_option
def status(archive: Path, as_json: bool) -> int:
    """What the archive holds, what its sites are doing, and what comes next.

    When each site is crawled next, what is unfinished and goes on, what could not be fetched or read as before, what
    people were told and still stands, the disk, and the last audit. A site that is gone is named, with what to do.

    \b
    Examples
      bewaar status
      bewaar status --json
    """
    from crawler.status.outlook import gone_seeds, outlook_of
    from crawler.status.state import not_crawled, state_of

    opened = Archive.find(archive) or Archive.open(archive)
    found = state_of(opened)
    outlook = outlook_of(opened, times.now())
    if found["warcs"] and not opened.database.exists():
        click.echo(f"{opened.database}: no database; `bewaar rebuild` derives it from the WARC files", err=True)
    known = {site["site"] for site in found["sites"]}
    planned = outlook.pop("sites")
    found["sites"] += [not_crawled(site) for site in sorted(planned.keys() - known)]
    nothing = {"next": None, "next_utc": None, "turn": None, "why": None, "wrong": None}
    for site in found["sites"]:
        site.update(planned.get(site["site"], nothing), gone=gone_seeds(opened, site["site"]))
    found |= outlook
    if as_json:
        print_json(found)
        return DONE
    from rich.console import Console
    from rich.table import Table

    table = Table("site", "crawls", "last crawl", "status", "captures", "to go", "next crawl")
    for site in found["sites"]:
        how = f"running, process {site['running']}" if site["running"] else site["status"] or "-"
        if site["unfinished"] and not site["running"]:
            how = "unfinished"
        coming = "now" if site["turn"] == "due" else site["next"] or site["turn"] or "-"
        row = (site["site"], site["crawls"], site["last"] or "-", how, site["captures"], site["to_go"], coming)
        table.add_row(*map(str, row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    for line in _about_sites(found["sites"]):
        click.echo(line)
    for line in _about_archive(found):
        click.echo(line)
    return DONE


def _about_sites(sites: list[dict[str, Any]]) -> Iterator[str]:
    for site in sites:
        name = site["site"]
        for failure in site["failures"]:
            yield f"{name}: failed: {failure['url']}: {failure['why']}"
        for drift in site["drift"]:
            yield f"{name}: drift: {drift['said']}"
        if more := site["drifted"] - len(site["drift"]):
            yield f"{name}: and {more} more that drifted: see table drift"
        if site["unfinished"] and not site["running"]:
            yield f"{name}: {site['unfinished']} is unfinished; `bewaar crawl` of it goes on"
        if site["damaged"]:
            yield f"{name}: {site['damaged']}: the next crawl puts the frontier aside and begins anew"
        if site["wrong"]:
            yield f"{name}: last attempt: {site['wrong']}"
        for seed, answer in site["gone"].items():
            yield (
                f"{name}: seems to be gone: {seed}: {answer}; other archives may have more of it: "
                f"`bewaar recover {name} --from ARCHIVE` (docs/recover.md)"
            )


def _about_archive(found: dict[str, Any]) -> Iterator[str]:
    for site, said in found["profiles"].items():
        yield f"{site}: not crawled: {said}"
    for recovery in found["recoveries"]:
        how = f"running, process {recovery['running']}" if recovery["running"] else "the same `bewaar recover` goes on"
        had, to_go = recovery["had"], recovery["to_go"]
        yield f"recovery from {recovery['from']}: {counted(capture=had)} had, {to_go} to ask for; {how}"
    yield f"{found['warcs']} WARC files, {found['bytes']} bytes; {found['open']} being written or left open"
    free, total = (round(found["disk"][name] / 1e9, 1) for name in ("free", "total"))
    yield f"disk: {free} GB of {total} GB free"
    audit = found["audit"]
    wrong = "".join(f"; {file}: {what}" for file, what in sorted(audit["wrong"].items()))
    yield f"audit: {audit['fault'] or audit['last'] or 'never yet'}{wrong}"
    for alert in found["alerts"]:
        yield f"alert: {alert['key']}, told {alert['told_at']}"
    if found["alerts_held"]:
        yield "alerts: there is more to tell when the pause after the last message is over"
