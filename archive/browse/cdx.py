"""``/-/cdx``: a CDX server, as pywb and the Wayback Machine have one, for programs that look captures up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils.asgi import Response

from archive import times
from archive.browse import access
from archive.browse.answering import Refusal, answering
from archive.browse.captures import Row
from archive.browse.language import gettext
from archive.browse.nearest import moment
from archive.browse.routes import READS, allowed
from archive.urls import urlkey

#: lines of one answer; those behind them are asked for by ``resumeKey``
MOST = 10_000
FIELDS = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename", "redirect")
#: what the Wayback Machine calls them
_ALIASES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
_TYPES = {"cdxj": "text/x-cdxj", "json": "application/x-ndjson", "text": "text/plain"}
_OPERATORS = ("!=", "=", "!~", "~", "!")

# The resources first, in the order of their keys: then a page of a large host costs as much as the page, not the host.
_LINES = """SELECT c.id, r.urlkey, r.url, c.captured_at, c.status, c.redirect_to AS redirect,
  CASE c.record_type WHEN 'revisit' THEN 'warc/revisit' ELSE c.mime END AS mime,
  coalesce(c.declared_digest, p.digest, op.digest) AS digest, c.warc_length AS length, c.warc_offset AS offset,
  w.path AS filename
FROM resource r CROSS JOIN capture c ON c.resource_id = r.id CROSS JOIN warc w ON w.id = c.warc_id
  LEFT JOIN payload p ON p.id = c.payload_id LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN payload op ON op.id = o.payload_id
WHERE {where} AND c.record_type <> 'failure' ORDER BY {order} LIMIT :rows"""
_ORDERS = {
    "": "r.urlkey, c.captured_at, c.id",
    "reverse": "r.urlkey DESC, c.captured_at DESC, c.id DESC",
    "closest": "abs(julianday(c.captured_at) - julianday(:closest)), c.captured_at, c.id",
}


@dataclass(frozen=True, slots=True)
class Asked:
    where: tuple[str, ...]
    values: Mapping[str, Any]
    sort: str
    limit: int
    fields: tuple[str, ...]
    output: str
    wants_resume_key: bool


def read_query(query: str) -> Asked:
    """Raises Refusal, which says what is asked for in another way."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    args = dict(pairs)
    where, values = _match(args)
    for bound, condition in (("from", "c.captured_at >= :from"), ("to", "c.captured_at < :to || '~'")):
        if given := args.get(bound):
            where.append(condition)
            values[bound] = _as_text(given, bound)
    for number, (_, text) in enumerate(pair for pair in pairs if pair[0] == "filter"):
        where.append(_filter(text, number, values))
    sort = args.get("sort") or ("closest" if args.get("closest") else "")
    if sort not in _ORDERS:
        raise _wrong("sort", sort, "reverse or closest")
    if sort == "closest":
        values["closest"] = moment(_digits(args.get("closest", ""), "closest"))
    if key := args.get("resumeKey"):
        if sort:
            raise _wrong("resumeKey", key, "only without sort")
        where.append("(r.urlkey, c.captured_at, c.id) > (:key, :at, :id)")
        values |= _read_resume_key(key)
    limit = args.get("limit", "")
    if limit and not re.fullmatch(r"[1-9][0-9]{0,17}", limit):
        raise _wrong("limit", limit, "a number from 1")
    output = args.get("output") or "cdxj"
    if output not in _TYPES:
        raise _wrong("output", output, "cdxj, json or text")
    names = [_field(name) for name in (args.get("fl") or args.get("fields") or "").split(",") if name]
    wants = args.get("showResumeKey", "").lower() in ("true", "1")
    most = min(int(limit or MOST), MOST)
    return Asked(tuple(where), values, sort, most, tuple(names) or FIELDS, output, wants_resume_key=wants)


