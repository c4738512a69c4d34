"""``bewaar export``: parses, calls one function, prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from archive.cli import OutputFolder, archive_option, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive

#: where the front door puts a function that tells the versions of the extractors, by role
EXTRACTORS = "archive.extractors"
#: the options that go with --site
_OF_SITE = {"archive", "site", "base_url", "language", "index", "as_json"}
_FORMATS = ("csv", "jsonl", "parquet", "sqlite", "datapackage", "graphml", "gexf")


@click.command()
@archive_option
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="csv", show_default=True, help="Of the files."
)
@click.option("--tables", metavar="NAME,...", help="Only these tables and views.")
@click.option("--out", type=OutputFolder, help="The new directory.  [default: exports/export-TIME-FORMAT]")
@click.option("--candidates", is_flag=True, help="With facts that are only guessed, for review.")
@click.option("--indexes/--no-indexes", default=True, help="Of sqlite: with the indexes of its tables [yes].")
@click.option("--search", is_flag=True, help="Of sqlite: with a full-text index over the texts of pages.")
@click.option(
    "--nodes", type=click.Choice(["hosts", "pages"]), help="Of graphml and gexf: what is a node of the graph [hosts]."
)
@click.option("--site", type=OutputFolder, metavar="DIR", help="A static site instead, in DIR.")
@click.option("--base-url", metavar="URL", default="", help="Of --site: where it will stand, for its feeds.")
@click.option(
    "--language", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Of --site: of its pages."
)
@click.option("--index", is_flag=True, help="Of --site: let search engines list its pages.")
@json_option
def export(
    archive: Path,
    format_: str,
    tables: str | None,
    out: Path | None,
    site: Path | None,
    base_url: str,
    language: Literal["en", "nl"],
    index: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Write the dataset for others: a directory of files, with a README.md that explains every column.

    What a takedown or an embargo withholds is not in it, nor what only concerns the operator (decisions, events,
    problems), nor facts that are only guessed. The export is of one moment, also while crawls run, and is there whole
    or not at all. It states a digest of what it is derived from, and how to cite it.

    csv is safe to open in a spreadsheet; datapackage is csv with a Frictionless datapackage.json; parquet needs
    pip install 'bewaar[parquet]'; sqlite is one file to publish; graphml and gexf are the link graph.

    With --site it is a website of files: home, organisations, changes with their feeds, logos; of what `bewaar serve
    --public` shows. It needs no server, and takes the place of the one that an export made in DIR before.

    \b
    Examples
      bewaar export --format sqlite --search --out network-2026
      bewaar export --tables member,current_sponsor,change
      bewaar export --format gexf --nodes pages
      bewaar export --site website
    """
    from archive.export.export import Wanted, check_place, default_directory
    from archive.export.export import export as run

    names = tuple(name.strip() for name in tables.split(",")) if tables is not None else ()
    if not all(names):
        raise WrongUse(f"--tables {tables!a}: names, with commas between them, are expected")
    held = Archive.open(archive)
    tell = click.get_current_context().meta.get(EXTRACTORS)
    if place := site or out:
        check_place(held, place)
    if site is not None:
        return _export_site(
            held, site, tell() if tell else {}, as_json=as_json, base_url=base_url, index=index, language=language
        )
    if base_url or index or language != "en":
        raise WrongUse("--base-url, --language and --index go with --site")
    _check(format_, **options)
    options["nodes"] = options["nodes"] or "hosts"
    wanted = Wanted(format=format_, tables=names, **options)
    done = run(held, out or default_directory(held, format_), wanted, tell() if tell else {})
    for note in done.notes:
        click.echo(f"bewaar: {note}", err=True)
    if as_json:
        print_json(asdict(done))
        return 0
    size = sum(file.size for file in done.files)
    rows = sum(sum(file.rows.values()) for file in done.files)
    rules = "takedown or embargo" if done.withholding == 1 else "takedowns and embargoes"
    withheld = f", {done.withholding} {rules} obeyed" if done.withholding else ""
    click.echo(f"{done.directory}: {counted(file=len(done.files), row=rows)}, {size} bytes{withheld}")
    click.echo(f"dataset digest {done.digest}")
    return 0


def _check(format_: str, *, nodes: str | None, indexes: bool, **_: Any) -> None:
    if nodes is not None and format_ not in ("graphml", "gexf"):
        raise WrongUse(f"--nodes goes with --format graphml or gexf, not with {format_}")
    if not indexes and format_ != "sqlite":
        raise WrongUse(f"--no-indexes goes with --format sqlite, not with {format_}")


def _export_site(
    archive: Archive, directory: Path, extractors: Mapping[str, int], *, as_json: bool, **options: Any
) -> int:
    given = click.get_current_context()
    others = [name for name in given.params if name not in _OF_SITE and _is_given(given, name)]
    if others:
        raise WrongUse(f"--site does not go with --{others[0].rstrip('_')}")
    from archive.site.site import export_site

    done = export_site(archive, directory, extractors, **options)
    for note in done.notes:
        click.echo(f"bewaar: {note}", err=True)
    if as_json:
        print_json(asdict(done))
        return 0
    click.echo(f"{done.directory}: {counted(page=done.pages, picture=done.pictures)}, {done.size} bytes")
    click.echo(f"dataset digest {done.digest}")
    return 0


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
