"""One request at a time to a host, and a floor between two, whatever the number of processes that crawl into one
archive.

One sparse file for all hosts: each has 16 bytes of it, found by the digest of its name, which are locked while a
request is under way and hold when the last one ended. The kernel drops the locks of a process that dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import struct
import time
from contextlib import suppress
from pathlib import Path

#: two hosts that share a place wait for one another, which is polite
_PLACES = 1 << 20
_PLACE = struct.Struct("<d8x")
#: how often a host that another process is asking is tried again
_POLL_S = (0.02, 0.05)


class HostGate:
    """Of one process: POSIX locks are a process's, so there may be one of these only. Times are those of the clock on
    the wall, which all processes share."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def enter(self, host: str, delay_s: float) -> float:
        """0 when *host* may be asked now, by us alone until `leave`; else in how many seconds to try again."""
        place = _place(host)
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, _PLACE.size, place)
        except OSError:  # another process is asking
            return random.uniform(*_POLL_S)  # noqa: S311  # so that two do not knock in step
        wait = min(self._ended(place) + delay_s - time.time(), delay_s)  # whatever a clock that was set back says
        if wait > 0:
            self._unlock(place)
            return wait
        # If we are killed meanwhile, the next one counts from here.
        self._note(place)
        return 0.0

    def leave(self, host: str) -> None:
        place = _place(host)
        self._note(place)
        self._unlock(place)

    def close(self) -> None:
        os.close(self._fd)

    def _ended(self, place: int) -> float:
        held = os.pread(self._fd, _PLACE.size, place)
        return float(_PLACE.unpack(held)[0]) if len(held) == _PLACE.size else 0.0

    def _note(self, place: int) -> None:
        with suppress(OSError):  # a full disk: the lock holds without it
            os.pwrite(self._fd, _PLACE.pack(time.time()), place)

    def _unlock(self, place: int) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, _PLACE.size, place)


def _place(host: str) -> int:
    digest = hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % _PLACES * _PLACE.size
