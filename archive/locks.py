"""Locks of the kernel on files: dropped with their owner, so that a dead process holds none."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.errors import ArchiveFault


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
