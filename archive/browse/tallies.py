"""What takes longer to count than to show: counted once for all visitors, and again when the database was written to.

While a crawl writes, a number may lag: what was counted before is shown until the time that took is a twentieth of the
time since, so that a visit costs the same however much is in the archive, and a small archive is always told exactly.
Names never lag: what is withheld is gone from the next request on.
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
_counting: WeakKeyDictionary[Any, dict[tuple[str, Stamp], asyncio.Task[list[Row]]]] = WeakKeyDictionary()


async def counted(database: Any, sql: str, *, may_lag: bool = False) -> list[Row]:
    """The rows of *sql*, which takes no values; to be read, and not to be written into."""
    path = Path(database.path)
    now = stamp_of([path, path.with_name(f"{path.name}-wal")])
    found = _tallies.setdefault(database, {}).get(sql)
    lags = may_lag and found is not None and time.monotonic() - found.at < _COSTS * found.took_s
    if found and (found.of == now or lags):
        return found.rows
    under_way = _counting.setdefault(database, {})
    task = under_way.get((sql, now))
    if task is None or task.done():
        task = asyncio.get_running_loop().create_task(_count(database, sql, now))
        under_way[sql, now] = task
        task.add_done_callback(lambda _: under_way.pop((sql, now), None))
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
