"""The link graph of hosts or of pages, gathered in SQLite so that its size costs disk and no memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

Level = Literal["hosts", "pages"]

# Each version of a page with when it was captured, and on which host last.
_VERSIONS = """CREATE TEMP TABLE graph_version AS
SELECT c.page_version_id AS id, min(c.captured_at) AS first_seen, max(c.captured_at) AS last_seen, r.host
FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.page_version_id IS NOT NULL GROUP BY c.page_version_id"""
_RESOURCES = """CREATE TEMP TABLE graph_resource AS
SELECT resource_id AS id, min(captured_at) AS first_seen, max(captured_at) AS last_seen, count(*) AS captures
FROM capture GROUP BY resource_id"""

# A page is known by its site and page key, what is no page or was never captured by its URL.
_PAGE = "coalesce({0}.site_id || ' ' || {0}.page_key, {0}.url)"
_LINKS = f"""CREATE TEMP VIEW graph_link AS
SELECT v.site_id || ' ' || v.page_key AS page, s.host, l.target_url,
  coalesce({_PAGE.format("t")}, l.target_url) AS target, l.hop, s.first_seen, s.last_seen
FROM link l JOIN page_version v ON v.id = l.source_version_id JOIN graph_version s ON s.id = v.id
  LEFT JOIN resource t ON t.url = l.target_url
UNION ALL
SELECT {_PAGE.format("r")}, r.host, l.target_url, coalesce({_PAGE.format("t")}, l.target_url), l.hop, s.first_seen,
  s.last_seen
FROM resource_link l JOIN resource r ON r.id = l.source_id JOIN graph_resource s ON s.id = r.id
  LEFT JOIN resource t ON t.url = l.target_url"""
_EDGES = """CREATE TEMP TABLE graph_edge AS
SELECT {source} AS source, {target} AS target, hop, count(DISTINCT page || ' ' || target_url) AS links,
  min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM graph_link WHERE host_of(target_url) <> '' GROUP BY 1, 2, 3"""
_NODES = """CREATE TEMP TABLE graph_node (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, label TEXT NOT NULL, url TEXT, host TEXT,
  captures INTEGER NOT NULL)"""
_CAPTURED = {
    "hosts": """SELECT r.host, r.host, NULL, r.host, sum(s.captures)
      FROM resource r JOIN graph_resource s ON s.id = r.id WHERE r.host <> '' GROUP BY r.host""",
    # SQLite takes the other columns from the row that has the greatest last_seen.
    "pages": f"""SELECT name, label, url, host, captures FROM (
      SELECT {_PAGE.format("r")} AS name, coalesce(r.title, r.url) AS label, r.url, r.host, sum(s.captures) AS captures,
        max(s.last_seen) FROM resource r JOIN graph_resource s ON s.id = r.id GROUP BY 1)""",
}
_ENDS = """INSERT OR IGNORE INTO temp.graph_node (name, label, url, host, captures)
  SELECT {0}, {0}, CASE WHEN instr({0}, '://') THEN {0} END, coalesce(nullif(host_of({0}), ''), {0}), 0
  FROM temp.graph_edge ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    #: of a page its title, of a host its name
    label: str
    url: str | None
    host: str | None
    #: 0 for what is only linked to
    captures: int


@dataclass(frozen=True, slots=True)
class Edge:
    source: int
    target: int
    #: L link, E embed, R redirect, M sitemap
    hop: str
    #: each page and target URL counted once
    links: int
    first_seen: str
    last_seen: str


class Graph:
    def __init__(self, connection: sqlite3.Connection, level: Level) -> None:
        self._connection = connection
        connection.create_function("host_of", 1, lru_cache(maxsize=5_000)(_host), deterministic=True)
        ends = ("host", "host_of(target_url)") if level == "hosts" else ("page", "target")
        for statement in (
            _VERSIONS,
            "CREATE UNIQUE INDEX temp.graph_version_id ON graph_version(id)",
            _RESOURCES,
            "CREATE UNIQUE INDEX temp.graph_resource_id ON graph_resource(id)",
            _LINKS,
            _EDGES.format(source=ends[0], target=ends[1]),
            _NODES,
            f"INSERT INTO temp.graph_node (name, label, url, host, captures) {_CAPTURED[level]}",
            _ENDS.format("source"),
            _ENDS.format("target"),
        ):
            connection.execute(statement)

    def nodes(self) -> Iterator[Node]:
        rows = self._connection.execute("SELECT id, label, url, host, captures FROM temp.graph_node ORDER BY id")
        return (Node(*row) for row in rows)

    def edges(self) -> Iterator[Edge]:
        rows = self._connection.execute(
            """SELECT s.id, t.id, e.hop, e.links, e.first_seen, e.last_seen FROM temp.graph_edge e
            JOIN temp.graph_node s ON s.name = e.source JOIN temp.graph_node t ON t.name = e.target"""
        )
        return (Edge(*row) for row in rows)


def _host(url: str) -> str:
    """Empty for what has none, and for what is no URL."""
    try:
        return (urlsplit(url).hostname or "") if "://" in url else ""
    except ValueError:
        return ""
