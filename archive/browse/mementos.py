"""What RFC 7089 has a server say: of a capture when it is from, and where the others of its address are."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from archive import times
from archive.browse import safe
from archive.browse.captures import Row, slug
from archive.model import HTML


def original(request: Any) -> str:
    """The address behind one of ours, as a visitor or a program wrote it. Proxies fold its two slashes into one."""
    url = request.url_vars["url"] + (f"?{request.query_string}" if request.query_string else "")
    return re.sub(r"^(https?):/+", r"\1://", url)


def path_of(capture: Row) -> str:
    """Where a capture is shown as it was. Of a redirect that is the way to where it led."""
    if 300 <= (capture["status"] or 0) < 400 and capture["redirect_to"]:
        return by_date(capture["url"], capture["captured_at"])
    return f"/-/capture/{slug(capture['record_id'])}/{'snapshot' if capture['mime'] in HTML else 'raw'}"


def permalink(datasette: Any, request: Any, capture: Row) -> str | None:
    """The absolute address under which a capture can be cited; None where no date leads to it."""
    if capture["record_type"] == "failure" or http_date(capture["captured_at"]) is None:
        return None
    return _absolute(datasette, request, by_date(capture["url"], capture["captured_at"]))


def by_date(url: str, captured_at: str) -> str:
    return f"/-/web/{times.digits14(captured_at)}/{quote(url, safe=_IN_PATH)}"


def http_date(captured_at: str) -> str | None:
    """None where the record has no date."""
    return None if captured_at.startswith("0001") else format_datetime(times.parse(captured_at), usegmt=True)


def headers(datasette: Any, request: Any, capture: Row) -> dict[str, str]:
    """Of a memento (RFC 7089, 2.1.2 and 2.2): its date, and the links every one of them has."""
    found = {"Link": ", ".join(links(datasette, request, capture["url"]))}
    if date := http_date(capture["captured_at"]):
        found["Memento-Datetime"] = date
    return found


def links(datasette: Any, request: Any, url: str) -> list[str]:
    """Original, TimeGate and TimeMap of *url*, as values of a Link header and of a TimeMap."""
    shown = safe.header_url(url)
    gate, listed = (_absolute(datasette, request, f"/-/{path}/{shown}") for path in ("timegate", "timemap/link"))
    return [
        f'<{shown}>; rel="original"',
        f'<{gate}>; rel="timegate"',
        f'<{listed}>; rel="timemap"; type="application/link-format"',
    ]


def link(datasette: Any, request: Any, capture: Row, relation: str) -> str:
    address = _absolute(datasette, request, path_of(capture))
    return f'<{safe.header_url(address)}>; rel="{relation}"; datetime="{http_date(capture["captured_at"])}"'


def _absolute(datasette: Any, request: Any, path: str) -> str:
    return str(datasette.absolute_url(request, datasette.urls.path(path)))


_IN_PATH = "%:/?&=+@!$,;()*~'[]"
