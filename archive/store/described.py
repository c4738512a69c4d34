"""What profiles say of sites, in the elements of Dublin Core, for whoever hands rows or files on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

#: columns of ``site``
ELEMENTS = (
    *("title", "creator", "publisher", "description", "language", "coverage", "subject", "identifier", "rights"),
    "licence",
)


@dataclass(frozen=True, slots=True)
class Described:
    #: the site's name where the profile gives no title
    title: str
    home: str | None = None
    creator: str | None = None
    publisher: str | None = None
    description: str | None = None
    #: several are separated by ``; ``
    language: str | None = None
    coverage: str | None = None
    subject: str | None = None
    identifier: str | None = None
    rights: str | None = None
    licence: str | None = None


def read_described(connection: sqlite3.Connection, site: str | None = None) -> list[Described]:
    """Of *site*, or of all, by id. Of a database of an earlier schema what that holds."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(site)")}
    columns = ["coalesce(title, name)", "home", *ELEMENTS[1:]]
    selected = ", ".join(one if one.startswith("coalesce") or one in there else "NULL" for one in columns)
    where, values = ("WHERE id = ?", (site,)) if site else ("", ())
    rows = connection.execute(f"SELECT {selected} FROM site {where} ORDER BY id", values).fetchall()
    return [Described(title, home, *rest) for title, home, *rest in rows]


def only(sites: list[Described]) -> Described | None:
    """The one there is: of several nothing can be said at once."""
    return sites[0] if len(sites) == 1 else None
