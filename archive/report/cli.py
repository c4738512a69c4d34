"""``bewaar report``, ``bewaar diff`` and ``bewaar search``: they parse, call one function, print."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Literal

import click

from archive import times
from archive.cli import ExistingFile, archive_option, json_option, print_json
from archive.errors import WrongUse
from archive.layout import Archive

#: where the front door puts the function that reads captures out of files: links are the crawler's business
ASKED_IN = "bewaar.asked_in"
_DEFAULT_ARCHIVE = "archive-data"


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@archive_option
@click.option("--site", help="Only this site.")
@json_option
def diff(a: str, b: str, archive: Path, site: str | None, as_json: bool) -> int:
    """What a site showed at A and not at B, and the other way round.

    A and B are crawl ids, dates (2025-03-01, until its last second) or `latest`. Of a crawl only what it captured
    counts; of a date the last capture of each page by then. Lists are compared name by name, texts line by line. What
    one side cannot tell (the page failed, has no such section, or was not captured) is said to be unknown, with the
    captures on either side.

    \b
    Examples
      bewaar diff 2025-03-01 latest
      bewaar diff better_care_network-20250301120000000 better_care_network-20260301120000000 --json
    """
    from archive.report.diff import diff as run
    from archive.report.printed import as_text
    from archive.store.withheld import open_visible

    with open_visible(Archive.open(archive)) as connection:
        found = run(connection, a, b, site)
        _say_withheld(connection)
    if as_json:
        print_json([asdict(one) for one in found])
        return 0
    for number, one in enumerate(found):
        if number:
            click.echo("")
        for line in as_text(one):
            click.echo(line)
    return 0


@click.command()
@click.argument("words", metavar="WORDS...", nargs=-1, required=True)
@archive_option
@click.option("--site", help="Only this site.")
@click.option("--from", "since", metavar="DATE", help="Only what was captured then or later, such as 2026-01-31.")
@click.option("--to", "until", metavar="DATE", help="Only what was captured until the end of that day.")
@click.option("--role", help="Only what was listed so: member, goal, sponsor...")
@click.option(
    "--versions",
    type=click.Choice(["current", "past"]),
    help="Only pages: as the last capture of each shows them, or as they were before.",
)
@json_option
def search(
    words: tuple[str, ...],
    archive: Path,
    site: str | None,
    since: str | None,
    until: str | None,
    role: str | None,
    versions: Literal["current", "past"] | None,
    as_json: bool,
) -> int:
    """Find words on pages as they were, and among what was listed; the best first.

    Accents and case do not matter, the beginning of a word is enough, and words in quotes stand together. Pages that
    have a word inside longer ones only (zorg in jeugdzorg) come last. Of a page the version that fits best is shown,
    with when it was captured. What a takedown or an embargo withholds is not found.

    \b
    Examples
      bewaar search pleegzorg kinderen --to 2020-12-31
      bewaar search '"better care"' --site better_care_network
      bewaar search plan --role sponsor --json
      bewaar search cooperatie --versions past
    """
    if not any(character.isalnum() for word in words for character in word):
        raise WrongUse("give a word to look for: of letters or digits")
    if role and versions:
        raise WrongUse("--role is of what was listed, --versions of pages: one of the two")
    from archive.report.search import CLOSE, OPEN
    from archive.report.search import search as run
    from archive.store.withheld import open_visible

    period = {"since": times.read_since(since) if since else "", "until": times.read_until(until) if until else "~"}
    if period["since"] > period["until"]:
        raise WrongUse(f"--from {since} is later than --to {until}: nothing was captured between")
    with open_visible(Archive.open(archive)) as connection:
        found = run(connection, " ".join(words), site=site, role=role, versions=versions, **period)
        _say_withheld(connection)
    if as_json:
        plain = {ord(OPEN): None, ord(CLOSE): None}
        pages = [asdict(page) | {"snippet": page.snippet.translate(plain)} for page in found.pages]
        print_json(asdict(found) | {"pages": pages})
        return 0
    from archive.report.printed import clean, hits_as_text

    for line in hits_as_text(found, lambda hit: click.style(hit, bold=True)):
        click.echo(line)
    if not found.listed and not found.pages:
        click.echo("nothing found", err=True)
    if found.meant:
        click.echo(f"did you mean: {clean(found.meant)}", err=True)
    return 0


@click.command()
@click.argument("crawl", metavar="[CRAWL|SITE]", default="latest")
@archive_option
@click.option(
    "--lang", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of the report."
)
@click.option("--write", "written", is_flag=True, help="Write it into the archive: reports/CRAWL.html and CRAWL.json.")
@click.option("--html", "html", type=click.Path(dir_okay=False, path_type=Path), help="Write the page to this file.")
@click.option("--warc", "files", type=ExistingFile, multiple=True, help="Only how complete this file's pages are.")
@json_option
@click.pass_context
def report(
    context: click.Context,
    crawl: str,
    archive: Path,
    lang: str,
    written: bool,
    html: Path | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Whether a crawl is well, and what to do next: its seeds, coverage, answers, errors, changes, and how complete
    its pages are.

    CRAWL is a crawl's id, a SITE stands for its latest crawl; without either it is the latest of all. It is made out of
    the database, for crawls of ours and of others alike. With --warc no archive is needed: it tells how complete the
    pages in WARC, ARC or WACZ files are; give the option once for each file of a crawl.

    \b
    Examples
      bewaar report
      bewaar report better_care_network --lang nl --write
      bewaar report --json > report.json
      bewaar report --warc site-00000.warc.gz --warc site-00001.warc.gz
    \b
    Exit codes
      0 the crawl is well   1 there is something to look at   2 wrong use
    """
    from archive.report.completeness import measure
    from archive.report.crawl import read_report
    from archive.report.screen import completeness_on_screen, on_screen
    from archive.report.shape import as_json as shaped
    from archive.report.shape import completeness_as_json
    from archive.report.unfinished import unfinished_crawls
    from archive.report.verdict import findings
    from archive.report.words import Words
    from archive.report.written import as_page, write_page, write_report
    from archive.store.withheld import open_visible

    words = Words("nl" if lang == "nl" else "en")
    if files:
        if crawl != "latest" or written or html:
            raise WrongUse("--warc tells of files alone: without CRAWL, --write and --html")
        measured = measure(context.meta[ASKED_IN](files), {})
        if as_json:
            print_json(completeness_as_json(measured, words))
        else:
            for line in completeness_on_screen(measured, words):
                click.echo(line)
        return 1 if measured.missing else 0
    found = Archive.open(archive)
    with open_visible(found) as connection:
        told = read_report(connection, _find(connection, found, crawl))
    made_at = times.seconds(times.now())
    if written:
        for path in write_report(found, told, words, made_at):
            click.echo(f"{path}: written", err=True)
    if html:
        write_page(html, as_page(told, words, made_at))
    if crawl in ("latest", told.site):
        # Another day it may have come to its end: no word of it in what is written.
        of = told.site if crawl == told.site else None
        began, site, later = max(((at, *who) for *who, at in unfinished_crawls(found, of)), default=("", "", ""))
        if began > told.started_at and later != told.crawl:
            told.later = site, later
    if as_json:
        print_json(shaped(told, words, made_at))
    else:
        option = "" if str(archive) == _DEFAULT_ARCHIVE else f" --archive {quote(str(archive))}"
        for line in on_screen(told, words, archive=option):
            click.echo(line)
    return 1 if findings(told) else 0


def _find(connection: sqlite3.Connection, archive: Archive, given: str) -> str:
    from archive.report.crawl import find_crawl
    from archive.report.unfinished import unfinished_crawls

    try:
        return find_crawl(connection, given)
    except WrongUse:
        for site, crawl, began in unfinished_crawls(archive):
            if given in (site, crawl, "latest"):
                raise WrongUse(
                    f"{crawl}, begun {began}, has not come to its end, and nothing of it is in the database yet: "
                    f"`bewaar crawl` of {site} goes on with it"
                ) from None
        raise


def _say_withheld(connection: sqlite3.Connection) -> None:
    from archive.store.rules import read_rules

    if rules := read_rules(connection):
        click.echo(f"withheld: {len(rules)} takedowns and embargoes hold; what they withhold is left out", err=True)
