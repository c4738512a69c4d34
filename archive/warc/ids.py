"""Record ids: UUIDs that are like one another, because a record names up to three and random ones do not compress."""

from __future__ import annotations

import itertools
import os
import uuid

_COUNTER_BITS = 32


class RecordIds:
    """Ids of one writer: UUIDs of version 8 (RFC 9562, 5.8), 90 random bits drawn once and a count of 32.

    WARC-Record-ID, WARC-Concurrent-To and WARC-Warcinfo-ID of one file differ in their last digits only: a fifteenth
    less for an event without a body. Two writers never give the same id, as little as two random UUIDs are the same.
    May be called from any thread.

    >>> new_id = RecordIds()
    >>> first, second = new_id(), new_id()
    >>> first[:38] == second[:38], first[38:], second[38:]
    (True, '00000001>', '00000002>')
    """

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self._prefix = int.from_bytes(os.urandom(12)) << _COUNTER_BITS

    def __call__(self) -> str:
        # Past 4 thousand million the count runs into the random bits, which stay this writer's own.
        value = self._prefix + next(self._count) & (1 << 128) - 1
        value = value & ~(0xF000 << 64) | 8 << 76
        value = value & ~(0xC000 << 48) | 2 << 62
        return f"<urn:uuid:{uuid.UUID(int=value)}>"
