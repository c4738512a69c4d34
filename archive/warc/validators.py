"""By what a server can tell that it would send again what is kept, and when its word is taken for it (RFC 9110, 8.8, 13
and 15.4.5).

What a 304 stands for is never seen, so the archive has to believe it. A **strong** validator promises the same bytes:
an entity tag without ``W/``, or a Last-Modified at least a minute older than the Date beside it (8.8.2.2: what changes
twice in a second has one Last-Modified, and clocks differ). A **weak** one promises something as good to a reader.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from archive.errors import BadHttp
from archive.exchange import Exchange, Validator
from archive.model import HttpResponse
from archive.warc.http import parse_response

Strength = Literal["strong", "weak"]

NONE_MATCH: Literal["If-None-Match"] = "If-None-Match"
MODIFIED_SINCE: Literal["If-Modified-Since"] = "If-Modified-Since"

#: RFC 9110, 8.8.3; servers that leave the quotes out do not compare as they should either
_TAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]{0,1000}"')
_DATE = re.compile(r"[A-Za-z0-9 ,:+-]{10,60}")
_SURE_AFTER = timedelta(seconds=60)


def condition_of(
    response: HttpResponse, strength: Strength
) -> tuple[Literal["If-None-Match", "If-Modified-Since"], str] | None:
    """The request field, and its value, that asks whether *response* still is what would be sent; None where it has no
    validator of that *strength*.

    One of the two only: which of them a server went by could not be told otherwise.
    """
    vary = {name.strip().lower() for value in _values(response, "Vary") for name in value.split(",")}
    if response.status != 200 or "*" in vary:
        return None
    tags, dates = _values(response, "ETag"), _values(response, "Last-Modified")
    if tags:
        sure = len(tags) == 1 and _TAG.fullmatch(tags[0]) and (strength == "weak" or not tags[0].startswith("W/"))
        # The server has said how sure it is: its date is no better than its tag.
        return (NONE_MATCH, tags[0]) if sure else None
    # Unlike a tag, one date may be that of several representations (8.8.3.1); we always ask for gzip.
    if len(dates) != 1 or vary - {"", "accept-encoding"} or (modified := _date(dates[0])) is None:
        return None
    sent = [_date(value) for value in _values(response, "Date")]
    if strength == "strong" and not (len(sent) == 1 and sent[0] and sent[0] - modified >= _SURE_AFTER):
        return None
    return MODIFIED_SINCE, dates[0]


def is_not_modified(exchange: Exchange, validator: Validator) -> bool:
    """Whether *exchange* asked by *validator*, and its answer says that the original still is what would be sent.

    An answer that names another validator than the one asked by says so of something else: it is not believed.
    """
    if exchange.status != 304 or exchange.response is None or exchange.header_bytes is None:
        return False
    if exchange.truncated or exchange.error:
        return False
    asked = f"\r\n{validator.field}: {validator.value}\r\n".encode("latin-1")
    if asked not in b"".join(exchange.request.chunks()):
        return False
    try:
        response = parse_response(exchange.response)
    except BadHttp:
        return False
    if validator.field == NONE_MATCH:
        wanted, told = validator.value, _values(response, "ETag")
        return all(tag == wanted or (wanted.startswith("W/") and tag == wanted[2:]) for tag in told)
    wanted_date = _date(validator.value)
    return all(value == validator.value or _date(value) == wanted_date for value in _values(response, "Last-Modified"))


def _values(response: HttpResponse, name: str) -> list[str]:
    wanted = name.lower()
    return [value for field, value in response.headers if field.lower() == wanted]


def _date(value: str) -> datetime | None:
    if not _DATE.fullmatch(value):
        return None
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
