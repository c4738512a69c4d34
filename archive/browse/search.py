"""Search over the texts of page versions and over names. What people type is words, never a query language."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from archive.store.expressions import match_expression
from archive.store.subjects import fold

__all__ = ["marked", "match_expression", "search"]

#: stand around a hit in a snippet: control characters are in no text that a page shows
_OPEN, _CLOSE = "\x02", "\x03"

_TEXTS = f"""SELECT v.id, v.title, v.site_id, v.page_key, s.name AS site,
  snippet(page_version_fts, 1, '{_OPEN}', '{_CLOSE}', '…', 28) AS snippet
FROM page_version_fts JOIN page_version v ON v.id = page_version_fts.rowid JOIN site s ON s.id = v.site_id
WHERE page_version_fts MATCH match_expression(:text) ORDER BY rank LIMIT 200"""
_NEWEST = """SELECT c.record_id, c.captured_at, r.url FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.page_version_id = ? ORDER BY c.captured_at DESC, c.id LIMIT 1"""
_NAMES = """SELECT o.id, o.name FROM name_trigram t JOIN organisation o ON o.id = t.ref
WHERE t.kind = 'organisation' AND name_trigram MATCH :folded ORDER BY rank LIMIT 12"""


def marked(snippet: str) -> Markup:
    """A snippet with its hits marked, all else escaped."""
    text = str(escape(snippet)).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return Markup(text)  # noqa: S704 - escaped in the line above; only our own two tags are put back


async def search(database: Any, text: str) -> dict[str, Any]:
    """Pages that hold *text*, each by its best version, and organisations whose name holds it, inside words too."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (await database.execute(_TEXTS, {"text": text})).rows:
        hit = found.setdefault(
            (row["site_id"], row["page_key"]),
            {**dict(row), "snippet": marked(row["snippet"] or ""), "versions": 0},
        )
        hit["versions"] += 1
    hits = list(found.values())[:30]
    for hit in hits:
        newest = (await database.execute(_NEWEST, [hit["id"]])).first()
        hit["capture"] = dict(newest) if newest is not None else None
    folded = fold(text)
    names = []
    if len(folded) > 2:
        phrase = '"' + folded.replace('"', '""').replace("\0", " ") + '"'
        names = [dict(row) for row in (await database.execute(_NAMES, {"folded": phrase})).rows]
    return {"hits": hits, "names": names, "more": len(found) > len(hits)}
