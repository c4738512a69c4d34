"""Files and directories that carry their name once they are whole and on the medium, and not a moment sooner."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from archive.errors import Locked, WrongUse
from archive.faults import fault
from archive.warc.segment import flush, flush_directory
from archive.whole import exchange


@contextmanager
def draft(path: Path, *, replace: bool = False) -> Iterator[IO[bytes]]:
    """Write a new file at *path*, or with *replace* in place of the one there. Of a failure nothing is left; what a
    killed process left is written over.

    Raises WrongUse where *path* is taken, or is a link, a device or a pipe; Locked where another process is writing it;
    ArchiveFault.
    """
    if not replace and os.path.lexists(path):
        raise WrongUse(f"{path}: exists already")
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise WrongUse(f"{path}: is no regular file, and is not put out of its place by one")
    part = path.with_name(f".{path.name}.part")
    try:
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise fault(path, error) from error
    with os.fdopen(fd, "w+b") as file:
        _claim(file, part, path)
        try:
            file.truncate(0)
            yield file
            file.flush()
            flush(file.fileno())
            part.rename(path)
            flush_directory(path.parent)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                # Closing writes what is still held, and would fail once more.
                with suppress(OSError):
                    file.close()
                raise fault(Path(error.filename or path), error) from error
            raise


@contextmanager
def new_directory(directory: Path, *, replace: bool = False) -> Iterator[Path]:
    """A directory that gets its name once all in it is on the medium; of a failure nothing is left. With *replace* it
    takes the place of the one that is there, which stays whole until then.

    Raises WrongUse where *directory* is taken; Locked where another process is making it; ArchiveFault.
    """
    if not replace and os.path.lexists(directory):
        raise WrongUse(f"{directory}: exists already")
    part = directory.with_name(f".{directory.name}.part")
    try:
        part.mkdir(exist_ok=True)
        held = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise fault(directory, error) from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(f"{directory}: another process is making it") from error
        try:
            for left in part.iterdir():  # by one that was killed
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            yield part
            if os.path.lexists(directory):
                exchange(part, directory)
                flush_directory(directory.parent)
                shutil.rmtree(part)
            else:
                part.rename(directory)
                flush_directory(directory.parent)
        except BaseException as error:
            with suppress(OSError):
                shutil.rmtree(part)
            if isinstance(error, OSError):
                raise fault(directory, error) from error
            raise
    finally:
        os.close(held)


def _claim(file: IO[bytes], part: Path, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it before us may have given it its name by now.
        ours = os.path.samestat(os.fstat(file.fileno()), part.lstat())
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if not ours:
        raise Locked(f"{path}: another process is writing it")
