"""``bewaar crawl``: what is asked, and what is said of how it went."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from archive.cli import archive_option, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.given import SETTINGS, Given
from crawler.options import connect_to_option, contact_option, delay_option
from crawler.outcome import INTERRUPTED
from crawler.sites.cli import SCOPES


@click.command()
@click.argument("targets", metavar="SITE|URL...", nargs=-1)
@archive_option
@contact_option
@click.option("--operator", help="Who keeps this archive; goes into a new archive's bewaar.toml.")
@click.option("--scope", type=click.Choice(SCOPES), help="What belongs to the site, seen from its seeds.")
@click.option(
    "--seeds",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with one seed URL per line: beside URLs, or in place of the seeds of a SITE.",
)
@click.option("--hops", type=click.IntRange(0), help="Follow links at most this many steps from a seed.")
@click.option("--max-pages", type=click.IntRange(1), help="Stop after this many HTML pages; their requisites follow.")
@click.option("--max-per-host", type=click.IntRange(1), help="Ask no host for more URLs than this, seeds aside.")
@click.option("--max-bytes", metavar="BYTES", help='Stop after this much was received: 5000000, "200 MiB".')
@click.option("--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop after this long.")
@delay_option
@click.option("--concurrency", type=click.IntRange(1, 64), help="Requests at a time to one host [1].")
@connect_to_option
@click.option(
    "--strict-fields", is_flag=True, default=None, help="Leave out record fields that WARC 1.1 does not name."
)
@click.option("--no-extract", is_flag=True, help="Keep the bytes and follow links; read no facts.")
@click.option("--no-alerts", is_flag=True, help="Tell nobody how it ended; whoever begins it does.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished crawl, however old and whatever it began with.")
@click.option("--from-start", is_flag=True, help="Begin a new crawl beside an unfinished one.")
@json_option
def crawl(
    targets: tuple[str, ...],
    archive: Path,
    contact: str | None,
    operator: str | None,
    seeds: Path | None,
    connect_to: tuple[str, ...],
    no_extract: bool,
    no_alerts: bool,
    resume: bool,
    from_start: bool,
    as_json: bool,
    **limits: Any,
) -> int:
    """Crawl a site into the archive.

    SITE is the name of a profile (`bewaar sites`); a URL gets a default one: the host, or what lies below the URL's
    folder. An unfinished crawl of the site is resumed. Several SITEs are crawled side by side, four at a time; several
    URLs are the seeds of one.

    \b
    Examples
      bewaar crawl better_care_network --contact you@example.org
      bewaar crawl network museum library --contact you@example.org
      bewaar crawl https://example.org/docs/ --max-pages 200 --delay 2
    \b
    Exit codes
      0 done   1 done, with problems or drift   2 wrong use   3 stopped by a limit   4 the archive could not be written
      130 interrupted; the next `bewaar crawl` goes on
    """
    from crawler.begin import begin_crawl
    from crawler.plan import profile_for, read_seeds
    from crawler.upgrade import read_again

    if resume and from_start:
        raise WrongUse("--resume goes on with a crawl, and --from-start begins another: give one of them")
    settings = _settings(limits, connect_to)
    if seeds:
        urls = read_seeds(seeds)
        if len(targets) == 1 and "://" not in targets[0]:
            settings["seeds"] = urls
        else:
            targets = (*targets, *urls)
    if not targets:
        raise WrongUse("nothing to crawl: give a SITE or URL, or --seeds FILE; `bewaar sites` lists the sites")
    targets = tuple(dict.fromkeys(targets))
    if len(targets) > 1 and not all("://" in target for target in targets):
        return _crawl_each(targets, archive, as_json=as_json, no_alerts=no_alerts)
    # What is asked wrongly makes no archive.
    there = Archive.find(archive)
    if all("://" in target for target in targets):
        from crawler.sites.profile import default_profile

        profile = default_profile(*targets, **settings)
    else:
        profile = profile_for(targets[0], there, **settings)
    found = Archive.create(archive, operator=operator, contact=contact)
    if not no_extract:
        read_again(found, lambda line: click.echo(f"bewaar: {line}", err=True))
    begun = begin_crawl(
        found,
        profile,
        given=Given(settings, contact, not no_extract),
        resume=True if resume else False if from_start else None,
        same_seeds=all("://" in target for target in targets),
        ask=lambda question: click.confirm(question, err=True),
    )
    for line in begun.told:
        click.echo(f"bewaar: {line}", err=True)
    for recovery in begun.recovered:
        click.echo(
            f"bewaar: {recovery.file} was left open by a crawl that was cut short: "
            f"{counted(record=recovery.records)} kept, {recovery.torn_bytes} torn bytes beside it",
            err=True,
        )
        for line in recovery.damage:
            click.echo(f"bewaar: {line}: damaged before the crawl was cut short, and left as it is", err=True)
    from crawler.run import run_crawl

    outcome = run_crawl(begun)
    if outcome.fault:
        click.echo(f"bewaar: {outcome.fault}", err=True)
    if as_json:
        drift = {"drift": outcome.drift, "as_before": outcome.as_before}
        print_json({**outcome.report(), **drift, "exit_code": outcome.exit_code, "archive": str(found.root)})
    else:
        click.echo(f"{outcome.summary()}\narchive {found.root}{outcome.listed()}")
        for line in outcome.good_news():
            click.echo(line)
        for line in outcome.complaints():
            click.echo(line, err=True)
    if not no_alerts:
        _tell(found)
    return outcome.exit_code


def _tell(archive: Archive) -> None:
    from crawler.alerting.tell import tell_after_crawl

    for line in tell_after_crawl(archive):
        click.echo(f"bewaar: alerts: {line}", err=True)


def _settings(limits: dict[str, Any], connect_to: tuple[str, ...]) -> dict[str, Any]:
    settings = {SETTINGS.get(name, name): value for name, value in limits.items() if value is not None}
    if isinstance(size := settings.get("max_bytes"), str) and size.isdigit():
        settings["max_bytes"] = int(size)
    if connect_to:
        settings["connect_to"] = connect_to
    return settings


def _crawl_each(targets: tuple[str, ...], archive: Path, *, as_json: bool, no_alerts: bool) -> int:
    """Several sites, side by side. Crawls that begin at once must find the archive made."""
    from crawler.plan import profile_for
    from crawler.together import crawl_together

    there = Archive.find(archive)
    for target in targets:
        profile_for(target, there)  # a name that is none is told before anything begins
    options = [argument for argument in sys.argv[2:] if argument not in targets]
    options += [] if no_alerts else ["--no-alerts"]
    printed: list[Any] = []

    def show(site: str, text: str) -> None:
        if not as_json:
            click.echo(text, nl=False)
        elif text.strip():
            printed.append(json.loads(text) | {"site": site})

    code = crawl_together(targets, options, say=lambda site, line: click.echo(f"{site}: {line}", err=True), show=show)
    if as_json:
        print_json(printed)
    if not no_alerts and code != INTERRUPTED and (made := Archive.find(archive)):
        _tell(made)
    return code
