"""What takes longer to count than to show: counted once for all visitors, and again when the database was written to.

While a crawl writes, what was counted before is shown until the time it took is a twentieth of the time since, so that
a visit costs the same however much is in the archive, and a small archive is always told exactly.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from archive.browse.captures import Row
from archive.browse.stamps import Stamp, stamp_of

_COSTS = 20


@dataclass(frozen=True, slots=True)
class _Tally:
    of: Stamp
    #: `time.monotonic`, and seconds
    at: float
    took_s: float
    rows: list[Row]


_tallies: WeakKeyDictionary[Any, dict[str, _Tally]] = WeakKeyDictionary()
_counting: WeakKeyDictionary[Any, dict[str, asyncio.Task[list[Row]]]] = WeakKeyDictionary()


async def counted(database: Any, sql: str) -> list[Row]:
    """The rows of *sql*, which takes no values."""
    path = Path(database.path)
    now = stamp_of([path, path.with_name(f"{path.name}-wal")])
    found = _tallies.setdefault(database, {}).get(sql)
    if found and (found.of == now or time.monotonic() - found.at < _COSTS * found.took_s):
        return found.rows
    under_way = _counting.setdefault(database, {})
    task = under_way.get(sql)
    if task is None or task.done():
        task = under_way[sql] = asyncio.get_running_loop().create_task(_count(database, sql, now))
    return await asyncio.shield(task)


async def _count(database: Any, sql: str, now: Stamp) -> list[Row]:
    def read(connection: sqlite3.Connection) -> tuple[list[Row], float]:
        began = time.monotonic()
        rows = [dict(row) for row in connection.execute(sql)]
        return rows, time.monotonic() - began

    rows: list[Row]
    rows, took_s = await database.execute_fn(read)
    _tallies.setdefault(database, {})[sql] = _Tally(now, time.monotonic(), took_s, rows)
    return rows
