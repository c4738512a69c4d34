"""What a crawl that was killed left behind, made whole: every ``.open`` file is cut back to its last whole capture
event and sealed. The torn tail is kept beside it as ``.torn``; no byte is thrown away, none is made up.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.digests import same
from archive.errors import BadRecord
from archive.layout import Archive
from archive.manifest import add_to_manifest, read_manifest
from archive.model import Record
from archive.warc.reader import read_records
from archive.warc.segment import OPEN, Sealed, fault, flush, flush_directory, rename_sealed

TORN = ".torn"

#: the types of record that end a capture event (`archive.warc.events`)
_ENDS_EVENT = frozenset({"warcinfo", "metadata"})


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done to one file."""

    #: its final name, which it carries now; a file that held nothing whole has only its ``.torn``
    file: str
    kept_bytes: int
    torn_bytes: int
    #: whole records that were kept
    records: int
    sealed: Sealed | None
    #: damage before the last whole event, which a crash does not explain; it stays in the file
    damage: tuple[str, ...] = ()


def recover(archive: Archive, *, prefix: str | None = None) -> list[Recovery]:
    """Seal every ``.open`` file that no living process holds, those whose name begins with *prefix* only if given,
    and give every sealed file its line in the manifest. Repeatable at any point it is interrupted.

    Raises ArchiveFault, or DiskFull when there is no room for a ``.torn``; nothing is cut off before it is safe there.
    """
    done = []
    for path in sorted(archive.warcs.glob(f"*{OPEN}")):
        if prefix is None or re.fullmatch(rf"{re.escape(prefix)}-\d{{17}}-\d{{5,}}-.*", path.name):
            with _locked(path) as fd:
                if fd is not None:
                    done.append(_recover_file(path, fd))
    known = read_manifest(archive.root)
    for path in sorted(archive.warcs.glob("*.warc.gz")):
        if f"warcs/{path.name}" not in known:
            add_to_manifest(archive.root, f"warcs/{path.name}", _sha256(path))
    return done


def whole_bytes(path: Path) -> int:
    """Where the last whole capture event of a file ends that may still be being written."""
    return _scan(path)[0]


def _recover_file(path: Path, fd: int) -> Recovery:
    kept, records, damage = _scan(path)
    file = path.name.removesuffix(OPEN)
    try:
        size = os.fstat(fd).st_size
        if kept == 0:
            path.rename(path.with_name(file + TORN))
            flush_directory(path.parent)
            return Recovery(file, 0, size, 0, None, damage)
        if size > kept:
            _set_aside(path, kept)
            os.ftruncate(fd, kept)
        flush(fd)
        final = rename_sealed(path)
    except OSError as error:
        raise fault(path, error) from error
    return Recovery(file, kept, size - kept, records, Sealed(file, _sha256(final), kept), damage)


def _scan(path: Path) -> tuple[int, int, tuple[str, ...]]:
    """Where the last whole event ends, how many records lie before, and the damage before."""
    damaged: list[BadRecord] = []
    kept = records = pending = 0
    for record in read_records(path, on_damage=damaged.append):
        if not _is_intact(record):
            damaged.append(BadRecord(record.place.file, record.place.offset, "block digest does not match"))
            continue
        pending += 1
        if record.type in _ENDS_EVENT:
            kept = record.place.offset + record.place.length
            records += pending
            pending = 0
    return kept, records, tuple(str(damage) for damage in damaged if damage.offset < kept)


def _is_intact(record: Record) -> bool:
    declared = record.field("WARC-Block-Digest")
    try:
        return declared is None or same(declared, record.block.chunks())[0]
    except ValueError:  # an algorithm we do not know says nothing against the record
        return True


def _set_aside(path: Path, kept: int) -> None:
    """Copy the tail to its sidecar, safe on the medium before anybody cuts it off."""
    aside = path.with_name(path.name.removesuffix(OPEN) + TORN)
    with path.open("rb") as source, aside.open("wb") as target:
        source.seek(kept)
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        flush(target.fileno())
    flush_directory(path.parent)


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """The file's descriptor while we hold its lock; None when a living process holds it or it is sealed by now."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise fault(path, error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = path.exists() and path.stat().st_ino == os.fstat(fd).st_ino
        except BlockingIOError:
            ours = False
        yield fd if ours else None
    finally:
        os.close(fd)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
