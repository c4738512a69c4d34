"""``/-/changes`` and its feeds."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils.asgi import NotFound, Response

from archive.browse import access, feeds, metadata, safe
from archive.browse.answering import Refusal, answering
from archive.browse.changes import read_changes
from archive.browse.file_names import anchor, feed_addresses
from archive.browse.language import DEFAULT, Visit, as_language, current, gettext, visiting
from archive.browse.pages import page
from archive.browse.remembered import remembered
from archive.browse.routes import allowed
from archive.browse.vocabulary import say

_READS = ("change", "site", "capture", "organisation")
_MOST, _USUAL = 500, 100


async def _feed_as_asked(datasette: Any, request: Any) -> feeds.Feed:
    """In the language its address names and no other: readers of feeds, and caches between, hold one copy for all."""
    with visiting(Visit(as_language(request.args.get("lang")) or DEFAULT)):
        return await _feed(datasette, request)


async def _feed(datasette: Any, request: Any) -> feeds.Feed:
    """What the address asks for: ``site``, ``organisation``, ``limit``. Raises Forbidden, NotFound, Refusal."""
    name, database = await allowed(datasette, request, *_READS)
    asked = {key: request.args[key] for key in ("site", "organisation") if request.args.get(key)}
    about = []
    for table, wanted in asked.items():
        sql = f"SELECT {'coalesce(title, name)' if table == 'site' else 'name'} FROM {table} WHERE id = ?"
        row = (await database.execute(sql, [wanted])).first()
        if row is None:
            unknown = (
                gettext("This archive has no site %(key)s")
                if table == "site"
                else gettext("This archive knows no organisation %(key)s")
            )
            raise NotFound(unknown % {"key": ascii(wanted[:200])})
        about.append(row[0])
    limit = request.args.get("limit") or ""
    if limit and not re.fullmatch(r"[1-9][0-9]{0,8}", limit):
        number = gettext("limit %(limit)s: how many changes is said by a number from 1")
        raise Refusal(400, gettext("Not understood"), number % {"limit": ascii(limit[:200])})
    count = min(int(limit or _USUAL), _MOST)
    if asked:
        entries = await read_changes(database, **asked, limit=count)
    else:
        newest = await remembered(datasette, name, "changes: newest", lambda: read_changes(database, limit=_MOST))
        entries = newest[:count]
    marker = access.marker_of(datasette, name)
    owner = (marker.operator if marker else None) or await access.title(datasette) or "Web archive"
    spoken = {} if current() == DEFAULT else {"lang": current()}
    query = f"?{urlencode(asked | spoken)}" if asked or spoken else ""

    def absolute(path: str) -> str:
        return str(datasette.absolute_url(request, datasette.urls.path(path)))

    kind = request.path.rpartition("/-/changes")[2]
    url, shown = absolute(f"/-/changes{kind}") + query, absolute("/-/changes") + query
    captured = absolute("/-/capture/")
    base = access.settings(datasette).get("site")
    if base is not None:
        begins, shown = feed_addresses(asked.get("organisation"), base)
        url, captured = begins + kind, f"{shown}#{anchor('')}"
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"bewaar changes {owner} {sorted(asked.items())}")
    return feeds.Feed(
        id=f"urn:uuid:{identity}",
        title=gettext("%(subject)s: changes")
        % {"subject": " · ".join(about) or say(await access.title(datasette) or metadata.TITLE)},
        language=current(),
        author=owner,
        url=url,
        page=shown,
        captures=captured,
        entries=entries,
    )


def _sent(datasette: Any, request: Any, body: bytes, content_type: str) -> Any:
    """With a tag, so that a reader that asks each hour is told in one line that nothing is new."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache" if request.actor else "public, max-age=300"}
    if not access.settings(datasette).get("index"):
        headers["X-Robots-Tag"] = "noindex"
    if safe.has(request, tag):
        return Response(b"", status=304, headers=headers)
    return Response(body, content_type=content_type, headers=headers)


@answering
async def changes_page(datasette: Any, request: Any) -> Any:
    feed = await _feed(datasette, request)
    headers = {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}
    kept = [(key, value) for key, value in parse_qsl(request.query_string or "") if key != "lang"]
    kept += [] if current() == DEFAULT else [("lang", current())]
    query = f"?{urlencode(kept)}" if kept else ""
    context = {"feed": feed, "query": query, "database": access.archive_name(datasette)}
    return await page(datasette, request, "bewaar_changes.html", context, headers=headers)


@answering
async def changes_atom(datasette: Any, request: Any) -> Any:
    return _sent(datasette, request, feeds.atom(await _feed_as_asked(datasette, request)), feeds.ATOM)


@answering
async def changes_json(datasette: Any, request: Any) -> Any:
    return _sent(datasette, request, feeds.json_feed(await _feed_as_asked(datasette, request)), feeds.JSON_FEED)


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"^/-/changes$", changes_page),
    (r"^/-/changes\.atom$", changes_atom),
    (r"^/-/changes\.json$", changes_json),
)
