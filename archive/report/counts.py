"""The tables of counts in a crawl report: captures by status, media type, host, size and error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

#: entries of a list
MOST = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """One row of a table of counts."""

    name: str
    captures: int
    bytes: int = 0
    failed: int = 0
    example: str | None = None


class Counts:
    def __init__(self) -> None:
        self._captures: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, name: str, size: int = 0, *, failed: bool = False, example: str | None = None) -> None:
        self._captures[name] += 1
        self._bytes[name] += size
        self._failed[name] += failed
        if example is not None:
            self._examples.setdefault(name, example)

    def rows(self) -> list[Counted]:
        """The most first; what is beyond `MOST` in one."""
        ordered = sorted(self._captures.items(), key=lambda one: (-one[1], one[0]))
        rows = [
            Counted(name, count, self._bytes[name], self._failed[name], self._examples.get(name))
            for name, count in ordered
        ]
        if len(rows) > MOST + 1:
            rest = rows[MOST:]
            rows[MOST:] = [
                Counted(
                    f"{len(rest)} others",
                    sum(row.captures for row in rest),
                    sum(row.bytes for row in rest),
                    sum(row.failed for row in rest),
                )
            ]
        return rows
