"""``bewaar diff`` and ``bewaar search``: they parse, call one function, print."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archive import times
from archive.cli import archive_option, json_option, print_json
from archive.layout import Archive


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
@json_option
def search(
    words: tuple[str, ...],
    archive: Path,
    site: str | None,
    since: str | None,
    until: str | None,
    role: str | None,
    as_json: bool,
) -> int:
    """Find words on pages as they were, and among what was listed; the best first.

    Accents and case do not matter, the beginning of a word is enough, and words in quotes stand together. Of a page
    the version that fits best is shown, with when it was captured. What a takedown or an embargo withholds is not
    found.

    \b
    Examples
      bewaar search pleegzorg kinderen --to 2020-12-31
      bewaar search '"better care"' --site better_care_network
      bewaar search plan --role sponsor --json
    """
    from archive.report.search import CLOSE, OPEN
    from archive.report.search import search as run
    from archive.store.withheld import open_visible

    period = {"since": times.read_since(since) if since else "", "until": times.read_until(until) if until else "~"}
    with open_visible(Archive.open(archive)) as connection:
        found = run(connection, " ".join(words), site=site, role=role, **period)
    if as_json:
        plain = {ord(OPEN): None, ord(CLOSE): None}
        pages = [asdict(page) | {"snippet": page.snippet.translate(plain)} for page in found.pages]
        print_json(asdict(found) | {"pages": pages})
        return 0
    from archive.report.printed import hits_as_text

    for line in hits_as_text(found, lambda hit: click.style(hit, bold=True)):
        click.echo(line)
    if not found.listed and not found.pages:
        click.echo("nothing found", err=True)
    return 0
