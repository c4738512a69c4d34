"""The page of an organisation: where it was listed, when, in what words and with which logo."""

from __future__ import annotations

import re

import pytest

from archive.browse.serve import build as build_datasette
from archive.store import Store
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.browse_archive import HOSTILE, SITE, build
from tests.archive.browse_server import running, text_of


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("organisations") / "archive")
    decisions = built.archive.decisions / "decisions.jsonl"
    append_decision(
        decisions, who="Jo", action="alias", scope="Ministerie van Zorg", value=HOSTILE, decision_id="al"
    )  # fmt: skip
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        store.load_decisions(built.archive.decisions)
        store.derive(SITE, anchors=["home"])
    return built


def bars(html: str) -> list[tuple[str, float, float]]:
    found = re.findall(r'<rect class="bw-(\w+)" x="([\d.]+)" y="\d+" width="([\d.]+)"', html)
    return [(kind, float(x), float(width)) for kind, x, width in found if kind != "axis"]


def test_it_says_where_and_when_it_was_listed_and_leads_to_each_capture(client, built):
    html = client.get("/-/organisation/pleegzorg-nu").text
    text = text_of(html)
    assert "Pleegzorg Nu Where it was listed" in text
    assert "member Netwerk Betere Zorg 2016-05-01 2016-05-01 ended by 2018-05-01" in text
    hrefs = re.findall(r'href="(/-/capture/[^"]+)">(\d{4})', html)
    quote = f"{built.path('home')}#fact-member-pleegzorg-nu"
    assert hrefs[:3] == [(quote, "2016"), (quote, "2016"), (built.path("home2"), "2018")]
    # Two captures: seen in the first, so at most until the second.
    assert bars(html) == [("may", 0.0, 1000.0), ("bar", 0.0, 6.0)]


def test_what_came_later_begins_later_and_what_stayed_fills_the_line(client):
    assert bars(client.get("/-/organisation/huis-van-jeugd").text) == [("may", 0.0, 1000.0), ("bar", 994.0, 6.0)]
    assert bars(client.get("/-/organisation/wilde-ganzen").text)[-1] == ("bar", 0.0, 1000.0)


def test_a_sponsor_shows_its_logo_and_what_it_supports_leads_back(client, built):
    html = client.get("/-/organisation/stichting-lantaarn").text
    assert f'<img src="{built.path("Stichting Lantaarn", "thumbnail")}" alt="logo of Stichting Lantaarn"' in html
    assert "/-/organisation/stichting-lantaarn" in client.get("/-/organisation/netwerk").text


def test_names_people_decided_are_shown_as_such_and_hostile_ones_as_text(client):
    listed = client.get("/archive/organisation_alias.json?_shape=array").json()
    key = next(row["organisation_id"] for row in listed if row["alias"] == "Ministerie van Zorg")
    key = key["value"] if isinstance(key, dict) else key
    html = client.get("/-/organisation/" + key.replace("/", "%2F")).text
    assert "<script>document" not in html
    assert "Ministerie van Zorg" in html


def test_ways_lead_to_it(client):
    for page in ("/", "/archive/presence", "/archive/organisation", "/-/search?q=wilde"):
        assert 'href="/-/organisation/wilde-ganzen"' in client.get(page).text, page
    assert 'href="/-/changes.atom?organisation=wilde-ganzen"' in client.get("/-/organisation/wilde-ganzen").text


@pytest.mark.parametrize("key", ["nobody", "%27%20OR%201=1", "%3Cscript%3E", "x" * 900])
def test_one_that_is_not_there_is_said_to_be_so(client, key):
    answer = client.get(f"/-/organisation/{key}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_who_may_not_see_lists_sees_no_organisation(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"presence": {"allow": False}}}}}
    with running(datasette) as client:
        assert client.get("/-/organisation/wilde-ganzen").status_code == 403
