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
        folded = _fold_resource(url, title)
        if indexed is None:
            connection.execute(
                "INSERT INTO name_trigram (rowid, kind, ref, folded) VALUES (?, 'resource', ?, ?)", (id_, url, folded)
            )
        elif known != folded:
            connection.execute("UPDATE name_trigram SET folded = ? WHERE rowid = ?", (folded, id_))
    _index_organisations(connection)


def forget_texts(connection: sqlite3.Connection) -> None:
    """Before the rows of ``temp.hidden_version`` are deleted. Then all is merged into one segment: those of before keep
    the words of what was deleted."""
    connection.execute(
        "INSERT INTO page_version_fts (page_version_fts, rowid, title, text) SELECT 'delete', id, title, text"
        " FROM main.page_version WHERE id IN (SELECT id FROM temp.hidden_version)"
    )
    if connection.execute("SELECT EXISTS (SELECT 1 FROM temp.hidden_version)").fetchone()[0]:
        connection.execute("INSERT INTO page_version_fts (page_version_fts) VALUES ('optimize')")


def forget_names(connection: sqlite3.Connection) -> None:
    """After rows were deleted: names and URLs of ``temp.touched_resource`` and ``touched_organisation`` as they stand
    now, and not as they stood."""
    touched = connection.execute(
        """SELECT t.id, n.folded, r.url, r.title FROM temp.touched_resource t JOIN name_trigram n ON n.rowid = t.id
        LEFT JOIN main.resource r ON r.id = t.id"""
    ).fetchall()
    for id_, known, url, title in touched:
        if url is None:
            connection.execute("DELETE FROM name_trigram WHERE rowid = ?", (id_,))
        elif known != (folded := _fold_resource(url, title)):
            connection.execute("UPDATE name_trigram SET folded = ? WHERE rowid = ?", (folded, id_))
    if connection.execute("SELECT EXISTS (SELECT 1 FROM temp.touched_organisation)").fetchone()[0]:
        _index_organisations(connection)
    connection.execute("INSERT INTO name_trigram (name_trigram) VALUES ('optimize')")


def _fold_resource(url: str, title: str | None) -> str:
    return f"{fold(title or '')} {fold(url)}".strip()


def _index_organisations(connection: sqlite3.Connection) -> None:
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
