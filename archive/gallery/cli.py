"""``bewaar logos``: parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli import archive_option, json_option, print_json
from archive.layout import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.gallery.suggestions import Suggestion


@click.command()
@archive_option
@click.option("--ocr", is_flag=True, help="Also read what stands on the logos that nothing names.")
@json_option
def logos(archive: Path, ocr: bool, as_json: bool) -> None:
    """What logos suggest: organisations shown with the same picture, logos without a name that look like somebody's,
    and with --ocr the names that stand on such logos in letters.

    These are suggestions, of which no row is made: an `alias` decision says who is who. What a takedown or an embargo
    withholds is left out. With --ocr Tesseract is asked, which is an extra: pip install 'bewaar[ocr]', apt-get install
    tesseract-ocr tesseract-ocr-nld.

    \b
    Examples
      bewaar logos
      bewaar logos --ocr --json
    """
    found: list[Suggestion] = []
    is_empty = True
    for suggestion in _suggestions(Archive.open(archive), ocr=ocr):
        is_empty = False
        if as_json:
            found.append(suggestion)
        else:
            where = f" ({suggestion.site}, {suggestion.role})" if suggestion.site else ""
            said = f"{suggestion.kind}\t{suggestion.subject}{where}\t{suggestion.suggestion}"
            click.echo(f"{said}\t{suggestion.confidence:.2f}\t{suggestion.record_id}")
    if as_json:
        print_json([asdict(suggestion) for suggestion in found])
    elif is_empty:
        click.echo("bewaar: nothing to suggest: no logos that look alike tell of one organisation", err=True)


def _suggestions(archive: Archive, *, ocr: bool) -> Iterator[Suggestion]:
    from archive.gallery.suggestions import read_names, suggest
    from archive.store.withheld import open_visible

    with open_visible(archive) as connection:
        yield from suggest(connection)
        if ocr:
            yield from read_names(connection, archive.warcs)
