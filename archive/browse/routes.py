"""The archive's own addresses. Every one of them asks first who may see it: Datasette does not ask for a plugin."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from datasette.utils.asgi import NotFound, Response

from archive import times
from archive.browse import access, captures, evidence, mementos, records, safe, thumbnails, withheld
from archive.browse.answering import Refusal, answering
from archive.browse.captures import Row
from archive.browse.language import gettext
from archive.browse.nearest import nearest
from archive.browse.pages import page
from archive.browse.replays import replay_address, replay_of
from archive.browse.snapshot import read_snapshot
from archive.browse.vocabulary import say_hops
from archive.decoding import decode
from archive.errors import Damaged
from archive.model import HTML

#: what a capture page tells of is read from these
READS = ("capture", "resource", "crawl", "warc", "payload")


async def allowed(datasette: Any, request: Any, *reads: str) -> tuple[str, Any]:
    """The archive's database and its name. Raises Forbidden, NotFound."""
    await access.check_instance(datasette, request.actor)
    name = access.archive_name(datasette)
    await access.check_view(datasette, request.actor, name, *reads)
    return name, datasette.get_database(name)


async def _capture(datasette: Any, request: Any) -> tuple[str, Any, Row]:
    name, database = await allowed(datasette, request, *READS)
    record_id = captures.record_id_of(request.url_vars["id"])
    capture = await captures.find_capture(database, record_id)
    if capture is None:
        await withheld.check_record(datasette, name, record_id)
        raise NotFound(gettext("No capture has the record id %(id)s") % {"id": record_id[:200]})
    return name, database, capture


async def _body(datasette: Any, name: str, database: Any, capture: Row) -> tuple[Row, records.Kept, bytes]:
    """The capture that holds the bytes, its record, and the body, checked against the digest that was kept."""
    if capture["record_type"] == "failure":
        failed = gettext("The fetch failed: %(error)s") % {"error": capture["error"] or gettext("no answer")}
        raise Refusal(404, gettext("Nothing was captured"), failed)
    holder = await captures.find_original(database, capture)
    if holder is None:
        original = capture["refers_to"] or gettext("another record")
        absent = gettext("This revisit refers to %(record)s, which is not in this archive") % {"record": original}
        raise Refusal(404, gettext("The bytes are not here"), absent)
    kept = await asyncio.to_thread(records.read_kept, access.warcs_of(datasette, name), holder)
    if kept.mismatch:
        raise kept.mismatch
    if kept.payload is None:
        raise Refusal(404, gettext("No body"), gettext("This record holds no HTTP message that could be read"))
    return holder, kept, await asyncio.to_thread(kept.body)


def _headers(datasette: Any, csp: str) -> dict[str, str]:
    return safe.archived(csp, index=bool(access.settings(datasette).get("index")))


def _kept_by(datasette: Any, request: Any, sent: bytes) -> dict[str, str]:
    """What never changes is asked for again each time, and answered without its bytes: what is withheld is not."""
    private = request.actor is not None or not access.is_public(datasette)
    return {
        "Cache-Control": "private, no-cache" if private else safe.PUBLIC_CACHE,
        "ETag": f'"{hashlib.sha256(sent).hexdigest()}"',
    }


@answering
async def raw(datasette: Any, request: Any) -> Any:
    """The body: pictures as pictures, text as plain text, all else as a download."""
    name, database, capture = await _capture(datasette, request)
    holder, kept, body = await _body(datasette, name, database, capture)
    mime = capture["mime"] or holder["mime"]
    content_type = kept.http.header("Content-Type") if kept.http else mime
    _, charset = await asyncio.to_thread(decode, body, content_type)
    how = safe.sending(body, mime, charset)
    inline = how.inline and not request.args.get("download")
    disposition = "inline" if inline else "attachment"
    headers = {
        **_headers(datasette, safe.INERT),
        **mementos.headers(datasette, request, capture),
        "Content-Disposition": f'{disposition}; filename="{safe.file_name(capture["url"])}"',
        **_kept_by(datasette, request, body),
    }
    if safe.has(request, headers["ETag"]):
        return Response(b"", status=304, headers=headers)
    headers["Content-Length"] = str(len(body))  # without it no proxy can hand out parts
    return Response(body, content_type=how.content_type if inline else "application/octet-stream", headers=headers)


