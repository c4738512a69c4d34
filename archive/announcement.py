"""Where a replay of an archive stands: said by whoever replays it, for as long as it does."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.errors import ArchiveFault
from archive.layout import Archive

#: another that announces itself, or somebody who looks, is waited for so long, seconds
_WAIT_S = 1.0


def _file(archive: Archive) -> Path:
    return archive.state / "replay.json"


@contextmanager
def announce(archive: Archive, address: str) -> Iterator[bool]:
    """Say that the archive is replayed at *address*. It is untrue as soon as this process ends, however that comes: the
    lock on the file is the proof. False where nothing can be written, or another says so already. Raises ArchiveFault.
    """
    if not archive.writable:
        yield False
        return
    archive.make_folders()
    try:
        held = os.open(_file(archive), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ArchiveFault(f"{_file(archive)}: {error.strerror}") from error
    try:
        if not _locked(held):
            yield False
            return
        os.ftruncate(held, 0)
        os.write(held, json.dumps({"address": address}).encode())
        yield True
        os.ftruncate(held, 0)
    finally:
        os.close(held)


def announced(archive: Archive) -> str | None:
    """The address, while it holds."""
    try:
        file = os.open(_file(archive), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it: what stands there is of one that was killed
        found = json.loads(os.read(file, 4096))["address"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        os.close(file)
    return found if isinstance(found, str) and found.startswith(("http://", "https://")) else None


def _locked(held: int) -> bool:
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        else:
            return True
