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


@click.command()
@click.argument("directory", metavar="DIR", type=ArchivePath)
@archive_option
@json_option
def backup(directory: Path, archive: Path, as_json: bool) -> int:
    """Copy the archive to DIR, or bring the copy there up to date, also while crawls run.

    The copy is an archive: it can be verified, served, and crawled on. Files that are there already are not copied
    again; a file that is not what the manifest says is named, and the copy's own is kept. Nothing is removed from DIR.
    Exit code 1 when something could not be copied, 4 when DIR cannot be written.

    \b
    Examples
      bewaar backup /media/backup/archive
      bewaar verify --rows --archive /media/backup/archive
    """
    from archive.backup import back_up

    done = back_up(Archive.open(archive), directory)
    if as_json:
        print_json(asdict(done))
    else:
        for problem in done.problems:
            click.echo(problem, err=True)
        size = f"{done.copied_bytes / 1e6:.1f} MB"
        click.echo(f"{directory}: {done.copied} files copied ({size}), {done.unchanged} there already")
    return 1 if done.problems else 0


verbs = (verify, serve, backup)