@answering
async def thumbnail(datasette: Any, request: Any) -> Any:
    """The picture made small; what cannot be made small is sent as it is, from its own address."""
    name, database, capture = await _capture(datasette, request)
    holder = await captures.find_original(database, capture)

    async def body() -> bytes:
        return (await _body(datasette, name, database, capture))[2]

    small = await thumbnails.find_or_make(datasette, name, holder["digest"] if holder else None, body)
    if small is None:
        return Response.redirect(datasette.urls.path(f"/-/capture/{captures.slug(capture['record_id'])}/raw"))
    headers = {
        **_headers(datasette, safe.INERT),
        "Content-Disposition": 'inline; filename="thumbnail.webp"',
        **_kept_by(datasette, request, small),
    }
    if safe.has(request, headers["ETag"]):
        return Response(b"", status=304, headers=headers)
    return Response(small, content_type=thumbnails.MEDIA_TYPE, headers=headers)


@answering
async def record(datasette: Any, request: Any) -> Any:
    """The record as it lies in the file, to keep or to check elsewhere."""
    name, _, capture = await _capture(datasette, request)
    kept, member = await asyncio.to_thread(records.read_member, access.warcs_of(datasette, name), capture)
    if kept.mismatch:
        raise kept.mismatch
    suffix = ".warc.gz" if member.startswith(b"\x1f\x8b") else ".warc"
    file = re.sub(r"[^A-Za-z0-9-]+", "_", captures.slug(capture["record_id"]))[:80] + suffix
    headers = {
        **_headers(datasette, safe.INERT),
        "Content-Disposition": f'attachment; filename="{file}"',
        **_kept_by(datasette, request, member),
    }
    if safe.has(request, headers["ETag"]):
        return Response(b"", status=304, headers=headers)
    headers["Content-Length"] = str(len(member))
    return Response(member, content_type="application/warc", headers=headers)


@answering
async def snapshot(datasette: Any, request: Any) -> Any:
    """The page as it looked, without anything that runs; what is no page is sent as it is."""
    name, database, capture = await _capture(datasette, request)
    holder, kept, body = await _body(datasette, name, database, capture)
    mime = capture["mime"] or holder["mime"]
    if mime not in HTML or safe.picture(body, mime):
        return Response.redirect(datasette.urls.path(f"/-/capture/{captures.slug(capture['record_id'])}/raw"))
    content_type = kept.http.header("Content-Type") if kept.http else mime
    html, _ = decode(body, content_type)
    document = await read_snapshot(datasette, name, database, capture, html)
    headers = {**_headers(datasette, safe.SNAPSHOT), **mementos.headers(datasette, request, capture)}
    return Response.html(document, headers=headers)


@answering
async def by_row(datasette: Any, request: Any) -> Any:
    """From a row's number, which is this file's own, to the public address of the capture."""
    name, database = await allowed(datasette, request, *READS)
    row = int(request.url_vars["row"])
    capture = await captures.find_capture_by_row(database, row) if row < 1 << 63 else None
    if capture is None:
        await withheld.check_row(datasette, name, "capture", row)
        raise NotFound(gettext("No capture has the row number %(row)s") % {"row": row})
    return Response.redirect(datasette.urls.path(f"/-/capture/{captures.slug(capture['record_id'])}"))


