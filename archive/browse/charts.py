"""How many were listed over time, and how much each crawl added: as lines and bars to be drawn, and as a table.

Shapes are SVG, stretched to whatever width there is; words and numbers stand beside them as text, so that they can be
read on a phone and in any size. What a drawing shows its table says too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive import times
from archive.browse.captures import Row

#: of a drawing, in its own units
WIDTH, HEIGHT = 1000, 200
_WIDEST_BAR = 100
#: sites that are drawn; rows of a table, and bars
MOST_LINES, MOST_ROWS = 6, 40

#: from when to when each was listed; of those whose list is gone, until it was last there
LISTED = """SELECT p.role, p.site_id, s.name AS site, p.subject, p.first_seen, p.state,
  CASE p.state WHEN 'ended' THEN p.gone_by WHEN 'unknown' THEN p.last_seen END AS until
FROM presence p JOIN site s ON s.id = p.site_id
WHERE p.role IN ('member', 'sponsor') AND p.first_seen > '0002'"""
CRAWLED = """SELECT min(started_at) AS first, max(coalesce(finished_at, started_at)) AS last, count(*) AS crawls
FROM crawl WHERE started_at > '0002'"""
SIZES = f"""SELECT k.id, k.site_id, s.name AS site, k.started_at, k.captures, k.bytes FROM (
  SELECT n.id, n.site_id, n.started_at, count(c.id) AS captures, coalesce(sum(c.warc_length), 0) AS bytes
  FROM (SELECT id, site_id, started_at FROM crawl ORDER BY started_at DESC, id DESC LIMIT {MOST_ROWS}) n
    LEFT JOIN capture c ON c.crawl_id = n.id GROUP BY n.id) k JOIN site s ON s.id = k.site_id
ORDER BY k.started_at, k.id"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A line of time, `WIDTH` long."""

    begin: datetime
    end: datetime

    @classmethod
    def between(cls, first: str, last: str) -> Axis:
        return cls(times.parse(first), times.parse(last))

    def place(self, at: str) -> float:
        """
        >>> Axis.between("2016-01-01T00:00:00Z", "2018-01-01T00:00:00Z").place("2017-01-01T00:00:00Z")
        500.7
        """
        whole = (self.end - self.begin).total_seconds() or 1.0
        share = (times.parse(at) - self.begin).total_seconds() / whole
        return round(max(0.0, min(1.0, share)) * WIDTH, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """From *at* on so many were listed; None once the list itself is gone."""

    at: str
    count: int | None


@dataclass(slots=True)
class Line:
    site: str
    steps: list[Step]
    path: str = ""

    def at(self, at: str) -> int | None:
        return next((step.count for step in reversed(self.steps) if step.at <= at), None)


@dataclass(slots=True)
class Chart:
    lines: list[Line]
    most: int
    first: str
    last: str
    #: the newest times at which anything changed
    moments: list[str] = field(default_factory=list)


def steps(listed: Iterable[Row]) -> list[Step]:
    """How many subjects were listed, from each time on at which that changed. One on two pages counts once.

    >>> row = {"subject": "a", "first_seen": "2016", "state": "ended", "until": "2018"}
    >>> [(step.at, step.count) for step in steps([row, row | {"subject": "b", "until": "2017"}])]
    [('2016', 2), ('2017', 1), ('2018', 0)]
    """
    events: dict[str, list[tuple[str, int, bool]]] = {}
    for row in listed:
        events.setdefault(row["first_seen"], []).append((row["subject"], 1, False))
        if row["until"] is not None:
            events.setdefault(row["until"], []).append((row["subject"], -1, row["state"] == "unknown"))
    times_listed: dict[str, int] = {}
    found: list[Step] = []
    for at in sorted(events):
        for subject, change, _ in events[at]:
            times_listed[subject] = times_listed.get(subject, 0) + change
        count = sum(number > 0 for number in times_listed.values())
        is_lost = count == 0 and any(lost for _, _, lost in events[at])
        if not found or found[-1].count != count or is_lost:
            found.append(Step(at, None if is_lost else count))
    return found


def over_time(listed: Sequence[Row], role: str, first: str, last: str) -> Chart | None:
    """The lists of one *role*, a line for each site, the longest list first; None where none was ever seen."""
    by_site: dict[str, list[Row]] = {}
    for row in listed:
        if row["role"] == role:
            by_site.setdefault(row["site_id"], []).append(row)
    lines = [Line(rows[0]["site"], steps(rows)) for rows in by_site.values()]
    if not lines:
        return None
    lines.sort(key=lambda line: (-max(step.count or 0 for step in line.steps), line.site))
    most = max(step.count or 0 for line in lines for step in line.steps) or 1
    axis = Axis.between(first, last)
    for line in lines:
        line.path = _path(line.steps, axis, most)
    moments = sorted({step.at for line in lines for step in line.steps})
    return Chart(lines, most, first, last, moments[-MOST_ROWS:])


def _path(steps: Sequence[Step], axis: Axis, most: int) -> str:
    """As SVG draws it: level from step to step, broken where the list is gone."""
    drawn: list[str] = []
    is_open = False
    for step in steps:
        x = axis.place(step.at)
        if step.count is None:
            drawn.append(f"H{x:g}")
            is_open = False
            continue
        y = round(HEIGHT * (1 - step.count / most), 1)
        drawn.append(f"H{x:g}V{y:g}" if is_open else f"M{x:g} {y:g}")
        is_open = True
    return "".join([*drawn, f"H{WIDTH}"] if is_open else drawn)


def bars(sizes: Sequence[Row]) -> list[dict[str, Any]]:
    """Each crawl with where its bar stands: *x*, *y*, *width*, *height*."""
    most = max((row["bytes"] for row in sizes), default=0) or 1
    room = WIDTH / max(len(sizes), 1)
    width = min(room * 0.8, _WIDEST_BAR)
    found = []
    for number, row in enumerate(sizes):
        height = round(max(HEIGHT * row["bytes"] / most, 2.0 if row["bytes"] else 0.0), 1)
        place = {"x": round((number + 0.5) * room - width / 2, 1), "width": round(width, 1)}
        found.append({**row, **place, "y": round(HEIGHT - height, 1), "height": height})
    return found
