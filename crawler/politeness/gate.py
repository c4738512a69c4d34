"""One request at a time to a host, and a floor between two, whatever the number of processes that crawl into one
archive.

One sparse file for all hosts: each has 16 bytes of it, found by the digest of its name, which are locked while a
request is under way and hold when the last one ended, and who has the next turn and by what delay. Without turns a
process with a longer delay would never come in between those of a shorter one. The kernel drops the locks of a process
that dies, and a turn that is not taken is over soon.
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
_PLACE = struct.Struct("<dIf")
_TURN = struct.Struct("<If")
_TURN_OFFSET = 8
#: how long after its delay a turn is kept for who has it
_LATE_S = 1.0
#: how often a host that another process is asking is tried again
_POLL_S = (0.02, 0.05)


class HostGate:
    """Of one process: POSIX locks are a process's, so there may be one of these only. Times are those of the clock on
    the wall, which all processes share."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._me = int.from_bytes(os.urandom(4)) or 1

    def enter(self, host: str, delay_s: float) -> float:
        """0 when *host* may be asked now, by us alone until `leave`; else in how many seconds to try again."""
        place = _place(host)
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, _PLACE.size, place)
        except OSError:  # another process is asking
            self._ask_for_turn(place, delay_s)
            return random.uniform(*_POLL_S)  # noqa: S311  # so that two do not knock in step
        now = time.time()
        ended, whose, their_delay_s = self._held(place)
        wait = min(ended + delay_s - now, delay_s)  # whatever a clock that was set back says
        if whose not in {0, self._me} and ended <= now <= ended + their_delay_s + _LATE_S:
            wait = max(wait, random.uniform(*_POLL_S))  # noqa: S311
        elif wait > 0:
            self._write_turn(place, self._me, delay_s)
        else:
            self._write_turn(place, 0, 0)
        if wait > 0:
            self._unlock(place)
            return wait
        # If we are killed meanwhile, the next one counts from here.
        self._note(place)
        return 0.0

    def _ask_for_turn(self, place: int, delay_s: float) -> None:
        """Without the lock: of two that ask at once one has it, and the other the next."""
        ended, whose, their_delay_s = self._held(place)
        if whose == 0 or time.time() > ended + their_delay_s + _LATE_S:
            self._write_turn(place, self._me, delay_s)

    def leave(self, host: str) -> None:
        place = _place(host)
        self._note(place)
        self._unlock(place)

    def close(self) -> None:
        os.close(self._fd)

    def _held(self, place: int) -> tuple[float, int, float]:
        """When the last request ended, who has the next turn (0: nobody), and the delay of that one."""
        held = os.pread(self._fd, _PLACE.size, place)
        if len(held) < _PLACE.size:
            return 0.0, 0, 0.0
        ended, whose, delay_s = _PLACE.unpack(held)
        return float(ended), int(whose), float(delay_s)

    def _note(self, place: int) -> None:
        with suppress(OSError):  # a full disk: the lock holds without it
            os.pwrite(self._fd, struct.pack("<d", time.time()), place)

    def _write_turn(self, place: int, whose: int, delay_s: float) -> None:
        with suppress(OSError):
            os.pwrite(self._fd, _TURN.pack(whose, delay_s), place + _TURN_OFFSET)

    def _unlock(self, place: int) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, _PLACE.size, place)


def _place(host: str) -> int:
    digest = hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % _PLACES * _PLACE.size
