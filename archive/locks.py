"""Locks of the kernel on files: dropped with their owner, so that a dead process holds none."""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive import times
from archive.errors import ArchiveFault, Locked

_LONGEST_BYTES = 200
#: What this thread holds: flock would let a thread wait for itself forever.
_HELD = threading.local()


@contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """A descriptor of the file, made where it is not there; nothing is held yet. Raises ArchiveFault."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as fault:
        raise ArchiveFault(f"{path}: {fault.strerror}") from fault
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold the file's lock; waits for whoever holds it. Raises ArchiveFault."""
    with lock_file(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Closing would leave it to a process that was forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def nesting_lock(path: Path, prepare: Callable[[], None]) -> Iterator[None]:
    """As `waiting_lock`, for other threads too; a thread that holds it may take it again. *prepare* is called before it
    is taken for the first time."""
    key = (os.getpid(), path.absolute())
    held: set[tuple[int, Path]] = _HELD.__dict__.setdefault("locks", set())
    if key in held:
        yield
        return
    prepare()
    with waiting_lock(path):
        held.add(key)
        try:
            yield
        finally:
            held.discard(key)


@contextmanager
def owned_lock(path: Path, taken: str) -> Iterator[None]:
    """Hold the file's lock. Raises Locked, which says *taken* and by whom, at once where another process holds it.

    A dead owner's lock is simply taken over: what the file says is for people only.
    """
    with lock_file(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise Locked(f"{taken}{_owner(descriptor)}") from fault
        # The lock holds without its text, which a full disk may refuse.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"pid {os.getpid()} since {times.seconds(times.now())}\n".encode(), 0)
        try:
            yield
        finally:
            # Emptied, not removed: a removed file's lock can be held beside a new file's of the same name.
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def owner_of(path: Path) -> int | None:
    """The process that holds the lock, by what its file says; None where it is none, or none any more."""
    found = None
    try:
        with path.open("rb") as file:
            found = re.match(rb"pid (\d+) since ", file.read(_LONGEST_BYTES))
        if found is not None:
            os.kill(int(found[1]), 0)
    except PermissionError:
        pass  # it is another user's
    except OSError:
        return None
    return int(found[1]) if found is not None else None


def _owner(descriptor: int) -> str:
    text = os.pread(descriptor, _LONGEST_BYTES, 0).decode("ascii", "replace")
    found = re.match(r"pid (\d+) since (\S+)", text)
    return f" by process {found[1]}, since {found[2]}" if found else ""
