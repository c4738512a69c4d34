"""``bewaar extract``, ``ingest`` and ``rebuild``: what is read off pages, and out of WARC files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archive.cli import archive_option, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.options import saved_from_option
from crawler.outcome import DONE, PROBLEMS


@click.command()
@click.argument("page", metavar="URL|FILE")
@archive_option
@saved_from_option
@click.option("--site", help="Read it with this site's profile.")
@json_option
def extract(page: str, archive: Path, base: str | None, site: str | None, as_json: bool) -> int:
    """The facts on one page, with their evidence.

    A URL is read from its latest capture in the archive, nothing is fetched; a FILE is HTML on disk. A capture is read
    with the profile its crawl recorded, as the database has it; with --site it is read with a profile as it is now.

    What is shown for each fact: its section and value, what kind it is, what its list says of it (year, place, whom it
    benefits), how sure it is by which rule, and the words on the page with their byte range in its body. --json adds
    all else: xpath, organisation key, links, and the WARC record.

    \b
    Examples
      bewaar extract https://example.org/about --archive archive-data
      bewaar extract https://example.org/about --site example
      bewaar extract page.html --url https://example.org/about --json
    \b
    Exit codes
      0 done   1 no crawl would read it: larger than 16 MB, or it takes more than 60 s or 3 GiB   2 wrong use
    """
    from crawler.examine import examine

    found = examine(page, archive, base=base, site=site)
    if as_json:
        print_json(found.facts())
        return DONE
    from rich.console import Console

    from crawler.display import facts_as_table, told_of

    Console(width=None if sys.stdout.isatty() else 200).print(facts_as_table(found))
    for line in told_of(found):
        click.echo(line)
    return DONE


@click.command()
@click.argument("files", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@archive_option
@click.option("--copy", "copied", is_flag=True, help="Copy the files, also where they could be linked.")
@click.option("--link", "linked", is_flag=True, help="Link the files (hard links), or end with 2 where that cannot be.")
@click.option("--site", help="The site that others' captures are of, in place of one for each host.")
@json_option
def ingest(files: tuple[Path, ...], archive: Path, copied: bool, linked: bool, site: str | None, as_json: bool) -> int:
    """Take WARC, ARC and WACZ files of others into the archive: their captures, pages, facts and history stand beside
    those of our crawls.

    A file is kept as it is, under its sha256, and known by that: once it is there, nothing changes. It shares its
    blocks with the original or is a hard link to it where the disk allows, else a copy. What is damaged in it is named,
    all around it is read. Killed or interrupted, the next `bewaar ingest` goes on.

    \b
    Examples
      bewaar ingest handed-over/ old-crawl.arc.gz site.wacz
      bewaar ingest --site museum museum-2019.warc.gz --archive archive-data
    \b
    Exit codes
      0 done   1 done, and something in a file is damaged   2 wrong use; nothing was changed   4 the archive could not
      be written; what was kept is whole   130 interrupted; the next `bewaar ingest` goes on
    """
    from crawler.gauge import gauge
    from crawler.ingestion import ingest as take_in
    from crawler.upgrade import read_again

    if copied and linked:
        raise WrongUse("--copy and --link: give one of them")
    if found := Archive.find(archive):
        read_again(found, lambda line: click.echo(f"bewaar: {line}", err=True))
    with gauge() as watch:
        done = take_in(archive, files, how="copy" if copied else "link" if linked else "any", site=site, watch=watch)
    if as_json:
        print_json({"archive": str(archive), **asdict(done)})
    else:
        new = len(done.names) - len(done.known)
        there = f", {len(done.known)} there already" if done.known else ""
        read = f"{counted(capture=done.captures)} of {counted(site=len(done.sites))} read"
        click.echo(f"{archive}: {counted(file=new)} taken in{there}, {read}")
    return PROBLEMS if done.damage else DONE


@click.command()
@archive_option
@click.option(
    "--profile",
    type=click.Choice(["recorded", "current"]),
    default="recorded",
    show_default=True,
    help="Read each crawl with the profile its WARC records, or with today's.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show the rows that would change.")
def rebuild(archive: Path, profile: str, dry_run: bool) -> int:
    """Derive the database again from the WARC files and the decisions.

    The result equals, row for row, what the crawls wrote; of a crawl with --no-extract it has the facts that were not
    read then. A Datasette that serves the archive goes on serving it. With
    --dry-run it is compared instead, so that a row somebody changed, added or took away is found, and what a new
    version of an extractor reads otherwise: first the facts, page by page, then every row. Damage in the files that
    the database knows of is told, and is no difference.

    \b
    Examples
      bewaar rebuild --archive archive-data
      bewaar rebuild --dry-run --profile current
    \b
    Exit codes
      0 done; with --dry-run: no row differs, whatever is damaged
      1 done, and something in a file is damaged; with --dry-run: rows differ   2 wrong use   4 it could not be written
    """
    from crawler.rebuild import compare
    from crawler.rebuild import rebuild as derive_again

    found = Archive.open(archive)
    damaged: list[str] = []

    def show(done: Any) -> None:
        click.echo(f"{done.file}: {counted(capture=done.captures)}", err=True)
        damaged.extend(done.damage)
        for line in done.damage:
            click.echo(f"  damaged: {line}", err=True)

    if dry_run:
        changes = compare(found, profile=profile, progress=show)
        for sign, fact in changes.facts:
            click.echo(f"{sign} {fact}")
        for table, sign, row in changes.rows:
            click.echo(f"{sign} {table} {row}")
        differ = f"{counted(row=len(changes.rows))} {'differs' if len(changes.rows) == 1 else 'differ'}"
        hurt = f"; {counted(damaged_place=len(damaged))} in the files" if damaged else ""
        click.echo(f"bewaar: {differ if changes.rows else 'the database is what the files say'}{hurt}", err=True)
        # Of files that were damaged when they were read the database is right: `verify` is asked for damage.
        return PROBLEMS if changes.rows else DONE
    store = derive_again(found, profile=profile, progress=show, say=lambda line: click.echo(line, err=True))
    click.echo(f"{found.database}: derived again, {counted(capture=store.counts().captures)}")
    store.close()
    return PROBLEMS if damaged else DONE