@answering
async def web(datasette: Any, request: Any) -> Any:
    """``/-/web/20160501120000/http://...``: to the capture nearest in time, wherever it redirects."""
    name, database = await allowed(datasette, request, *READS)
    url = mementos.original(request)
    at = request.url_vars["at"]
    withheld.check_url(datasette, name, url, at)
    found = await nearest(database, url, at)
    if found is None:
        await withheld.check_erased(datasette, name, url)
        raise NotFound(gettext("%(url)s was never captured") % {"url": unquote(url)[:2000]})
    if found["redirect_to"] and 300 <= (found["status"] or 0) < 400:
        target = quote(found["redirect_to"], safe="%:/?&=+@!$,;()*~'[]")
        headers = mementos.headers(datasette, request, {**found, "url": unquote(url)})
        return Response.redirect(datasette.urls.path(f"/-/web/{at}/{target}"), headers=headers)
    return Response.redirect(datasette.urls.path(mementos.path_of(found)))


@answering
async def capture_page(datasette: Any, request: Any) -> Any:
    """Everything that is known of one capture, its record read again and its digests computed while you wait."""
    name, database, capture = await _capture(datasette, request)
    marker = access.marker_of(datasette, name)
    context: dict[str, Any] = {
        "capture": {**capture, "hops": say_hops(capture["hops"] or "")},
        "path": datasette.urls.path(f"/-/capture/{captures.slug(capture['record_id'])}"),
        "operator": marker.operator if marker else None,
        "permalink": mementos.permalink(datasette, request, capture),
        "digits": times.digits14(capture["captured_at"]),
        "slug": captures.slug,
        "database": name,
        "original": None,
        "fault": None,
        "kept": None,
        "preview": None,
        "facts": [],
        "replay": None,
        "others": await captures.find_others(database, capture),
    }
    holder = await captures.find_original(database, capture)
    if capture["record_type"] == "revisit":
        context["original"] = holder
    warcs = access.warcs_of(datasette, name)
    try:
        kept = await asyncio.to_thread(records.read_kept, warcs, capture)
        context["kept"] = kept
        shown = kept
        if holder is not None and holder is not capture:
            shown = await asyncio.to_thread(records.read_kept, warcs, holder)
            context["checks_of_original"] = shown.checks
        body = None
        if shown.payload is not None and shown.mismatch is None:
            body = await asyncio.to_thread(shown.body)
            mime = capture["mime"] or (holder["mime"] if holder else None)
            if mime in HTML and capture["sealed"] and capture["status"]:
                origin = replay_of(datasette, request, name)
                context["replay"] = replay_address(origin, capture["captured_at"], capture["url"])
            context["preview"] = "page" if mime in HTML else "picture" if safe.picture(body, mime) else None
        if await access.may_view(datasette, request.actor, name, "fact", "evidence", "fact_source"):
            read = capture
            rows = await captures.find_facts(database, read)
            if not rows and holder is not None:
                read = holder
                rows = await captures.find_facts(database, read)
            if await access.may_view(datasette, request.actor, name, "style_evidence", "style_source"):
                context["styles"] = await captures.find_styles(database, read)
            content_type = shown.http.header("Content-Type") if shown.http else None
            context["facts"] = await asyncio.to_thread(evidence.weigh, evidence.anchored(rows), body, content_type)
    except (records.NotHere, Damaged) as error:
        context["fault"] = str(error)
    headers = {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}
    return await page(datasette, request, "bewaar_capture.html", context, headers=headers)


_ID = r"(?P<id>[0-9A-Za-z-]{1,60}|id:[^/]{1,1000})"
ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (rf"^/-/capture/{_ID}$", capture_page),
    (rf"^/-/capture/{_ID}/raw$", raw),
    (rf"^/-/capture/{_ID}/thumbnail$", thumbnail),
    (rf"^/-/capture/{_ID}/record$", record),
    (rf"^/-/capture/{_ID}/snapshot$", snapshot),
    (r"^/-/capture/row/(?P<row>\d{1,19})$", by_row),
    (r"^/-/web/(?P<at>\d{4,14})(?:[a-z]{2}_)?/(?P<url>.+)$", web),
)
