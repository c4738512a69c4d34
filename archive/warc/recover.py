"""What a crawl that was killed left behind, made whole: every ``.open`` file is cut back to its last whole capture
event and sealed. The torn tail is kept beside it as ``.torn``; no byte is thrown away, none is made up.

A power cut may keep later bytes and lose earlier ones, of those that were not flushed: the tail begins where the first
is missing, whatever is whole behind it. Rows are only of what was flushed. Damage before the last of them is no power
cut's; it stays, because rows point behind it, and is told.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shlex import quote

from archive.digests import same
from archive.errors import ArchiveFault, BadRecord, WrongUse
from archive.faults import fault
from archive.layout import KEPT, Archive
from archive.manifest import add_to_manifest, read_manifest
from archive.model import Record
from archive.warc.fields import read_warc_fields
from archive.warc.reader import read_records
from archive.warc.segment import OPEN, Sealed, flush, flush_directory, rename_sealed

TORN = ".torn"

#: a name that our writer gives: site, time, serial, host
_OURS = re.compile(r"([a-z0-9_-]{1,100})-\d{17}-\d{5,}-(.+)\.warc\.gz")

#: the types of record that end a capture event (`archive.warc.events`)
_ENDS_EVENT = frozenset({"warcinfo", "metadata"})


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done to one file."""

    #: its final name, which it carries now; a file that held nothing whole, or nothing that the sealed file of its name
    #: lacks, has only its ``.torn``
    file: str
    kept_bytes: int
    torn_bytes: int
    #: whole records that were kept
    records: int
    sealed: Sealed | None
    #: damage that a crash does not explain, before the last committed record; it stays in the file
    damage: tuple[str, ...] = ()


#: where the last record of a WARC file ends that has a row; 0 for none
Committed = Callable[[str], int]
#: the WARC files that stand as sealed in the database: their line in the manifest was there before that; None where
#: there is no database to be asked
SealedRows = Callable[[], Collection[str] | None]
#: whether this archive wrote, or took in, the sealed file that a crash seems to have kept from its line
IsKnown = Callable[[Path], bool]


def recover(
    archive: Archive,
    *,
    prefix: str | None = None,
    committed: Committed = lambda _: 0,
    sealed_rows: SealedRows = frozenset,
    is_known: IsKnown = lambda _: True,
) -> list[Recovery]:
    """Seal every ``.open`` file that no living process holds, those whose name begins with *prefix* only if given,
    and give each its line in the manifest, as well as those that were sealed when a crash kept the line away. What
    nobody knows gets none, whole or not: what it is a person decides. Repeatable at any point it is interrupted.

    Raises WrongUse where the manifest is gone; ArchiveFault, or DiskFull when there is no room for a ``.torn``; nothing
    is cut off before it is safe there.
    """
    for path in filter(is_known, _crashed(archive, sealed_rows)):
        add_to_manifest(archive.root, f"warcs/{path.name}", _sha256(path))
    done = []
    for path in sorted(archive.warcs.glob(f"*{OPEN}")):
        if prefix is None or re.fullmatch(rf"{re.escape(prefix)}-\d{{17}}-\d{{5,}}-.*", path.name):
            with _locked(path) as fd:
                if fd is not None:
                    done.append(one := _recover_file(path, fd, committed))
                    if one.sealed:
                        add_to_manifest(archive.root, f"warcs/{one.file}", one.sealed.sha256)
    return done


def check_manifest(archive: Archive, sealed_rows: SealedRows) -> None:
    """Raises WrongUse where the manifest is gone, or all of its lines of WARC files: one begun anew would say of each
    file that it is as it was, whatever it is now."""
    _crashed(archive, sealed_rows)


def _crashed(archive: Archive, sealed_rows: SealedRows) -> list[Path]:
    """The sealed files that a crash kept from their line in the manifest. Raises WrongUse where it is gone."""
    known = {name for name in read_manifest(archive.root) if name.startswith("warcs/")}
    lacking = [path for path in sorted(archive.warcs.glob("*.warc.gz")) if f"warcs/{path.name}" not in known]
    if not lacking:
        return []
    asked = sealed_rows()
    rows = asked or ()
    crashed = [path for path in lacking if path.name not in rows and _is_ours(path)]
    lost = [path for path in lacking if path.name in rows]
    # The first file a site ever sealed has no line when its crawl is killed just then; two of one site are too many.
    if asked is None and len({_begins(path.name) for path in crashed}) < len(crashed):
        lost += crashed
    if lost and not known:
        path = lost[0]
        raise WrongUse(
            f"{archive.manifest}: gone, or without its lines of WARC files, while {path.name} is sealed: "
            "begun anew, it would take whatever they are now for what they were. Take it out of a backup; or "
            f"`bewaar audit --restore-lines --archive {quote(str(archive.root))}` holds each file against the sha256 "
            "that the database has of it; `bewaar doctor` tells more"
        )
    return crashed


