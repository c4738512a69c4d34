"""``bewaar recover``: parses, calls one function, prints."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from archive import times
from archive.cli import archive_option, json_option, print_json
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.options import connect_to_option
from crawler.sites.cli import SCOPES

_SECOND = timedelta(seconds=1)


@click.command()
@click.argument("targets", metavar="URL|SITE...", nargs=-1, required=True)
@click.option("--from", "source", metavar="ARCHIVE", required=True, help="Address of the other archive: see above.")
@archive_option
@click.option("--scope", type=click.Choice(SCOPES), help="What of it: this page, or all below its folder, its host...")
@click.option("--since", metavar="DATE", help="Captures made then or later.")
@click.option("--until", metavar="DATE", help="Captures made then or earlier.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after this many captures; the next goes on.")
@click.option("--collapse", is_flag=True, help="Of captures of one URL with one digest, only the first.")
@click.option("--dry-run", is_flag=True, help="List what the archive has; keep nothing.")
@click.option("--from-start", is_flag=True, help="Ask anew what there is, though a recovery is unfinished.")
@click.option("--contact", help="Mail or web address the archive can reach you at; goes into the User-Agent.")
@click.option("--delay", type=click.FloatRange(0), metavar="SECONDS", help="Between two requests to the archive [1].")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Requests at a time to the archive [1].")
@connect_to_option
@json_option
def recover(
    targets: tuple[str, ...],
    source: str,
    archive: Path,
    scope: Any,
    since: str | None,
    until: str | None,
    limit: int | None,
    collapse: bool,
    dry_run: bool,
    from_start: bool,
    contact: str | None,
    delay: float | None,
    concurrency: int | None,
    connect_to: tuple[str, ...],
    as_json: bool,
) -> int:
    """Bring captures of a site that is gone out of another archive.

    What the other archive is asked and answers is kept as it was; beside each answer that is a capture stands a record
    of the original URL and date, marked as recovered (WARC-Source-URI). It becomes pages, facts and history as what was
    crawled does, dated by when it was captured.

    ARCHIVE is the address of a collection (https://web.archive.org/web/), of its CDX server, or of its TimeMaps; which
    of these it understands is found out. A URL alone is one page; a SITE has the seeds and the scope of its profile.
    Captures are asked for as they were captured; what an archive rewrote is refused. Killed or interrupted, the same
    command goes on; what was recovered is not asked for again.

    \b
    Examples
      bewaar recover http://gone.example/ --from https://web.archive.org/web/ --dry-run
      bewaar recover http://gone.example/ --scope host --from https://web.archive.org/web/ --contact you@example.org
      bewaar recover better_care_network --from https://web.archive.org/web/ --since 2012 --until 2019-12-31
    \b
    Exit codes
      0 done   1 done, and something was not had, or nothing is there   2 wrong use, or no archive at that address
      3 stopped by --limit   4 our archive could not be written   130 interrupted; the same command goes on
    """
    from crawler.gauge import gauge
    from crawler.memento.display import lines_of, listing_of
    from crawler.memento.recover import Wanted, list_only
    from crawler.memento.recover import recover as run
    from crawler.upgrade import read_again

    settings: dict[str, Any] = {}
    if delay is not None:
        settings["delay_s"] = delay
    if concurrency is not None:
        settings["concurrency"] = concurrency
    if connect_to:
        settings["connect_to"] = connect_to
    wanted = Wanted(
        targets=tuple(dict.fromkeys(targets)),
        archive=source,
        extent=scope,
        since=times.read_since(_whole_date(since)) if since else None,
        until=_until(until) if until else None,
        limit=limit,
        collapse=collapse,
        from_start=from_start,
        contact=contact,
        settings=tuple(settings.items()),
    )
    there = Archive.find(archive)
    if dry_run:
        outcome, captures = list_only(there or Archive(root=archive), wanted)
        if as_json:
            print_json({"captures": listing_of(captures), **outcome.report()["recovery"]})
        else:
            for capture in captures:
                click.echo(" ".join(str(cell or "-") for cell in capture[:5]))
    else:
        from crawler.memento.recover import asked_for, profile_of

        # What is asked wrongly makes no archive.
        profile_of(there, wanted)
        asked_for(there, wanted)
        if there is None and not contact:
            raise WrongUse(f"{archive}: no archive yet: give --contact ADDRESS, and one is made")
        found = Archive.create(archive, contact=contact)
        read_again(found, lambda line: click.echo(f"bewaar: {line}", err=True))
        with gauge() as watch:
            outcome = run(found, wanted, watch)
        if as_json:
            print_json({**outcome.report(), "exit_code": outcome.exit_code, "archive": str(found.root)})
    for line in lines_of(outcome, source, scope_given=bool(scope)):
        click.echo(line, err=as_json or dry_run)
    for line in outcome.complaints():
        click.echo(line, err=True)
    for why in filter(None, (outcome.broken, outcome.fault)):
        click.echo(f"bewaar: {why}", err=True)
    return outcome.exit_code


def _whole_date(text: str) -> str:
    """A year, or a month of one, is its first day."""
    return f"{text}-01-01" if len(text) == 4 else f"{text}-01" if len(text) == 7 else text


def _until(text: str) -> str:
    """Of a year or a month its last second."""
    if len(text) == 4:
        return times.read_until(f"{text}-12-31")
    if len(text) == 7:
        first = times.parse(times.read_since(f"{text}-01"))
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return times.seconds(times.parse(f"{after:%Y-%m-%d}") - _SECOND)
    return times.read_until(text)
