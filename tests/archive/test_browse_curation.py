"""What was decided, by whom, and what is still asked, as a visitor sees it."""

from __future__ import annotations

import pytest

from archive.browse.serve import build as build_datasette
from archive.store import Store
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.browse_archive import SITE, build
from tests.archive.browse_server import running


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("curation") / "archive")
    decisions = built.archive.decisions / "decisions.jsonl"
    append_decision(
        decisions, who="Jo <b>", why="asked & told", action="override", decision_id="one&two/~",
        scope={"role": "member", "raw": "Wilde Ganzen"}, value={"reject": True},
    )  # fmt: skip
    append_decision(
        decisions, who="Jo", action="override", decision_id="3f2a91c0-0000", made_at="2026-01-01T00:00:00Z",
        scope={"role": "member", "raw": "Huis van Jeugd"}, value={"correct": {"value": "Huis der Jeugd", "year": 2007}},
    )  # fmt: skip
    append_decision(decisions, who="Jo", action="alias", scope="Pleegzorg Nu", value="Huis der Jeugd", decision_id="al")
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        store.load_decisions(built.archive.decisions)
        store.derive(SITE, anchors=["home"])
    with running(build_datasette(built.archive)) as client:
        yield client


def test_current_members_are_the_corrected_list_and_say_which_decision_did_it(client):
    html = client.get("/archive/current_member").text
    assert "Wilde Ganzen" not in html
    assert "Huis der Jeugd" in html
    assert 'class="bw-decision" href="/archive/decision/3f2a91c0-0000"' in html
    assert client.get("/archive/decision/3f2a91c0-0000").status_code == 200
    assert "Wilde Ganzen" not in client.get("/archive/current_members").text
    home = client.get("/").text
    assert "Huis der Jeugd" in home
    assert "Wilde Ganzen" not in home


def test_curated_view_shows_what_was_rejected_and_by_what(client):
    html = client.get("/archive/curated?standing=rejected").text
    assert "Wilde Ganzen" in html
    assert '<span class="bw-badge bw-bad">rejected</span>' in html
    # an id of any letters leads to its row
    href = html.split('class="bw-decision" href="')[1].split('"')[0]
    assert "Jo &lt;b&gt;" in client.get(href).text


def test_decisions_and_questions_can_be_read(client):
    html = client.get("/archive/decided").text
    assert '<span class="bw-badge bw-good">in force</span>' in html
    assert "asked &amp; told" in html
    shown = client.get("/archive/review.json?_shape=array").json()
    assert {row["kind"] for row in shown} <= {"unnamed logo", "compound", "candidate", "low confidence", "alias"}
    assert client.get("/archive/review").status_code == 200


def test_organisation_tells_its_names_and_where_they_come_from(client):
    html = client.get("/archive/names_of_an_organisation?name=jeugd").text
    for name in ("Huis der Jeugd", "Huis van Jeugd", "Pleegzorg Nu", "decision"):
        assert name in html, name
