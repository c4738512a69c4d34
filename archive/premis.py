"""What happened to an archive's files, as PREMIS 3.0 in XML: objects (sealed files), events, agents. Of ``decisions/``
and the manifest; the captures, of the database where there is one.

What was done says itself: the detail of an event is handed on as it stands.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

from archive.layout import Archive
from archive.manifest import read_manifest
from archive.store import open_read_only
from archive.store.event_types import AUTHORITY, AUTHORITY_URI, EVENT_TYPES

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMATS = {".warc.gz": "WARC", ".warc": "WARC", ".arc.gz": "ARC", ".arc": "ARC", ".wacz": "WACZ"}
_PATH, _URL, _NAME, _UUID = "path in the archive", "URL", "name", "UUID"
_CAPTURES = """SELECT k.id, k.started_at, k.status, k.software, k.operator, group_concat(DISTINCT w.path)
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN warc w ON w.id = c.warc_id GROUP BY k.id ORDER BY k.id"""
#: how a crawl's end is told as an event's
_OUTCOMES = {"finished": "success", "limited": "success", "imported": "success"}


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, with what it was done to and by whom."""

    id: str
    type: str
    at: str
    detail: str | None
    outcome: str
    #: paths in the archive, or URLs
    objects: tuple[str, ...]
    #: names
    agents: tuple[str, ...]


def as_premis(archive: Archive, names: Iterable[str]) -> Iterator[str]:
    """The lines of a document on those of the archive's files that *names* are, paths in it. Lines of decisions that
    are none are passed over: `bewaar verify` and whatever obeys decisions tell of them."""
    wanted, digests = sorted(set(names)), read_manifest(archive.root)
    happened = [*_captured(archive), *_told(archive)]
    told = [one for one in happened if not _files(one) or _files(one) & set(wanted)]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<premis xmlns="http://www.loc.gov/premis/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    yield ' version="3.0">'
    for name in wanted:
        yield from _object(archive.root / name, name, digests.get(name))
    for one in told:
        yield from _event(one, set(wanted))
    for agent in sorted({agent for one in told for agent in one.agents}):
        yield from _agent(agent)
    yield "</premis>"


def _files(one: Happened) -> set[str]:
    return {name for name in one.objects if name.startswith("warcs/")}


def _captured(archive: Archive) -> Iterator[Happened]:
    if not archive.database.exists():
        return
    with closing(open_read_only(archive.database)) as db:
        try:
            rows = db.conn.execute(_CAPTURES).fetchall()
        except sqlite3.OperationalError:  # of an earlier schema
            return
    for crawl, at, status, software, operator, paths in rows:
        files = {f"warcs/{path.partition('!')[0]}" for path in paths.split(",")}
        agents = tuple(name for name in (software, operator) if name)
        # The same whenever it is told.
        id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:bewaar:crawl:{crawl}"))
        outcome = _OUTCOMES.get(status, "partial")
        yield Happened(id_, "capture", at, f"crawl {crawl}: {status}", outcome, tuple(sorted(files)), agents)


def _told(archive: Archive) -> Iterator[Happened]:
    for line in _lines(archive):
        detail = line.get("detail")
        said = _json(detail)
        objects: tuple[str, ...] = (line["object"],)
        if isinstance(files := said.get("files"), list):
            objects = tuple(str(file) for file in files) or objects
        by = said.get("by")
        agents = (*((str(by),) if isinstance(by, str) else ()), f"bewaar/{version('bewaar').split('+')[0]}")
        yield Happened(line["id"], line["type"], line["at"], detail, line["outcome"], objects, agents)


def _lines(archive: Archive) -> Iterator[dict[str, str]]:
    for path in sorted(archive.decisions.glob("*.jsonl")):
        if path.is_symlink() or not path.is_file():  # a pipe would keep us waiting for ever
            continue
        for raw in path.read_bytes().splitlines():
            line = _json(raw.decode("utf-8", "replace"))
            if all(isinstance(line.get(key), str) for key in ("id", "at", "type", "object", "outcome")):
                yield {key: str(value) for key, value in line.items() if value is not None}


def _json(detail: object) -> dict[str, object]:
    try:
        said = json.loads(str(detail))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _object(path: Path, name: str, sha256: str | None) -> Iterator[str]:
    """The elements in the order of the schema."""
    format_ = next((word for ending, word in _FORMATS.items() if name.endswith(ending)), "unknown")
    yield ' <object xsi:type="file">'
    yield f"  <objectIdentifier><objectIdentifierType>{_PATH}</objectIdentifierType>"
    yield f"   <objectIdentifierValue>{_text(name)}</objectIdentifierValue></objectIdentifier>"
    yield "  <objectCharacteristics>"
    if sha256:
        yield "   <fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm>"
        yield f"    <messageDigest>{sha256}</messageDigest></fixity>"
    yield f"   <size>{path.stat().st_size}</size>"
    yield f"   <format><formatDesignation><formatName>{format_}</formatName></formatDesignation></format>"
    yield "  </objectCharacteristics>"
    yield f"  <originalName>{_text(path.name)}</originalName>"
    yield " </object>"


def _event(one: Happened, known: set[str]) -> Iterator[str]:
    authority = f' authority="{AUTHORITY}" authorityURI="{AUTHORITY_URI}"' if one.type in EVENT_TYPES else ""
    yield " <event>"
    yield f"  <eventIdentifier><eventIdentifierType>{_UUID}</eventIdentifierType>"
    yield f"   <eventIdentifierValue>{_text(one.id)}</eventIdentifierValue></eventIdentifier>"
    yield f"  <eventType{authority}>{_text(one.type)}</eventType>"
    yield f"  <eventDateTime>{_text(one.at)}</eventDateTime>"
    if one.detail:
        yield f"  <eventDetailInformation><eventDetail>{_text(one.detail)}</eventDetail></eventDetailInformation>"
    yield f"  <eventOutcomeInformation><eventOutcome>{_text(one.outcome)}</eventOutcome></eventOutcomeInformation>"
    for agent in one.agents:
        yield f"  <linkingAgentIdentifier><linkingAgentIdentifierType>{_NAME}</linkingAgentIdentifierType>"
        yield f"   <linkingAgentIdentifierValue>{_text(agent)}</linkingAgentIdentifierValue></linkingAgentIdentifier>"
    for name in one.objects:
        if name in known or "://" in name:
            kind = _URL if "://" in name else _PATH
            yield f"  <linkingObjectIdentifier><linkingObjectIdentifierType>{kind}</linkingObjectIdentifierType>"
            yield f"   <linkingObjectIdentifierValue>{_text(name)}</linkingObjectIdentifierValue>"
            yield "  </linkingObjectIdentifier>"
    yield " </event>"


def _agent(name: str) -> Iterator[str]:
    kind = "software" if re.match(r"\S+/\d", name) else "organization or person"
    yield f" <agent><agentIdentifier><agentIdentifierType>{_NAME}</agentIdentifierType>"
    yield f"   <agentIdentifierValue>{_text(name)}</agentIdentifierValue></agentIdentifier>"
    yield f"  <agentName>{_text(name)}</agentName><agentType>{kind}</agentType>"
    yield " </agent>"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
