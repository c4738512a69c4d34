"""Rows on their way into SQLite: batched statements, remembered ids, and values that SQLite can hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

Value = str | int | float | None
Row = Sequence[Value]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_INT64 = 1 << 63


class Remembered(Generic[K, V]):
    """A bounded map. When it is full it forgets everything: simpler than an LRU, and a footer's sections are soon
    back in it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._map: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        return self._map.get(key)

    def put(self, key: K, value: V) -> V:
        if len(self._map) >= self._limit:
            self._map.clear()
        self._map[key] = value
        return value

    def clear(self) -> None:
        self._map.clear()


class Rows:
    """The statements of one connection. With *clean*, every value is made storable first; that costs time, so it is
    switched on only after SQLite refused a batch: pages hold lone surrogates (``&#xD800;``) and numbers past 64 bits.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.clean = False

    def one(self, sql: str, row: Row) -> tuple[int, ...] | None:
        found: tuple[int, ...] | None = self.connection.execute(sql, self._clean(row)).fetchone()
        return found

    def insert(self, sql: str, row: Row) -> int:
        """The new row's id."""
        return self.connection.execute(sql, self._clean(row)).lastrowid or 0

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        self.connection.executemany(sql, (self._clean(row) for row in rows) if self.clean else rows)

    def _clean(self, row: Row) -> Row:
        return [storable(value) for value in row] if self.clean else row


def storable(value: Value) -> Value:
    r"""What SQLite can hold of *value*.

    >>> storable("a\ud800b")
    'a\ufffdb'
    >>> storable(1 << 70)
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return None
    return value
