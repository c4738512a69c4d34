"""``bewaar diff`` and ``bewaar search``: they parse, call one function, print."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

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