def _match(args: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    """The condition on the key: ``url`` with ``matchType``, or with a ``*`` where the kind is written into it."""
    url, kind = args.get("url", "").strip(), args.get("matchType") or ""
    if not url:
        raise Refusal(
            400, gettext("Which address?"), gettext("Give url, as in /-/cdx?url=http://example.org/&matchType=prefix")
        )
    if not kind and url.startswith("*."):
        url, kind = url[2:], "domain"
    elif not kind and url.endswith("*"):
        url, kind = url[:-1], "prefix"
    key = urlkey(url)
    host = key.partition(")")[0]
    if kind in ("", "exact"):
        return ["r.urlkey = :key_is"], {"key_is": key}
    if kind == "prefix":
        start, end = key, key + "\x7f"
    elif kind in ("host", "domain"):
        start, end = host, host + "\x7f"
    else:
        raise _wrong("matchType", kind, "exact, prefix, host or domain")
    where, values = ["r.urlkey >= :start AND r.urlkey < :end"], {"start": start, "end": end}
    if kind in ("host", "domain"):
        # The host itself ends in ")"; "," follows where it is below.
        where.append(f"instr(:ends, substr(r.urlkey, {len(host) + 1}, 1))")
        values["ends"] = ")" if kind == "host" else "),:"
    return where, values


def _filter(text: str, number: int, values: dict[str, Any]) -> str:
    """``[!][=]field:value``. Patterns are a way to keep a server busy, and are not offered."""
    operator = next((one for one in _OPERATORS if text.startswith(one)), "")
    name, colon, value = text[len(operator) :].partition(":")
    if "~" in operator or not colon:
        raise _wrong("filter", text, "[!][=]field:value, as in =status:200 or !mime:image; patterns are not offered")
    column = {"timestamp": "c.captured_at", "urlkey": "r.urlkey", "url": "r.url"}.get(_field(name), _field(name))
    values[f"filter{number}"] = value
    compared = f"CAST(coalesce({_COLUMNS.get(column, column)}, '') AS TEXT)"
    found = f"{compared} = :filter{number}" if "=" in operator else f"instr({compared}, :filter{number}) > 0"
    return f"NOT ({found})" if operator.startswith("!") else f"({found})"


_COLUMNS = {
    "mime": "CASE c.record_type WHEN 'revisit' THEN 'warc/revisit' ELSE c.mime END",
    "status": "c.status",
    "digest": "coalesce(c.declared_digest, p.digest, op.digest)",
    "length": "c.warc_length",
    "offset": "c.warc_offset",
    "filename": "w.path",
    "redirect": "c.redirect_to",
    "c.captured_at": "strftime('%Y%m%d%H%M%S', c.captured_at)",
}


def _field(name: str) -> str:
    field = _ALIASES.get(name, name)
    if field not in FIELDS:
        raise _wrong("field", name, ", ".join(FIELDS))
    return field


def _digits(text: str, name: str) -> str:
    if not re.fullmatch(r"[0-9]{4,14}", text):
        raise _wrong(name, text, "4 to 14 digits, as in 2016 or 20160501120000")
    return text


def _as_text(digits: str, name: str) -> str:
    """As much of a column's text as there are digits, so that what begins with it is within."""
    digits = _digits(digits, name)
    whole = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}"
    return whole.rstrip("-T:")


def _wrong(name: str, value: str, allowed_values: str) -> Refusal:
    return Refusal(400, "Asked in another way", f"{name} {value[:200]!r}: {allowed_values}")


def _resume_key(row: Row) -> str:
    return f"{row['urlkey']} {row['captured_at']} {row['id']}"


def _read_resume_key(key: str) -> dict[str, Any]:
    parts = key.rsplit(" ", 2)
    if len(parts) != 3 or not re.fullmatch(r"[0-9]{1,18}", parts[2]):
        raise _wrong("resumeKey", key, "as the answer before gave it")
    return {"key": parts[0], "at": parts[1], "id": int(parts[2])}


def lines(rows: list[Row], asked: Asked) -> Iterator[str]:
    for row in rows:
        found = {**row, "timestamp": times.digits14(row["captured_at"])}
        told = {name: str(found[name]) for name in asked.fields if found[name] is not None}
        if asked.output == "json":
            yield json.dumps(told)
        elif asked.output == "text":
            yield " ".join(told.get(name, "-").replace(" ", "%20") for name in asked.fields)
        else:
            block = {name: value for name, value in told.items() if name not in ("urlkey", "timestamp")}
            yield f"{found['urlkey']} {found['timestamp']} {json.dumps(block)}"


@answering
async def cdx(datasette: Any, request: Any) -> Any:
    _, database = await allowed(datasette, request, *READS)
    asked = read_query(request.query_string)
    sql = _LINES.format(where=" AND ".join(asked.where), order=_ORDERS[asked.sort])
    found = [dict(row) for row in (await database.execute(sql, {**asked.values, "rows": asked.limit + 1})).rows]
    rows = found[: asked.limit]
    said = list(lines(rows, asked))
    headers = {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}
    if len(found) > asked.limit and not asked.sort:
        key = _resume_key(rows[-1])
        pairs = [pair for pair in parse_qsl(request.query_string) if pair[0] != "resumeKey"]
        again = urlencode([*pairs, ("resumeKey", key)])
        headers["Link"] = f'<{datasette.absolute_url(request, request.path)}?{again}>; rel="next"'
        if asked.wants_resume_key:
            said += ["", urlencode({"": key})[1:]]
    body = "".join(f"{line}\n" for line in said)
    return Response(body, content_type=f"{_TYPES[asked.output]}; charset=utf-8", headers=headers)


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = ((r"^/-/cdx$", cdx),)
