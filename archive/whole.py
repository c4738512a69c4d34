"""Files and folders that are there whole, or not at all, whenever the power goes."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from archive.errors import ArchiveFault


def write_new(path: Path, text: str) -> None:
    """A file that was not there, with all of *text*, or none, whenever the power goes. Raises FileExistsError for one
    that is there, and ArchiveFault."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _link(draft, path)
        flush_names(path.parent)
    except FileExistsError:
        raise
    except OSError as fault:
        raise ArchiveFault(f"{fault.filename or path}: {fault.strerror}") from fault
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    """As a rename, but that takes nobody's place."""
    try:
        os.link(draft, path)
    except OSError as fault:
        # A file system without links, as on many a stick.
        if fault.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from fault
        draft.rename(path)


def write_whole(path: Path, text: str) -> None:
    """The file is there with all of *text*, or as it was, whenever the power goes. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    flush_names(path.parent)


def exchange(new: Path, old: Path) -> None:
    """Each gets the name of the other, at once: whoever looks finds the one or the other under *old*. Raises OSError.

    Where the system cannot do it at once, *old* is missing for the moment between two renames; a process that ends
    there leaves it beside, as ``.NAME.old``.
    """
    if sys.platform != "linux" or not _exchange_at_once(new, old):
        beside = old.with_name(f".{old.name}.old")
        old.rename(beside)
        new.rename(old)
        beside.rename(new)


def _exchange_at_once(new: Path, old: Path) -> bool:
    """renameat2(2) with RENAME_EXCHANGE. False where the C library or the file system has no such thing."""
    import ctypes

    at_working_directory, both_ways = -100, 2
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(at_working_directory, os.fsencode(new), at_working_directory, os.fsencode(old), both_ways) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(old))


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make *folder*, and those above it, with their names on the medium: files flushed into a folder that a power cut
    takes back are gone with it."""
    try:
        folder.mkdir(mode)
    except FileNotFoundError:
        make_folder(folder.parent)
        folder.mkdir(mode)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    flush_names(folder.parent)


def flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as fault:
        if fault.errno != errno.EINVAL:  # a file system that flushes no folders
            raise
    finally:
        os.close(descriptor)
