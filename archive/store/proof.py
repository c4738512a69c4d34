"""From every row back to its record: the file is opened, the record read, its digest computed, each quote looked for.

Each record is read once, in the order of its file, whatever the number of facts on it; memory is that of one record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlite_utils

from archive import digests, quotes
from archive.decoding import decode
from archive.errors import Damaged
from archive.model import HttpResponse, Record, WireBytes
from archive.store.fragments import cut_again
from archive.warc import http as warc_http
from archive.warc.reader import WarcFile, open_warc

_CAPTURES = """SELECT c.id, w.path, c.warc_offset, c.warc_length, c.record_id, c.record_type, r.url, c.warc_date,
  c.status, p.digest,
  EXISTS (SELECT 1 FROM observation o JOIN evidence e ON e.observation_id = o.id WHERE o.capture_id = c.id)
FROM capture c JOIN warc w ON w.id = c.warc_id JOIN resource r ON r.id = c.resource_id
  LEFT JOIN payload p ON p.id = c.payload_id
ORDER BY w.path, c.warc_offset"""

# A revisit holds no body: what was read off it stands in its original.
_REVISITS = """SELECT c.id, w.path, o.warc_offset, o.warc_length FROM capture c
  LEFT JOIN capture o ON o.id = c.original_id LEFT JOIN warc w ON w.id = o.warc_id
WHERE c.record_type = 'revisit' AND EXISTS
  (SELECT 1 FROM observation b JOIN evidence e ON e.observation_id = b.id WHERE b.capture_id = c.id)
ORDER BY w.path, o.warc_offset"""

_QUOTES = """SELECT e.fact_id, e.quote, e.byte_start, e.byte_end
FROM observation o JOIN evidence e ON e.observation_id = o.id WHERE o.capture_id = ? ORDER BY e.fact_id"""

# Of a revisit the body stands in its original.
_FRAGMENTS = """SELECT w.path, coalesce(o.warc_offset, c.warc_offset), coalesce(o.warc_length, c.warc_length),
  c.record_id, d.fragment, d.byte_start, d.byte_end
FROM (SELECT before_capture_id AS capture, before_fragment AS fragment, before_start AS byte_start,
    before_end AS byte_end FROM drift
  UNION SELECT after_capture_id, after_fragment, after_start, after_end FROM drift) d
  JOIN capture c ON c.id = d.capture LEFT JOIN capture o ON o.id = c.original_id AND c.record_type = 'revisit'
  JOIN warc w ON w.id = coalesce(o.warc_id, c.warc_id)
WHERE d.fragment IS NOT NULL ORDER BY 1, 2, 6, 7"""

# One rule may show a logo on every page of a site.
_RULES = """SELECT min(e.fact_id), e.quote, e.byte_start, e.byte_end, w.path,
  coalesce(o.warc_offset, c.warc_offset) AS warc_offset, coalesce(o.warc_length, c.warc_length)
FROM style_evidence e JOIN capture c ON c.id = e.capture_id
  LEFT JOIN capture o ON o.id = c.original_id AND c.record_type = 'revisit'
  JOIN warc w ON w.id = coalesce(o.warc_id, c.warc_id)
GROUP BY e.capture_id, e.byte_start, e.byte_end, e.quote ORDER BY w.path, warc_offset, e.byte_start"""

_UNPROVEN = """SELECT f.id, s.site_id, s.role, f.value FROM fact f JOIN section_version s ON s.id = f.section_version_id
WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.fact_id = f.id)"""

#: record types of WARC files that a capture's type may stand for
_TYPES = {"failure": "metadata"}
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class RowFinding:
    """A row that its record does not bear out."""

    table: str
    #: the capture's record id, or the fact's number
    row: str
    file: str
    offset: int
    expected: str
    found: str

    @property
    def what(self) -> str:
        return f"{self.table} {self.row}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class RowsChecked:
    captures: int = 0
    #: quotes looked for, one per fact and capture
    facts: int = 0
    #: of style sheets, beside the quotes of the elements they show
    rules: int = 0
    #: of drift
    fragments: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A capture as the database has it."""

    id: int
    path: str
    offset: int
    length: int
    record_id: str
    kind: str
    url: str
    date: str
    status: int | None
    digest: str | None
    quoted: int


@dataclass(frozen=True, slots=True)
class _Source:
    """A record taken apart."""

    file: str
    offset: int
    record: Record
    http: HttpResponse | None
    payload: WireBytes


def verify_rows(db: sqlite_utils.Database, warcs: Path, checked: RowsChecked | None = None) -> Iterator[RowFinding]:
    """Every capture against its record in *warcs*, every fact against its quote in the body; a finding per broken row.

    Never raises for what the archive holds, however damaged.
    """
    checked = checked or RowsChecked()
    with _Files(warcs) as files:
        for values in db.conn.execute(_CAPTURES):
            row = _Row(*values)
            checked.captures += 1
            quoted = row.quoted and row.kind != "revisit"
            try:
                source = files.source(row.path, row.offset, row.length)
            except (OSError, Damaged) as error:
                yield RowFinding("capture", row.record_id, row.path, row.offset, "its record", _said(error))
                if quoted:
                    yield from _lost(db, row.id, row.path, row.offset, _said(error))
                continue
            for expected, found in _differences(row, source):
                yield RowFinding("capture", row.record_id, row.path, row.offset, expected, found)
            if quoted:
                yield from _missing_quotes(db, row.id, source, checked)
        for capture_id, path, offset, length in db.conn.execute(_REVISITS):
            if path is None:
                yield from _lost(db, capture_id, "?", 0, "the original of the revisit is not in this archive")
                continue
            try:
                source = files.source(path, offset, length)
            except (OSError, Damaged) as error:
                yield from _lost(db, capture_id, path, offset, _said(error))
                continue
            yield from _missing_quotes(db, capture_id, source, checked)
        yield from _missing_rules(db, files, checked)
        yield from _missing_fragments(db, files, checked)
    for fact_id, site, role, value in db.conn.execute(_UNPROVEN):
        yield RowFinding("fact", str(fact_id), "?", 0, "evidence", f"none for {role} {value!r} of {site}")


