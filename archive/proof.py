"""Everything ``bewaar verify`` checks: the WARC files, the manifest over them, and the rows that point into them."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive.databases import damage_of
from archive.founding import MARKER
from archive.layout import Archive
from archive.manifest import Line, read_lines
from archive.warc.foreign import told_of
from archive.warc.verify import Checked, Finding, Verification, warc_files
from archive.written import has_grown

if TYPE_CHECKING:
    from archive.store.proof import RowsChecked

__all__ = ["Finding", "Tally", "prove"]

#: what the manifest covers, as paths in it begin
_FOLDERS = ("warcs", "decisions", "sites")


@dataclass(slots=True)
class Tally:
    """What was looked at, so that silence can be told from idleness."""

    warcs: Checked = field(default_factory=Checked)
    #: None where the database was not looked at
    rows: RowsChecked | None = None


def prove(
    files: Sequence[Path], archive: Archive | None, tally: Tally, *, rows: bool, strict: bool = False
) -> Iterator[Finding]:
    """Findings as they are made: of *files*, or of all WARC files of *archive*; with *rows*, of its database too.
    *strict* makes every warning a failure. Never raises for what the files hold."""
    verification = Verification(tally.warcs, strict=strict)
    looked_at = set()
    for path in warc_files(files or ([archive.warcs] if archive else [])):
        looked_at.add(path.resolve())
        yield from verification.file(path)
    yield from verification.end(path for path in _siblings(looked_at) if path not in looked_at)
    if archive and not files:
        yield from _verify_manifest(archive)
    if archive and rows:
        if not archive.database.exists():
            what = "no database here; `bewaar rebuild` derives it from the WARC files"
            yield Finding(str(archive.database), 0, what, "a database", "none", rule="database")
            return
        from archive.store import open_read_only  # without rows to check, it costs more than a small file
        from archive.store.proof import RowsChecked, verify_rows

        tally.rows = RowsChecked()
        try:
            db = open_read_only(archive.database)
        except sqlite3.DatabaseError as error:
            what = f"damaged: {error}; `bewaar rebuild` derives it again from the WARC files"
            yield Finding(str(archive.database), 0, what, "a whole database", str(error), rule="database")
            return
        try:
            for damage in damage_of(db.conn):
                what = f"damaged: {damage}; `bewaar rebuild` derives it again from the WARC files"
                yield Finding(str(archive.database), 0, what, "a whole database", damage, rule="database")
            for broken in verify_rows(db, archive.warcs, tally.rows):
                yield Finding(
                    broken.file, broken.offset, broken.what, broken.expected, broken.found, rule=f"row-{broken.table}"
                )
        except sqlite3.DatabaseError as error:
            what = f"cannot be read: {error}; `bewaar rebuild` derives it again from the WARC files"
            yield Finding(str(archive.database), 0, what, "a whole database", str(error), rule="database")
        finally:
            db.close()


def _siblings(files: Collection[Path]) -> Iterator[Path]:
    """Of files in an archive, all its WARC files: a revisit may refer to another crawl's."""
    for folder in sorted({path.parent for path in files}):
        if folder.name == "warcs" and (folder.parent / MARKER).exists():
            yield from (path.resolve() for path in warc_files([folder]))


def _verify_manifest(archive: Archive) -> Iterator[Finding]:
    """Every line is one, every file the manifest names is there and is what it was, every sealed file stands in it."""
    named: dict[str, str] = {}
    try:
        for line in read_lines(archive.root):
            for fault in _line_faults(line, named):
                what = f"line {line.number}: {fault}"
                yield Finding(str(archive.manifest), line.offset, what, "a line of sha256sum", what, rule="manifest")
    except OSError as error:
        why = str(error.strerror)
        yield Finding(str(archive.manifest), 0, f"cannot be read: {why}", "a manifest", why, rule="manifest")
        return
    for relative, expected in sorted(named.items()):
        path = archive.root / relative
        try:
            found = _sha256(archive, path)
        except OSError as error:
            why = str(error.strerror or error)
            what = f"the manifest names it, but it cannot be read: {why}"
            yield Finding(str(path), 0, what, f"sha256 {expected}", why, rule="manifest")
            continue
        if found != expected:
            what = f"manifest sha256 {expected}, computed {found}"
            if _may_change(path, relative, expected):
                what += "; changed since, which the next crawl or rebuild records"
                yield Finding(str(path), 0, what, expected, found, "warning", rule="manifest")
                continue
            yield Finding(str(path), 0, what, expected, found, rule="manifest")
    for path in sorted(archive.warcs.glob("*.warc.gz")):
        if f"warcs/{path.name}" not in named:
            yield Finding(str(path), 0, told_of(path), "a line in the manifest", "none", rule="manifest")
    for path in sorted((*archive.sites.glob("*.toml"), *archive.decisions.glob("*.jsonl"))):
        if path.relative_to(archive.root).as_posix() not in named:
            what = "does not stand in the manifest; the next crawl or rebuild records it"
            yield Finding(str(path), 0, what, "a line in the manifest", "none", "warning", rule="manifest")


def _may_change(path: Path, relative: str, expected: str) -> bool:
    """People change profiles, and add to decisions; WARC files stay as they are."""
    return relative.startswith("sites/") or (relative.startswith("decisions/") and has_grown(path, expected))


def _line_faults(line: Line, named: dict[str, str]) -> Iterator[str]:
    """What is wrong with *line*; where nothing is, it is added to *named*."""
    shown = ascii(line.text[:200])
    if not line.whole:
        yield f"torn, as a power cut leaves the last line: {shown}; the next crawl writes over it"
    elif line.path is None or line.sha256 is None:
        yield f"not a line of a manifest: {shown}"
    elif not _is_ours(line.path):
        # An archive somebody handed us must not have us open, and tell the digest of, files that are not its own.
        yield f"names {line.path[:200]!a}, which can be no file in {', '.join(_FOLDERS)}: not opened"
    elif named.setdefault(line.path, line.sha256) != line.sha256:
        yield f"another sha256 for {line.path[:200]!a}: {line.sha256}, above it {named[line.path]}"


def _is_ours(relative: str) -> bool:
    folder, *names = relative.split("/")
    return folder in _FOLDERS and bool(names) and not {"", ".", ".."} & set(names) and relative.isprintable()


def _sha256(archive: Archive, path: Path) -> str:
    """Raises OSError, also for what a symbolic link puts outside its folder, and for what is no file."""
    status = path.stat()  # first: it is an OSError where links lead in a circle, which resolve() is not
    # The folder itself may be a link: an operator puts it on another disk.
    folder = archive.root / path.relative_to(archive.root).parts[0]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise OSError(f"a symbolic link leads out of {folder.name}/: not opened")
    if not stat.S_ISREG(status.st_mode):  # a pipe would keep us waiting for ever
        raise OSError("no regular file: not opened")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
