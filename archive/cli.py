"""The archive's own verbs; ``bewaar`` mounts them. They parse, call one function, print."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.layout import Archive

ArchivePath = click.Path(file_okay=False, path_type=Path)
Command = TypeVar("Command", bound=Callable[..., Any])


def archive_option(command: Command) -> Command:
    return click.option(
        "--archive",
        type=ArchivePath,
        default="archive-data",
        show_default=True,
        envvar="BEWAAR_ARCHIVE",
        help="The archive's directory.",
    )(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@click.command()
@click.argument("files", metavar="[FILE|DIR...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@archive_option
@click.option("--rows", is_flag=True, help="Re-read every record a fact points at, and find each quote in it.")
@json_option
def verify(files: tuple[Path, ...], archive: Path, rows: bool, as_json: bool) -> int:
    """Check every digest in WARC files, and with --rows every fact of the database against its record.

    Without FILE or DIR all WARC files of the archive are checked. Exit code 1 when anything is wrong.

    \b
    Examples
      bewaar verify --rows
      bewaar verify warcs/better_care_network-20261123145303123-00000-host.warc.gz
    """
    from archive.proof import Tally, prove

    held = None if files and not rows else Archive.open(archive)
    tally = Tally()
    findings = []
    for finding in prove(files, held, tally, rows=rows):
        findings.append(asdict(finding))
        if not as_json:
            click.echo(f"{finding.file} at {finding.offset}: {finding.what}")
    if as_json:
        print_json({**asdict(tally), "findings": findings})
    else:
        facts = f", {tally.rows.captures} rows, {tally.rows.facts} quotes" if rows else ""
        count = f"{tally.warcs.files} files, {tally.warcs.records} records{facts} checked"
        click.echo(f"{count}: {len(findings)} wrong", err=True)
    return 1 if findings else 0


@click.command()
@archive_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def serve(archive: Path, host: str, port: int) -> int:
    """Browse the archive in Datasette, until Ctrl-C.

    \b
    Example
      bewaar serve --archive archive-data --port 8001
    """
    from archive.browse.serve import serve as run

    return run(Archive.open(archive), host=host, port=port)


verbs = (verify, serve)