class _Files:
    """Rows come in the order of files, so one open file is enough."""

    def __init__(self, warcs: Path) -> None:
        self._warcs = warcs
        self._open = ExitStack()
        self._file: WarcFile | None = None
        self._path: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def source(self, path: str, offset: int, length: int) -> _Source:
        if self._file is None or path != self._path:
            self._open.close()
            self._file = self._path = None
            # A row is no reason to read outside the archive.
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise Damaged(f"{path}: lies outside the archive")
            self._file = self._open.enter_context(open_warc(self._warcs, path))
            self._path = path
        record = self._file.read(offset, length)
        if record.type not in ("response", "revisit"):
            return _Source(path, offset, record, None, record.block)
        try:
            http = warc_http.parse_response(record.block)
        except ValueError:
            return _Source(path, offset, record, None, record.block)
        return _Source(path, offset, record, http, warc_http.payload(record.block, http))


def _differences(row: _Row, source: _Source) -> Iterator[tuple[str, str]]:
    record = source.record
    for name, expected, found in (
        ("record", row.record_id, record.id),
        ("record type", _TYPES.get(row.kind, row.kind), record.type),
        ("URL", row.url, record.url or "none"),
        ("WARC-Date", row.date, record.date),
    ):
        if expected != found:
            yield f"{name} {expected}", found
    if source.http is not None and row.status != source.http.status and row.kind == "response":
        yield f"status {row.status}", str(source.http.status)
    if row.digest is not None:
        computed = digests.sha256_chunks(source.payload.chunks())
        if computed != row.digest:
            yield f"payload digest {row.digest}", computed


def _missing_quotes(
    db: sqlite_utils.Database, capture_id: int, source: _Source, checked: RowsChecked
) -> Iterator[RowFinding]:
    try:
        body, charset = _decoded(source)
    except Damaged as error:
        yield from _lost(db, capture_id, source.file, source.offset, _said(error))
        return
    for fact_id, quote, start, end in db.conn.execute(_QUOTES, (capture_id,)):
        checked.facts += 1
        if not quotes.stands(body, charset, start, end, quote):
            found = body[max(start, 0) : max(end, 0)].decode("utf-8", "replace")[:_SHOWN_CHARS]
            yield RowFinding(
                "fact",
                str(fact_id),
                source.file,
                source.offset,
                f"{quote[:_SHOWN_CHARS]!r} at bytes {start}-{end} of the body",
                repr(found),
            )


def _missing_rules(db: sqlite_utils.Database, files: _Files, checked: RowsChecked) -> Iterator[RowFinding]:
    for fact_id, quote, start, end, path, offset, length in db.conn.execute(_RULES):
        checked.rules += 1
        expected = f"the rule {quote[:_SHOWN_CHARS]!r} at bytes {start}-{end} of the style sheet"
        try:
            source = files.source(path, offset, length)
            body, charset = _decoded(source)
        except (OSError, Damaged) as error:
            yield RowFinding("fact", str(fact_id), path, offset, expected, _said(error))
            continue
        if not quotes.stands(body, charset, start, end, quote):
            found = body[max(start, 0) : max(end, 0)].decode("utf-8", "replace")[:_SHOWN_CHARS]
            yield RowFinding("fact", str(fact_id), path, offset, expected, repr(found))


def _decoded(source: _Source) -> tuple[bytes, str]:
    """The body and its charset. Raises Damaged."""
    content_type = source.http.header("Content-Type") if source.http else source.record.field("Content-Type")
    body = warc_http.body(source.payload, source.http).data if source.http else b"".join(source.payload.chunks())
    return body, decode(body, content_type)[1]


def _missing_fragments(db: sqlite_utils.Database, files: _Files, checked: RowsChecked) -> Iterator[RowFinding]:
    for path, offset, length, record_id, fragment, start, end in db.conn.execute(_FRAGMENTS):
        checked.fragments += 1
        try:
            source = files.source(path, offset, length)
            body = warc_http.body(source.payload, source.http).data if source.http else b""
        except (OSError, Damaged) as error:
            yield RowFinding("drift", record_id, path, offset, repr(fragment[:_SHOWN_CHARS]), _said(error))
            continue
        charset = decode(body, source.http.header("Content-Type") if source.http else None)[1]
        found = cut_again(body, charset, start, end)
        if found != fragment:
            expected = f"{fragment[:_SHOWN_CHARS]!r} at bytes {start}-{end} of the body"
            yield RowFinding("drift", record_id, path, offset, expected, repr(found[:_SHOWN_CHARS]))


def _lost(db: sqlite_utils.Database, capture_id: int, file: str, offset: int, why: str) -> Iterator[RowFinding]:
    for fact_id, quote, _, _ in db.conn.execute(_QUOTES, (capture_id,)):
        yield RowFinding("fact", str(fact_id), file, offset, repr(quote[:_SHOWN_CHARS]), why)


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}"
    return str(error)
