"""Putting a snapshot together out of several captures: the page, and the style sheets of its time."""

from __future__ import annotations

import asyncio
from typing import Any

from markupsafe import Markup

from archive import times
from archive.browse import access, captures, language, markup, records, sanitiser
from archive.browse.captures import Row
from archive.browse.figures import day
from archive.browse.nearest import nearest
from archive.decoding import decode
from archive.errors import BewaarError

_REDIRECTS = 5

# Every property is set on the element, and important: no style of the archived page can hide or restyle it.
_BANNER = (
    '<div lang="{lang}" style="all:initial!important;position:fixed!important;left:0!important;right:0!important;'
    "bottom:0!important;"
    "z-index:2147483647!important;display:block!important;box-sizing:border-box!important;padding:.6rem 1rem!important;"
    "background:#10201d!important;color:#fff!important;font:600 15px/1.4 system-ui,sans-serif!important;"
    'border-top:3px solid #d9a441!important;text-align:center!important">{copy} '
    '<a style="all:unset!important;color:#ffd98a!important;text-decoration:underline!important;'
    'cursor:pointer!important" href="{path}">{known}</a></div>'
)


async def read_snapshot(datasette: Any, name: str, database: Any, capture: Row, html: str) -> str:
    """The document of ``/snapshot``. Raises CostsTooMuch."""
    digits = times.digits14(capture["captured_at"])
    prefix = datasette.urls.path(f"/-/web/{digits}/")
    head = await asyncio.to_thread(markup.read_head, html, capture["url"])
    body = await asyncio.to_thread(sanitiser.sanitise, html, head.base, str(prefix))
    sheets = {url: await _sheet(datasette, name, database, url, digits) for url in markup.sheet_urls(head)}
    styles = []
    for address, text in head.styles:
        base, css = (address, sheets.get(address)) if text is None else (address, text)
        if css:
            styles.append(markup.rewrite_css(css, base, markup.into(prefix)))
    at = capture["captured_at"]
    copy = language.gettext("Archived copy of %(at)s (UTC), not the live site.") % {"at": f"{day(at)} {at[11:19]}"}
    banner = Markup(_BANNER).format(  # noqa: S704 - our own constant; what is put into it is escaped
        lang=language.current(),
        copy=copy,
        known=language.gettext("What is known of this capture"),
        path=datasette.urls.path(f"/-/capture/{captures.slug(capture['record_id'])}"),
    )
    return markup.compose(head, styles, body, banner)


async def _sheet(datasette: Any, name: str, database: Any, url: str, digits: str) -> str | None:
    """The style sheet at *url* as it was then; None where it was not kept, or cannot be read."""
    for _ in range(_REDIRECTS):
        found = await nearest(database, url, digits)
        if found is None:
            return None
        if found["redirect_to"] and 300 <= (found["status"] or 0) < 400:
            url = found["redirect_to"]
            continue
        capture = await captures.find_capture(database, found["record_id"])
        holder = await captures.find_original(database, capture) if capture else None
        if holder is None or not 200 <= (holder["status"] or 0) < 300:
            return None
        try:
            kept = await asyncio.to_thread(records.read_kept, access.warcs_of(datasette, name), holder)
            if kept.mismatch or kept.payload is None:
                return None
            body = await asyncio.to_thread(kept.body)
        except BewaarError:
            return None
        return decode(body, kept.http.header("Content-Type") if kept.http else None)[0][: markup.MAX_STYLE_CHARS]
    return None
