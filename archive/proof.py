"""Everything ``bewaar verify`` checks: the WARC files, the manifest over them, and the rows that point into them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.layout import Archive
from archive.manifest import read_manifest
from archive.store import open_read_only
from archive.store.proof import RowsChecked, verify_rows
from archive.warc.verify import Checked, Finding, verify_file, warc_files


@dataclass(slots=True)
class Tally:
    """What was looked at, so that silence can be told from idleness."""

    warcs: Checked = field(default_factory=Checked)
    rows: RowsChecked = field(default_factory=RowsChecked)


def prove(files: Sequence[Path], archive: Archive | None, tally: Tally, *, rows: bool) -> Iterator[Finding]:
    """Findings as they are made: of *files*, or of all WARC files of *archive*; with *rows*, of its database too.
    Never raises for what the files hold."""
    for path in warc_files(files or ([archive.warcs] if archive else [])):
        yield from verify_file(path, tally.warcs)
    if archive and not files:
        yield from _verify_manifest(archive)
    if archive and rows:
        if not archive.database.exists():
            yield Finding(str(archive.database), 0, "no database here; `bewaar rebuild` derives it from the WARC files")
            return
        db = open_read_only(archive.database)
        try:
            for broken in verify_rows(db, archive.warcs, tally.rows):
                yield Finding(broken.file, broken.offset, broken.what)
        finally:
            db.close()


def _verify_manifest(archive: Archive) -> Iterator[Finding]:
    """Every file the manifest names is there and is what it was; every sealed file stands in the manifest."""
    named = read_manifest(archive.root)
    for relative, expected in sorted(named.items()):
        path = archive.root / relative
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield Finding(str(path), 0, f"the manifest names it, but it cannot be read: {error.strerror}")
            continue
        if found != expected:
            yield Finding(str(path), 0, f"manifest sha256 {expected}, computed {found}")
    for path in sorted(archive.warcs.glob("*.warc.gz")):
        if f"warcs/{path.name}" not in named:
            yield Finding(str(path), 0, "does not stand in the manifest")
