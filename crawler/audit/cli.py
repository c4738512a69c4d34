"""``bewaar audit``: parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive import times
from archive.cli import archive_option, json_option, print_json
from archive.counted import counted
from archive.layout import Archive
from crawler.outcome import DONE, PROBLEMS

if TYPE_CHECKING:
    from archive.fixity import Audited

#: within which every file is read again
DAYS = 90


@click.command()
@archive_option
@click.option(
    "--days", type=click.IntRange(1, 3660), default=DAYS, show_default=True, help="Read everything within so many days."
)
@click.option("--all", "everything", is_flag=True, help="Read everything now.")
@click.option(
    "--restore-lines",
    is_flag=True,
    help="First give files that lost their line in the manifest one, where they are what the database says.",
)
@json_option
def audit(archive: Path, days: int, everything: bool, restore_lines: bool, as_json: bool) -> int:
    """Read a share of the WARC files again, and hold them against the manifest: a bit that flipped is found, and a file
    that is missing or that nobody put there.

    Those that were not read for longest come first; run daily, as `bewaar due` does by itself, all are read within
    --days. What was read when is written to decisions/fixity.jsonl, as PREMIS events, and into the table `event`.

    \b
    Examples
      bewaar audit
      bewaar audit --all --json
      bewaar audit --all --restore-lines
    \b
    Exit codes
      0 all that was read is as it was   1 something is not   2 wrong use   4 the archive could not be written   130
      interrupted; what was read by then is written down
    """
    from crawler.audit.audit import run_audit

    found = Archive.open(archive)
    left: list[str] = []
    if restore_lines:
        from archive.recovery import restore_lines as restore

        found.check_writable()
        given, left = restore(found)
        for line in (*(f"{name}: is what the database says; in the manifest again" for name in given), *left):
            click.echo(line, err=True)
    done = run_audit(found, days=days, now=times.now(), everything=everything, progress=lambda _: None)
    if as_json:
        print_json(asdict(done))
    else:
        for line in audit_lines(done):
            click.echo(line)
    return PROBLEMS if done.wrong or left else DONE


def audit_lines(done: Audited) -> list[str]:
    """For a person; what is wrong comes first."""
    wrong = [f"{wrong.file}: {wrong.what}" for wrong in done.wrong]
    size = f"{done.bytes / 1e6:.1f} MB"
    checked = f"{counted(file=len(done.checked))} as before ({size})"
    new = f"; {done.new} too new to judge, which the manifest does not name" if done.new else ""
    return [*wrong, f"audit: {checked}, {len(wrong)} wrong, {done.left} later{new}"]
