"""The search index, filled at derive. No triggers: `transform()` drops them, and batches are faster without."""

from __future__ import annotations

import sqlite3

from archive.store.subjects import fold


def index_site(connection: sqlite3.Connection, site: str) -> None:
    """Add new page versions; set names and URLs anew where they changed."""
    # A page version never changes and is never deleted, so what is not yet indexed has the highest ids.
    connection.execute(
        "INSERT INTO page_version_fts (rowid, title, text) SELECT id, title, text FROM page_version"
        " WHERE id > coalesce((SELECT max(id) FROM page_version_fts_docsize), 0)"
    )
    stale = connection.execute(
        """SELECT r.id, r.url, r.title, t.rowid, t.folded FROM resource r LEFT JOIN name_trigram t ON t.rowid = r.id
        WHERE r.id IN
          (SELECT c.resource_id FROM capture c JOIN crawl k ON k.id = c.crawl_id WHERE k.site_id = ?)""",
        (site,),
    ).fetchall()
    for id_, url, title, indexed, known in stale:
        folded = f"{fold(title or '')} {fold(url)}".strip()
        if indexed is None:
            connection.execute(
                "INSERT INTO name_trigram (rowid, kind, ref, folded) VALUES (?, 'resource', ?, ?)", (id_, url, folded)
            )
        elif known != folded:
            connection.execute("UPDATE name_trigram SET folded = ? WHERE rowid = ?", (folded, id_))
    # Organisations have no integer ids; they live below zero, where resources never are.
    connection.execute("DELETE FROM name_trigram WHERE rowid < 0")
    names = connection.execute(
        """SELECT o.id, group_concat(n.name, ' ') FROM organisation o JOIN (
          SELECT id, name FROM organisation UNION SELECT organisation_id, alias FROM organisation_alias
          ORDER BY 1, 2) n ON n.id = o.id GROUP BY o.id ORDER BY o.id"""
    ).fetchall()
    connection.executemany(
        "INSERT INTO name_trigram (rowid, kind, ref, folded) VALUES (?, 'organisation', ?, ?)",
        [(-number, id_, fold(name)) for number, (id_, name) in enumerate(names, 1)],
    )
