"""A copy of a whole archive that is an archive itself, made while crawls go on, and brought up to date by repeating.

The order makes it consistent: the database is copied first, then the WARC files. Rows are committed after their bytes
are on the medium, so every row of the copied database finds its record in the files that are copied after it. What the
files hold beyond that, the next crawl in the copy reads. A file that is still being written is copied up to its last
whole capture event, and replaced by the whole file the next time.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from errno import EIO, ENOSPC
from pathlib import Path
from typing import IO

from archive.databases import damage_of, read_only_uri
from archive.errors import WrongUse
from archive.faults import fault
from archive.founding import MARKER
from archive.layout import Archive, is_unicode
from archive.manifest import missing_warcs, read_manifest, write_manifest
from archive.warc.recover import TORN, whole_bytes
from archive.warc.segment import OPEN, flush, flush_directory
from archive.warc.zips import RECORD_NAMES
from archive.written import record_written

_PIECE_BYTES = 1 << 20
_DRAFT = ".backup-draft"
_KEPT = (*RECORD_NAMES, ".wacz", TORN)


@dataclass(slots=True)
class BackedUp:
    """What a backup did. *problems* name what was not copied, and why: the copy that was there is kept."""

    copied: int = 0
    copied_bytes: int = 0
    #: were there already
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)


def back_up(archive: Archive, to: Path) -> BackedUp:
    """Copy *archive* to *to*, or bring the copy there up to date.

    A file that is not what the manifest says is named and not copied: a good copy is never replaced by a damaged one.
    Nothing is removed from the copy. Raises WrongUse for a place that cannot hold it, ArchiveFault or DiskFull when it
    cannot be written; what was copied before is whole.
    """
    here, there = archive.root.resolve(), to.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise WrongUse(f"{to}: a backup of {archive.root} cannot lie in it or around it")
    copy = Archive.create(to, operator=archive.operator, contact=archive.contact)
    copy.check_writable()
    done = BackedUp()
    _copy_changed(archive.root / MARKER, copy.root / MARKER, done)
    if archive.database.exists():
        with copy.lock_database():
            _copy_database(archive.database, copy.database, done)
    for frontier in sorted(archive.state.glob("*.frontier.db")):
        _copy_database(frontier, copy.state / frontier.name, done)
    _copy_warcs(archive, copy, done)
    for folder in (archive.decisions, archive.sites, archive.pages, archive.reports, archive.exports, archive.logs):
        for path in _files(folder):
            target = copy.root / path.relative_to(archive.root)
            _copy_changed(path, target, done, only_grows=folder == archive.decisions)
    record_written(copy)
    return done


def _files(folder: Path) -> Iterator[Path]:
    """Links are not followed: what they lead to is not in the archive."""
    for directory, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(directory) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _copy_warcs(archive: Archive, copy: Archive, done: BackedUp) -> None:
    known, lines = read_manifest(archive.root), read_manifest(copy.root)
    for name in missing_warcs(archive.root):
        done.problems.append(f"{archive.root / name}: the manifest names it, and it is not there")
        # So that the copy tells too, unless it is whole.
        lines.setdefault(name, known[name])
    try:
        for path in sorted(archive.warcs.iterdir()):
            name = path.name.removesuffix(OPEN)
            if path.is_symlink() or not path.is_file() or not name.endswith(_KEPT):
                continue
            if name.endswith(TORN):  # has no line, and does not change
                _copy_changed(path, copy.warcs / name, done)
                continue
            if not is_unicode(name):
                done.problems.append(f"{ascii(str(path))[1:-1]}: not copied: its name is not UTF-8: rename the file")
                continue
            relative, target = f"warcs/{name}", copy.warcs / name
            expected = known.get(relative)
            try:
                # Others' files that lie among ours have no line in the archive's manifest, only in the copy's.
                if _same_size(path, target) and lines.get(relative) == (expected or _sha256(path)):
                    done.unchanged += 1
                    continue
                if lines.pop(relative, None):
                    # It was being written the last time. Whenever we are killed, no line may be about other bytes.
                    write_manifest(copy.root, lines)
                limit = whole_bytes(path) if path.name.endswith(OPEN) else None
                sha256 = _copy_file(path, target, limit=limit, expected=expected)
            except FileNotFoundError:
                continue  # sealed under its final name meanwhile: the next backup has it
            except _Unreadable as why:
                done.problems.append(f"{path}: not copied: {why}")
                continue
            done.copied += 1
            done.copied_bytes += target.stat().st_size
            lines[relative] = sha256
    finally:
        write_manifest(copy.root, lines)


def _sha256(path: Path) -> str:
    """Raises FileNotFoundError, and _Unreadable for what else keeps it from being read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _Unreadable(error.strerror or str(error)) from error


def _same_size(path: Path, target: Path) -> bool:
    return target.is_file() and target.stat().st_size == path.stat().st_size


def _copy_database(source: Path, target: Path, done: BackedUp) -> None:
    """One moment of it, whatever is being written. Over a copy that is served: who has it open sees the new rows."""
    try:
        read = sqlite3.connect(read_only_uri(source), uri=True)
        if damage := damage_of(read):
            read.close()
            done.problems.append(f"{source}: not copied: {damage[0]}")
            return
        with closing(read), closing(sqlite3.connect(target)) as write:
            read.backup(write)
    except sqlite3.Error as error:
        raise fault(target, OSError(ENOSPC if "full" in str(error) else EIO, str(error))) from error
    done.copied += 1
    done.copied_bytes += target.stat().st_size


def _copy_changed(source: Path, target: Path, done: BackedUp, *, only_grows: bool = False) -> None:
    if target.is_file():
        if filecmp.cmp(source, target, shallow=False):
            done.unchanged += 1
            return
        if only_grows and target.stat().st_size > source.stat().st_size:
            done.problems.append(f"{source}: not copied: it has lost lines that {target} still has")
            return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(source, target, limit=None, expected=None)
    except FileNotFoundError:
        return
    except _Unreadable as why:
        done.problems.append(f"{source}: not copied: {why}")
        return
    except OSError as error:
        raise fault(target, error) from error
    done.copied += 1
    done.copied_bytes += target.stat().st_size


class _Unreadable(Exception):
    """The archive's own file cannot be read, or is not what it was."""


def _copy_file(source: Path, target: Path, *, limit: int | None, expected: str | None) -> str:
    """The sha256 of what was copied. *target* is replaced only when all of it is on the medium, and right."""
    draft = target.with_name(f".{target.name}{_DRAFT}")
    digest = hashlib.sha256()
    try:
        read = source.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _Unreadable(error.strerror or str(error)) from error
    try:
        with read, draft.open("wb") as write:
            for piece in _pieces(read, limit):
                digest.update(piece)
                write.write(piece)
            write.flush()
            flush(write.fileno())
        if expected is not None and digest.hexdigest() != expected:
            raise _Unreadable(f"its sha256 is {digest.hexdigest()}, the manifest says {expected}")
        draft.replace(target)
        flush_directory(target.parent)
    except OSError as error:
        raise fault(target, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest()


def _pieces(read: IO[bytes], limit: int | None) -> Iterator[bytes]:
    left = limit
    while left is None or left > 0:
        try:
            piece = read.read(_PIECE_BYTES if left is None else min(left, _PIECE_BYTES))
        except OSError as error:
            raise _Unreadable(error.strerror or str(error)) from error
        if not piece:
            return
        left = None if left is None else left - len(piece)
        yield piece
