"""Events are in PREMIS words, and a bag tells them as a PREMIS document."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from archive import times
from archive.bag import make_bag
from archive.errors import WrongUse
from archive.layout import Archive
from archive.manifest import read_manifest
from archive.premis import as_premis
from archive.store.decisions import append_event, load
from archive.store.event_types import AUTHORITY_URI, EVENT_TYPES
from archive.store.rules import open_decisions
from archive.wacz.pack import Wanted
from tests.archive.raw_records import keep
from tests.archive.test_bag import DAY, original

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


#: what stands in each element, in this order (PREMIS 3.0, XML schema); an element that is not here holds text
CONTENT = {
    "premis": "object* event* agent* rights*",
    "object": "objectIdentifier+ preservationLevel* significantProperties* objectCharacteristics+ originalName? storage*"
    " signatureInformation* relationship* linkingEventIdentifier* linkingRightsStatementIdentifier*",
    "objectIdentifier": "objectIdentifierType objectIdentifierValue",
    "objectCharacteristics": "compositionLevel? fixity* size? format+ creatingApplication* inhibitors*"
    " objectCharacteristicsExtension*",
    "fixity": "messageDigestAlgorithm messageDigest messageDigestOriginator?",
    "format": "formatDesignation formatRegistry? formatNote*",
    "formatDesignation": "formatName formatVersion?",
    "event": "eventIdentifier eventType eventDateTime eventDetailInformation* eventOutcomeInformation*"
    " linkingAgentIdentifier* linkingObjectIdentifier*",
    "eventIdentifier": "eventIdentifierType eventIdentifierValue",
    "eventDetailInformation": "eventDetail? eventDetailExtension*",
    "eventOutcomeInformation": "eventOutcome? eventOutcomeDetail*",
    "linkingAgentIdentifier": "linkingAgentIdentifierType linkingAgentIdentifierValue linkingAgentRole*",
    "linkingObjectIdentifier": "linkingObjectIdentifierType linkingObjectIdentifierValue linkingObjectRole*",
    "agent": "agentIdentifier+ agentName* agentType? agentVersion? agentNote* agentExtension* linkingEventIdentifier*",
    "agentIdentifier": "agentIdentifierType agentIdentifierValue",
}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ATTRIBUTES = {"premis": {"version"}, "object": {f"{XSI}type"}, "eventType": {"authority", "authorityURI"}}


def departures(element: ET.Element) -> list[str]:
    """Where a document is not built as PREMIS has it."""
    name = element.tag.removeprefix(V3)
    children = [child.tag.removeprefix(V3) for child in element]
    found = (
        [f"{name}: attributes {sorted(element.attrib)}"] if element.attrib.keys() - ATTRIBUTES.get(name, set()) else []
    )
    wanted = re.sub(r"(\w+)([*+?]?) ?", r"(?:\1 )\2", CONTENT.get(name, ""))
    if not re.fullmatch(wanted, "".join(f"{child} " for child in children)):
        found.append(f"{name}: {' '.join(children)}")
    text = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
    if bool(text) == (name in CONTENT):
        found.append(f"{name}: text {text!r}")
    return found + [one for child in element for one in departures(child)]


def test_a_document_is_built_as_the_schema_has_it(archive: Archive) -> None:
    long = archive.decisions / "more.jsonl"
    append_event(long, type_="ingestion", object_=f"warcs/one-{DAY.format(1)}", outcome="failure", detail=None)
    names = [f"warcs/{path.name}" for path in archive.sealed_warcs()]
    document = ET.fromstring("\n".join(as_premis(archive, names)))
    assert {child.tag.removeprefix(V3) for child in document} == {"object", "event", "agent"}
    assert departures(document) == []
    for size in document.iter(f"{V3}size"):
        assert int(size.text or "") > 0
    for at in document.iter(f"{V3}eventDateTime"):
        assert times.parse(at.text or "")
    # And what is not built so is told: an element out of its order, one too many, one that is missing.
    event, one = document.find(f"{V3}event"), document.find(f"{V3}object")
    assert event is not None
    assert one is not None
    event[:2] = reversed(event[:2])
    one.append(ET.Element(f"{V3}originalName"))
    one.remove(one[0])
    assert [told.partition(":")[0] for told in departures(document)] == ["object", "originalName", "event"]