def _begins(file: str) -> str:
    """The site and the host of a name that our writer gives, empty for others' names."""
    found = _OURS.fullmatch(file)
    return f"{found[1]} {found[2]}" if found else ""


def _is_ours(path: Path) -> bool:
    """Whether a file is what our writer or an intake left: whole, and what its name says."""
    if not path.is_file() or path.is_symlink():
        return False
    if path.name.startswith(KEPT):
        return _sha256(path) == path.name.removeprefix(KEPT).removesuffix(".warc.gz")
    if not _begins(path.name):
        return False
    size = path.stat().st_size
    kept, _, damage = _scan(path, size)
    if kept != size or damage:
        return False
    first = next(iter(read_records(path)), None)
    # The serial is another where `_renamed` gave it.
    name = first.field("WARC-Filename") if first and first.type == "warcinfo" else None
    return _begins(name or "") == _begins(path.name)


def crawl_told(path: Path) -> str | None:
    """The crawl that the first record of a file names; None where it names none, or cannot be read."""
    try:
        first = next(iter(read_records(path, on_damage=lambda _: None)), None)
        told = read_warc_fields(first.block.chunks()) if first and first.type == "warcinfo" else {}
    except (BadRecord, OSError):
        return None
    return told.get("isPartOf") or None


def whole_bytes(path: Path) -> int:
    """Where the last whole capture event of a file ends that may still be being written."""
    return _scan(path, 0)[0]


def _recover_file(path: Path, fd: int, committed: Committed) -> Recovery:
    file = path.name.removesuffix(OPEN)
    kept, records, damage = _scan(path, committed(file))
    try:
        size = os.fstat(fd).st_size
        if kept and path.with_name(file).exists():
            if _begins_with(path.with_name(file), path, kept):
                kept = records = 0
            else:
                path = _renamed(path)
                file = path.name.removesuffix(OPEN)
        if kept == 0:
            path.rename(_free_torn(path, 0))
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


def _scan(path: Path, committed: int) -> tuple[int, int, tuple[str, ...]]:
    """Where the last event ends that is whole, and so is all before it back to the offset *committed*; how many records
    lie before, and the damage before."""
    damaged: list[BadRecord] = []
    kept = records = pending = 0
    for record in read_records(path, on_damage=damaged.append):
        end = record.place.offset + record.place.length
        if not _is_intact(record):
            damaged.append(BadRecord(record.place.file, record.place.offset, "block digest does not match"))
            continue
        if any(damage.offset >= committed for damage in damaged):
            break
        pending += 1
        # A row's record is kept though the rest of its event be damaged.
        if record.type in _ENDS_EVENT or end == committed:
            kept = end
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
    aside = _free_torn(path, kept)
    with path.open("rb") as source, aside.open("wb") as target:
        source.seek(kept)
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        flush(target.fileno())
    flush_directory(path.parent)


def _free_torn(path: Path, kept: int) -> Path:
    """The name for what lies behind *kept*. A sidecar that is there already is written over only where it is the
    beginning of the same: a repair was interrupted."""
    file = path.name.removesuffix(OPEN)
    for number in count():
        aside = path.with_name(f"{file}{f'.{number}' if number else ''}{TORN}")
        if not aside.exists() or _begins_with(path, aside, aside.stat().st_size, skip=kept):
            return aside
    raise AssertionError


def _begins_with(path: Path, other: Path, size: int, *, skip: int = 0) -> bool:
    """Whether *path*, behind *skip* bytes, begins with the first *size* bytes of *other*."""
    with path.open("rb") as one, other.open("rb") as two:
        one.seek(skip)
        while size:
            piece = two.read(min(size, 1 << 20))
            if not piece or one.read(len(piece)) != piece:
                return False
            size -= len(piece)
    return True


def _renamed(path: Path) -> Path:
    """Give a file the next free serial: another file was sealed under its name (a copy was put back, a clock went
    wrong)."""
    found = re.fullmatch(r"(.*-\d{17}-)(\d{5,})(-.*)", path.name.removesuffix(OPEN))
    if found is None:
        raise ArchiveFault(f"{path.name.removesuffix(OPEN)}: exists already; {path.name} keeps its name")
    for serial in count(int(found[2]) + 1):
        file = f"{found[1]}{serial:05d}{found[3]}"
        if not any(path.with_name(file + suffix).exists() for suffix in ("", OPEN, TORN)):
            return path.rename(path.with_name(file + OPEN))
    raise AssertionError


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
