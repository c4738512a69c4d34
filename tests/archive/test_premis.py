"""Events are in PREMIS words, and a bag tells them as a PREMIS document."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from archive.bag import make_bag
from archive.errors import WrongUse
from archive.layout import Archive
from archive.manifest import read_manifest
from archive.premis import as_premis
from archive.store.decisions import append_event, load
from archive.store.event_types import AUTHORITY_URI, EVENT_TYPES
from archive.store.rules import open_decisions
from archive.wacz.pack import Wanted
from tests.archive.test_bag import DAY, keep, original

V3 = "{http://www.loc.gov/premis/v3}"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive.create(tmp_path / "archive", operator="Town Archive")
    keep(archive, f"one-{DAY.format(1)}", original(1))
    keep(archive, f"two-{DAY.format(2)}", original(2))
    events = archive.decisions / "events.jsonl"
    one, two = (f"warcs/{site}-{DAY.format(number)}" for site, number in (("one", 1), ("two", 2)))
    append_event(
        events, type_="fixity check", object_="warcs", outcome="success", detail=json.dumps({"files": [one, two]})
    )
    append_event(events, type_="redaction", object_=one, outcome="success", detail=json.dumps({"by": "A. <Keeper>"}))
    append_event(events, type_="policy assignment", object_="http://one.test/", outcome="success", detail="takedown")
    return archive


def test_an_event_of_a_word_that_premis_has_not_is_read_and_not_written(archive: Archive) -> None:
    path = archive.decisions / "old.jsonl"
    with pytest.raises(WrongUse, match="no type of event that PREMIS knows"):
        append_event(path, type_="repair", object_="warcs", outcome="success")
    old = {
        "id": "1",
        "at": "2026-01-01T00:00:00Z",
        "type": "repair",
        "object": "x",
        "outcome": "success",
        "detail": None,
    }
    path.write_text(json.dumps(old) + "\n")
    with open_decisions(archive.decisions) as connection:
        assert load(connection, archive.decisions) == 4
        assert connection.execute("SELECT type FROM event WHERE id = '1'").fetchone() == ("repair",)
    document = ET.fromstring("\n".join(as_premis(archive, [])))
    (type_,) = [one for one in document.iter(f"{V3}eventType") if one.text == "repair"]
    assert type_.attrib == {}


def test_all_words_that_we_write_are_in_the_vocabulary() -> None:
    assert {
        "fixity check",
        "ingestion",
        "recovery",
        "policy assignment",
        "redaction",
        "deletion",
        "capture",
    } <= EVENT_TYPES


def test_a_bag_tells_its_files_their_events_and_who_did_them(archive: Archive, tmp_path: Path) -> None:
    make_bag(archive, tmp_path / "bag", Wanted(site="one"))
    document = ET.parse(tmp_path / "bag" / "metadata" / "premis.xml").getroot()
    assert (document.tag, document.get("version")) == (f"{V3}premis", "3.0")
    # Objects, events, agents: the order of the schema.
    kinds = [child.tag.removeprefix(V3) for child in document]
    assert kinds == ["object", "event", "event", "event", "agent", "agent"]
    name = f"warcs/one-{DAY.format(1)}"
    (path,) = [one.text for one in document.iter(f"{V3}objectIdentifierValue")]
    assert path == name
    assert document.findtext(f".//{V3}messageDigest") == read_manifest(archive.root)[name]
    assert int(document.findtext(f".//{V3}size") or 0) == (archive.root / name).stat().st_size
    types = [(one.text, one.get("authorityURI")) for one in document.iter(f"{V3}eventType")]
    assert types == [(word, AUTHORITY_URI) for word in ("fixity check", "redaction", "policy assignment")]
    linked = [one.text for one in document.iter(f"{V3}linkingObjectIdentifierValue")]
    assert linked == [name, name, "http://one.test/"]
    agents = {one.text for one in document.iter(f"{V3}agentName")}
    assert "A. <Keeper>" in agents
    assert all(agent in agents for agent in {one.text for one in document.iter(f"{V3}linkingAgentIdentifierValue")})
    tags = (tmp_path / "bag" / "tagmanifest-sha256.txt").read_text()
    assert "  metadata/premis.xml\n" in tags
