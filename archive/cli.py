"""The archive's own verbs but `archive.packing`; ``bewaar`` mounts them. They parse, call one function, print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archive.counted import counted
from archive.errors import BadRecord
from archive.layout import Archive, readable

if TYPE_CHECKING:
    from archive.proof import Finding

ArchivePath = click.Path(file_okay=False, path_type=Path)
ExistingFile = click.Path(exists=True, dir_okay=False, path_type=Path)
OutputFolder = click.Path(file_okay=False, path_type=Path)
OutputFile = click.Path(dir_okay=False, path_type=Path)
#: what a file name that is not UTF-8 holds, and no JSON may (RFC 8259, 8.2)
_SURROGATE = re.compile("[\\ud800-\\udfff]")
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


def who_option(command: Command) -> Command:
    return click.option("--who", help="Who decides [the archive's operator, else the user who is logged in].")(command)


def since_option(command: Command) -> Command:
    return click.option(
        "--from", "since", metavar="DATE", help="Only captures made then or later, such as 2016-01-31."
    )(command)


def print_json(value: Any) -> None:
    told = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    click.echo(_SURROGATE.sub(lambda found: json.dumps(readable(found[0]), ensure_ascii=False)[1:-1], told))


@click.command()
@click.argument("files", metavar="[FILE|DIR...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@archive_option
@click.option("--rows", is_flag=True, help="Re-read every record a fact points at, and find each quote in it.")
@click.option(
    "--strict", is_flag=True, help="Count every departure from the standard as wrong, whoever wrote the file."
)
@json_option
def verify(files: tuple[Path, ...], archive: Path, rows: bool, strict: bool, as_json: bool) -> int:
    """Check WARC, ARC and WACZ files, ours and others': every record is read, every digest computed again, every
    header held against the standard.

    Without FILE or DIR all of the archive is checked, its manifest too; with --rows also every fact of the database
    against its record. Each finding names file and offset, what was expected and what was found.

    What departs from the letter of the standard and loses nothing (a revisit without WARC-Refers-To, say) is wrong in
    a file that Bewaar wrote, and a warning in others'. Exit code 1 when anything is wrong; warnings alone leave it 0.

    \b
    Examples
      bewaar verify --rows
      bewaar verify warcs/better_care_network-20261123145303123-00000-host.warc.gz
      bewaar verify --strict --json handed-over/ old-crawl.arc.gz site.wacz
    """
    from archive.proof import Tally, prove

    held = None if files and not rows else Archive.open(archive)
    tally = Tally()
    findings = []
    wrong = warnings = 0
    for finding in prove(files, held, tally, rows=rows, strict=strict):
        wrong += finding.severity == "failure"
        warnings += finding.severity == "warning"
        if as_json:
            findings.append(asdict(finding))
        else:
            click.echo(finding_line(finding))
    if as_json:
        print_json({**asdict(tally), "findings": findings})
    else:
        facts = f", {counted(row=tally.rows.captures, quote=tally.rows.facts + tally.rows.rules)}" if tally.rows else ""
        lines = f", {counted(index_line=tally.warcs.lines)}" if tally.warcs.lines else ""
        gone = f" ({tally.warcs.erased} of them tombstones of what was erased)" if tally.warcs.erased else ""
        count = f"{counted(file=tally.warcs.files, record=tally.warcs.records)}{gone}{lines}{facts} checked"
        click.echo(f"{count}: {wrong} wrong, {counted(warning=warnings)}", err=True)
        if held and not files and (left := len(list(held.warcs.glob("*.open")))):
            click.echo(
                f"not checked: {left} that a crawl is writing, or left open; the next crawl repairs it", err=True
            )
    return 1 if wrong else 0


def finding_line(finding: Finding) -> str:
    """With what was expected and found, where *what* does not say so by itself."""
    warning = "" if finding.severity == "failure" else "warning: "
    expected = "" if finding.expected in finding.what else f"expected {finding.expected}"
    found = "" if finding.found in finding.what else f"found {finding.found}"
    said = f" ({', '.join(filter(None, (expected, found)))})" if expected or found else ""
    return f"{finding.file} at {finding.offset}: {warning}{finding.what}{said}"


@click.command()
@click.argument("files", metavar="[FILE|DIR...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@archive_option
@click.option("--site", help="Only this site's files.")
@click.option("--output", type=OutputFile, help="Write to this file, whole or not.")
@click.option("--record-digest", is_flag=True, help="Add each record's digest, over its gzip member.")
@json_option
def index(
    files: tuple[Path, ...], archive: Path, site: str | None, output: Path | None, record_digest: bool, as_json: bool
) -> int:
    """Write the CDXJ index of WARC, ARC and WACZ files: a line for each capture, sorted as replay looks them up.

    Without FILE or DIR it is the index of all sealed files of the archive; a file that a crawl is writing has no place
    in it yet. Offsets and lengths are those of cdxj-indexer; those of a WACZ are inside the file that is named behind
    its "!". Exit code 1 when a record could not be indexed.

    \b
    Examples
      bewaar index > index.cdxj
      bewaar index warcs/better_care_network-20261123145303123-00000-host.warc.gz
      bewaar index handed-over/ old-crawl.arc.gz site.wacz
      bewaar index --site better_care_network --output index.cdxj
    """
    from archive.cdxj import as_rows, index_files, write_index
    from archive.intake import files_of
    from archive.manifest import missing_warcs
    from archive.warc.verify import warc_files

    damage: list[str] = []

    def complain(bad: BadRecord) -> None:
        damage.append(str(bad))
        click.echo(f"bewaar: {bad}", err=True)

    if files:
        paths = list(warc_files(files))
    else:
        held = Archive.open(archive)
        of_all = [*held.sealed_warcs(), *held.arcs(), *held.waczs()]
        paths = [held.check_own(path) for path in (files_of(held, site) if site else of_all)]
        for name in missing_warcs(held.root, site):
            complain(BadRecord(str(held.root / name), 0, "the manifest names it, and it is not there"))
    lines = index_files(paths, on_damage=complain, record_digests=record_digest)
    pieces = as_rows(lines) if as_json else (f"{line}\n" for line in lines)
    if output:
        write_index(output, pieces)
    else:
        for piece in pieces:
            click.echo(piece, nl=False)
    return 1 if damage else 0


@click.command()
@archive_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--public", is_flag=True, help="Serve public.db, which holds only what anybody may see.")
@click.option("--index", "indexed", is_flag=True, help="Let search engines list archived pages.")
@click.option(
    "--replay", metavar="URL", help="Where pages are replayed, on another origin.  [default: `bewaar replay`]"
)
@click.option(
    "--base-path", metavar="PATH", default="/", show_default=True, help="Below which a proxy hands requests on."
)
@click.option(
    "--thumbnails-mb",
    default=64,
    show_default=True,
    type=click.IntRange(0, 1 << 20),
    help="Disk for thumbnails, in state/; with 0 none are kept.",
)
def serve(
    archive: Path,
    host: str,
    port: int,
    public: bool,
    indexed: bool,
    replay: str | None,
    base_path: str,
    thumbnails_mb: int,
) -> int:
    """Browse the archive in Datasette, until Ctrl-C.

    What a takedown or an embargo withholds is not shown, and answered with 451 where it is asked for by its address. A
    decision holds from the next request on, and an embargo ends on its day, without a restart.

    With --public only public.db is served, which is made for it and kept up to date: the archive's database without
    what is withheld, without facts that nobody confirmed and without the operator's own tables.

    Pages lead to their replay while `bewaar replay` of the same archive runs, and else to a static snapshot. The public
    cannot reach that one: with --public only --replay is believed.

    \b
    Examples
      bewaar serve --archive archive-data --port 8001
      bewaar serve --public --host 0.0.0.0
      bewaar serve --public --base-path /archive/ --replay https://replay.example.org/archive
    """
    from archive.browse.serve import serve as run

    held = Archive.open(archive)
    return run(
        held,
        host=host,
        port=port,
        public=public,
        index=indexed,
        replay=replay,
        base_path=base_path,
        thumbnails_mb=thumbnails_mb,
    )


@click.command()
@click.argument("directory", metavar="DIR", type=ArchivePath)
@archive_option
@json_option
def backup(directory: Path, archive: Path, as_json: bool) -> int:
    """Copy the archive to DIR, or bring the copy there up to date, also while crawls run.

    The copy is an archive: it can be verified, served, and crawled on. Files that are there already are not copied
    again; a file that is not what the manifest says is named, and the copy's own is kept. Nothing is removed from DIR.
    What takedowns and embargoes withhold is copied too, with the decisions: what is served of the copy obeys them.
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
        click.echo(f"{directory}: {counted(file=done.copied)} copied ({size}), {done.unchanged} there already")
    return 1 if done.problems else 0


verbs = (verify, index, serve, backup)
