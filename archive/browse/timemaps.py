"""``/-/timegate`` and ``/-/timemap``: what programs ask that travel in time (RFC 7089, 4.1 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from datasette.utils.asgi import NotFound, Response

from archive import times
from archive.browse import access, mementos, withheld
from archive.browse.answering import REFUSED, Refusal, answering
from archive.browse.captures import Row
from archive.browse.language import gettext
from archive.browse.routes import READS, allowed
from archive.urls import urlkey

#: mementos on one page of a TimeMap
PAGE = 5000

_MEMENTOS = """SELECT c.record_id, c.captured_at, c.status, coalesce(c.mime, o.mime) AS mime, c.redirect_to, r.url
FROM resource r JOIN capture c ON c.resource_id = r.id LEFT JOIN capture o ON o.id = c.original_id
WHERE r.urlkey = :urlkey AND c.record_type <> 'failure' AND c.captured_at > '0002'
  AND (c.record_type <> 'revisit' OR c.original_id IS NOT NULL)
ORDER BY {order} LIMIT :rows OFFSET :start"""
_FORWARD, _BACKWARD = "c.captured_at, c.warc_date, c.id", "c.captured_at DESC, c.warc_date DESC, c.id DESC"
_CLOSEST = "abs(julianday(c.captured_at) - julianday(:at)), c.captured_at, c.warc_date"


async def _mementos(database: Any, url: str, order: str, rows: int, start: int = 0, **values: str) -> list[Row]:
    # The key is the same however it is escaped, and over HTTP and HTTPS.
    asked = {"urlkey": urlkey(url), "rows": rows, "start": start, **values}
    return [dict(row) for row in (await database.execute(_MEMENTOS.format(order=order), asked)).rows]


def _robots(datasette: Any) -> dict[str, str]:
    return {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}


def _tell(datasette: Any, request: Any, status: int, title: str, text: str) -> Any:
    """In plain text, as programs show it. Of a TimeGate all answers vary by date, and all name the original (RFC 7089,
    2.1.2, 2.2.1 and 4.5.4); where there is none of it, neither TimeGate nor TimeMap is named."""
    said = mementos.links(datasette, request, mementos.original(request))
    headers = {**REFUSED, "Link": ", ".join(said if status == 400 else said[:1])}
    if "page" not in request.url_vars:
        headers["Vary"] = "accept-datetime"
    return Response.text(f"{title}: {text}\n", status=status, headers=headers)


_answering = partial(answering, tell=_tell)


@_answering
async def timegate(datasette: Any, request: Any) -> Any:
    """To the memento nearest to ``Accept-Datetime``, to the newest without it."""
    name, database = await allowed(datasette, request, *READS)
    url = mementos.original(request)
    wanted = request.headers.get("accept-datetime")
    if wanted is None:
        found = await _mementos(database, url, _BACKWARD, 1)
    else:
        try:
            told = parsedate_to_datetime(wanted)
            # "-0000" says nothing of a zone (RFC 5322, 3.3): it is not the server's own.
            at = times.seconds(told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC))
        except (ValueError, OverflowError) as error:
            what = "is not such a date: Thu, 31 May 2007 20:35:00 GMT"
            raise Refusal(400, gettext("No date"), f"Accept-Datetime {wanted[:100]!r} {what}") from error
        found = await _mementos(database, url, _CLOSEST, 1, at=at)
    if not found:
        withheld.check_url(datasette, name, url, "9999")
        await withheld.check_erased(datasette, name, url)
        raise NotFound(gettext("%(url)s was never captured") % {"url": url[:2000]})
    first, last = await _mementos(database, url, _FORWARD, 1), await _mementos(database, url, _BACKWARD, 1)
    said = mementos.links(datasette, request, url)
    said += [
        mementos.link(datasette, request, first[0], "first memento"),
        mementos.link(datasette, request, last[0], "last memento"),
        mementos.link(datasette, request, found[0], "memento"),
    ]
    headers = {"Vary": "accept-datetime", "Link": ", ".join(said), **_robots(datasette)}
    return Response.redirect(datasette.urls.path(mementos.path_of(found[0])), headers=headers)


@_answering
async def timemap(datasette: Any, request: Any) -> Any:
    """Every memento of an address, in link format (RFC 6690), oldest first, so many to a page."""
    name, database = await allowed(datasette, request, *READS)
    url, number = mementos.original(request), int(request.url_vars["page"] or 1)
    rows = await _mementos(database, url, _FORWARD, PAGE + 1, (number - 1) * PAGE)
    if not rows:
        withheld.check_url(datasette, name, url, "9999")
        await withheld.check_erased(datasette, name, url)
        never = gettext("%(url)s was never captured") % {"url": url[:2000]}
        raise NotFound(never if number == 1 else gettext("This TimeMap has no page %(number)s") % {"number": number})
    more, rows = len(rows) > PAGE, rows[:PAGE]
    original, gate, _ = mementos.links(datasette, request, url)

    def page(at: int, relation: str) -> str:
        shown = mementos.links(datasette, request, url)[2]
        return shown.replace("/timemap/link/", f"/timemap/link/{at}/", 1).replace('rel="timemap"', f'rel="{relation}"')

    first, last = (mementos.http_date(row["captured_at"]) for row in (rows[0], rows[-1]))
    lines = [original, gate, f'{page(number, "self")}; from="{first}"; until="{last}"']
    lines += [page(number + 1, "timemap")] if more else []
    lines += [page(number - 1, "timemap")] if number > 1 else []
    for at, row in enumerate(rows):
        is_first, is_last = number == 1 and at == 0, not more and at == len(rows) - 1
        relation = " ".join(["first"] * is_first + ["last"] * is_last + ["memento"])
        lines.append(mementos.link(datasette, request, row, relation))
    return Response(",\n".join(lines) + "\n", content_type="application/link-format", headers=_robots(datasette))


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"^/-/timegate/(?P<url>.+)$", timegate),
    (r"^/-/timemap/link/(?:(?P<page>[1-9][0-9]{0,5})/)?(?P<url>.+)$", timemap),
)
