"""How single values look in tables and query results."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from datasette.utils import tilde_encode
from markupsafe import Markup

from archive.browse import access, captures
from archive.browse.language import gettext

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CAPTURE_ID = re.compile(r"(?:\w+_)?capture_id")
#: columns that hold ids of decisions, and not where a decision itself stands
_DECISIONS = {"decided_by", "decision_id", "by_id"}
#: columns whose value is the key of an organisation
_ORGANISATIONS = {"organisation_id", "beneficiary_id", "other_id"}
#: columns whose value is one of a few words
_STATES = {"state", "standing", "verdict", "status", "tier", "outcome", "certainty"}
#: what their colours mean; the word itself is always there
_GOOD = {
    "current",
    "found",
    "finished",
    "confirmed",
    "seen",
    "first listed",
    "listed again",
    "page repaired",
    "as before",
    "in force",
    "reviewed",
}
_BAD = {
    "ended", "failed", "no longer listed", "page broke", "section vanished", "count dropped", "selectors find nothing",
    "expected count missed", "names from files only", "all facts changed",
    "rejected", "withdrawn",
}  # fmt: skip

_LOGO = """SELECT c.record_id, p.media_type, p.width, p.height
FROM logo l LEFT JOIN logo_file f ON f.logo_id = l.id JOIN capture c ON c.id = coalesce(f.capture_id, l.capture_id)
  JOIN payload p ON p.id = coalesce(f.payload_id, l.payload_id)
WHERE l.site_id = ? AND l.page_key = ? AND l.subject = ? ORDER BY f.last_seen DESC, l.id DESC LIMIT 1"""


def when(at: str) -> Markup:
    """A time in UTC as tables show it, in every language.

    >>> when("2026-01-02T03:04:05Z").striptags()
    '2026-01-02 03:04'
    """
    return Markup('<time datetime="{0}" title="{0}">{1} <span class="bw-hour">{2}</span></time>').format(
        at, at[:10], at[11:16]
    )


def badge(value: object, said: str | None = None) -> Markup:
    """A state as a small label: its word, or what is *said* for it, with a colour and a sign beside it."""
    text = str(value)
    tone = "even"
    if text.isdigit() and len(text) == 3:
        tone = {"2": "good", "3": "moved", "4": "bad", "5": "bad"}.get(text[0], "even")
    elif text in _GOOD:
        tone = "good"
    elif text in _BAD:
        tone = "bad"
    return Markup('<span class="bw-badge bw-{}">{}</span>').format(tone, said or text)


def capture_link(datasette: Any, record_id: str, text: str = "capture") -> Markup:
    path = datasette.urls.path(f"/-/capture/{captures.slug(record_id)}")
    return Markup('<a class="bw-capture" href="{}" title="{}">{}</a>').format(path, record_id, text)


def decision_links(datasette: Any, database: str, ids: str) -> Markup:
    """Ids of decisions, each as a way to who decided it and why."""
    links = [
        Markup('<a class="bw-decision" href="{}" title="{}">{}</a>').format(
            datasette.urls.row(database, "decision", tilde_encode(id_)), id_, id_[:8]
        )
        for id_ in ids.split()
    ]
    return Markup(" ").join(links)


def organisation_path(datasette: Any, key: str) -> str:
    return str(datasette.urls.path(f"/-/organisation/{quote(key, safe='')}"))


def logo(datasette: Any, record_id: str, name: str = "") -> Markup:
    """The picture made small, linked to its capture."""
    path = datasette.urls.path(f"/-/capture/{captures.slug(record_id)}")
    alt = gettext("logo of %(name)s") % {"name": name} if name else gettext("logo, as it was captured")
    return Markup(
        '<a class="bw-logo" href="{0}"><img src="{0}/thumbnail" alt="{1}" loading="lazy" decoding="async"></a>'
    ).format(path, alt)


async def render(
    datasette: Any, database: str, table: str | None, column: str, *, value: Any, row: Any
) -> Markup | None:
    """The cell, or None where Datasette's own way of showing it is right."""
    if value is None or value == "" or not access.is_archive(datasette, database):
        return None
    label = value.get("label") if isinstance(value, dict) else None
    value = value.get("value") if isinstance(value, dict) else value
    record_id = next((text for text in (label, value) if captures.is_record_id(text)), None)
    if column == "logo" and record_id:
        return logo(datasette, record_id, _name_of(row))
    if table == "logo" and column == "capture_id" and record_id:
        return logo(datasette, record_id)
    if record_id:
        return capture_link(datasette, record_id, "capture" if column.endswith("capture_id") else _short(record_id))
    if _CAPTURE_ID.fullmatch(column) and isinstance(value, int):
        # A view's column has no foreign key, so no label: the row's public id is looked up when the link is followed.
        path = datasette.urls.path(f"/-/capture/row/{value}")
        return Markup('<a class="bw-capture" href="{}">capture</a>').format(path)
    key = _plain(row["id"]) if (table, column) == ("organisation", "name") else value
    if isinstance(key, str) and (key is not value or column in _ORGANISATIONS):
        text = label if isinstance(label, str) else value
        return Markup('<a href="{}">{}</a>').format(organisation_path(datasette, key), text)
    if label is not None or not isinstance(value, str | int):
        return None
    if table == "crawl" and column == "status":
        return badge(value) + Markup(' <a href="{}">report</a>').format(datasette.urls.path(f"/-/crawl/{row['id']}"))
    if column in _STATES or (column == "kind" and table in ("change", "drift")) or column == "change":
        return badge(value)
    if not isinstance(value, str):
        return None
    if column in _DECISIONS:
        return decision_links(datasette, database, value)
    if _TIME.fullmatch(value):
        return when(value)
    if _DIGEST.fullmatch(value):
        return Markup('<code class="bw-digest" tabindex="0" title="{0}">{0}</code>').format(value)
    if column == "logo_url" and {"site_id", "page_key", "subject"} <= set(row.keys()):
        return await _logo_beside(datasette, database, row, value)
    return None


async def _logo_beside(datasette: Any, database: str, row: Any, url: str) -> Markup | None:
    values = [_plain(row[name]) for name in ("site_id", "page_key", "subject")]
    found = (await datasette.get_database(database).execute(_LOGO, values)).first()
    if found is None:
        return None
    picture = logo(datasette, found["record_id"], _name_of(row))
    said = picture_size(found["media_type"], found["width"], found["height"])
    return picture + Markup('<span class="bw-url">{}</span>').format(f"{url} ({said})" if said else url)


def picture_size(media_type: str | None, width: int | None, height: int | None) -> str:
    """What a logo is, as its bytes say.

    >>> picture_size("image/png", 120, 90), picture_size("image/svg+xml", None, None)
    ('120 x 90, image/png', 'image/svg+xml')
    """
    return ", ".join(filter(None, (f"{width} x {height}" if width and height else None, media_type)))


def _name_of(row: Any) -> str:
    return str(_plain(row["name"]) or "") if "name" in row.keys() else ""  # noqa: SIM118 - a sqlite3.Row has no `in`


def _plain(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) else value


def _short(record_id: str) -> str:
    return captures.slug(record_id)[:8]
