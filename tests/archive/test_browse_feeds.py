"""Changes as a page, and as the feeds that a reader follows."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import feedparser
import pytest

from archive.browse.changes import FLOOD
from archive.browse.serve import build as build_datasette
from tests.archive.browse_archive import SITE, build
from tests.archive.browse_server import running, text_of

DOCS = Path(__file__).parents[2] / "docs" / "apis.md"


def test_a_reader_is_told_every_change_and_led_to_both_captures(client, built):
    answer = client.get("/-/changes.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == "atom10"
    rows = sqlite3.connect(built.archive.database).execute("SELECT count(*) FROM change").fetchone()[0]
    assert len(feed.entries) == rows == len({entry.id for entry in feed.entries})
    titles = [entry.title for entry in feed.entries]
    assert "Netwerk Betere Zorg: Huis van Jeugd (member) first listed" in titles
    assert "Netwerk Betere Zorg: Pleegzorg Nu (member) no longer listed" in titles
    reworded = next(entry for entry in feed.entries if "reworded" in entry.title)
    assert (
        "From “Uitwisseling van kennis en ervaring” to “Uitwisseling van kennis, ervaring en beleid”"
        in reworded.summary
    )
    assert feed.feed.author == "Museum van het Web"
    for entry in feed.entries:
        after, before = (link.href for link in entry.links)
        assert client.get(after).status_code == client.get(before).status_code == 200
        assert (after, before) == (
            f"{client.base_url}{built.path('home2')}", f"{client.base_url}{built.path('home')}",
        )  # fmt: skip
    assert client.get(feed.feed.link).status_code == 200


def test_the_json_feed_tells_the_same(client):
    answer = client.get("/-/changes.json")
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    found = answer.json()
    atom = feedparser.parse(client.get("/-/changes.atom").content)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert [(item["id"], item["title"], item["url"]) for item in found["items"]] == [
        (entry.id, entry.title, entry.link) for entry in atom.entries
    ]
    reworded = next(item for item in found["items"] if "reworded" in item["tags"])
    assert reworded["_bewaar"]["before"] == "Uitwisseling van kennis en ervaring"
    dutch = next(item for item in client.get("/-/changes.json?lang=nl").json()["items"] if item["id"] == reworded["id"])
    assert dutch["content_text"].startswith("Van “Uitwisseling van kennis en ervaring” naar “")
    assert " Tussen 2016" in dutch["content_text"]


def test_one_site_and_one_organisation_have_feeds_of_their_own(client, built):
    db = sqlite3.connect(built.archive.database)
    organisation = db.execute("SELECT id FROM organisation WHERE name = 'Huis van Jeugd'").fetchone()[0]
    mine = client.get("/-/changes.json", params={"organisation": organisation}).json()
    assert [item["title"] for item in mine["items"]] == ["Netwerk Betere Zorg: Huis van Jeugd (member) first listed"]
    assert mine["title"] == "Huis van Jeugd: changes"
    assert len(client.get("/-/changes.json", params={"site": SITE}).json()["items"]) == 5
    assert len(client.get("/-/changes.json?limit=2").json()["items"]) == 2
    for wrong in ("site=nobody", "organisation=nobody"):
        answer = client.get(f"/-/changes.atom?{wrong}")
        assert answer.status_code == 404
        assert "nobody" in answer.text


@pytest.mark.parametrize("limit", ["abc", "-1", "0", "1.5", "<b>"])
def test_a_limit_that_is_no_number_is_refused_in_the_words_of_who_asks(client, limit):
    as_json = client.get("/-/changes.json", params={"limit": limit})
    assert (as_json.status_code, as_json.json()["ok"]) == (400, False)
    assert f"limit {limit!a}: how many changes" in as_json.json()["error"]
    as_text = client.get("/-/changes.atom", params={"limit": limit, "lang": "nl"})
    assert (as_text.status_code, as_text.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert as_text.text == f"limit {limit!a}: hoeveel wijzigingen zegt een getal vanaf 1\n"
    page = client.get("/-/changes", params={"limit": limit})
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")


def test_a_reader_that_has_it_all_is_told_so(client):
    first = client.get("/-/changes.atom")
    again = client.get("/-/changes.atom", headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/-/changes.atom", headers={"If-None-Match": '"other"'}).content == first.content


def test_entries_keep_their_ids_when_the_database_is_derived_again(tmp_path):
    built = build(tmp_path / "archive")
    with running(build_datasette(built.archive)) as client:
        before = client.get("/-/changes.json").json()["items"]
    db = sqlite3.connect(built.archive.database)
    db.execute("UPDATE change SET id = 1000 - id")
    db.commit()
    db.close()
    with running(build_datasette(built.archive)) as client:
        after = client.get("/-/changes.json").json()["items"]
    assert {item["id"] for item in before} == {item["id"] for item in after}


def test_the_page_shows_the_same_by_crawl(client, built):
    answer = client.get("/-/changes")
    text = text_of(answer.text)
    assert "Netwerk Betere Zorg, 2018-05-01" in text
    assert "Huis van Jeugd" in text
    assert "<del>Uitwisseling van kennis en ervaring</del>" in answer.text
    assert built.path("home2") in answer.text
    assert '<link rel="alternate" type="application/atom+xml"' in answer.text
    assert '<link rel="alternate" type="application/atom+xml"' in client.get("/").text
    assert answer.headers["x-robots-tag"] == "noindex"


def test_an_edited_text_leads_to_what_changed_and_a_replaced_logo_is_shown_small(tmp_path):
    built = build(tmp_path / "archive")
    db = sqlite3.connect(built.archive.database)
    cursor = db.execute("SELECT * FROM change WHERE page_key IN (SELECT page_key FROM capture WHERE record_id = ?) LIMIT 1",
                        (f"<urn:uuid:{built.ids['home2']}>",))  # fmt: skip
    names = [column[0] for column in cursor.description]
    like = dict(zip(names, cursor.fetchone(), strict=True)) | {"id": None}
    edited = like | {
        "kind": "text edited",
        "role": None,
        "organisation_id": None,
        "before": "Wie wij zijn",
        "after": "Wie wij zijn",
    }
    for row in (
        edited,
        edited | {"subject": "other", "after": "Over ons"},
        like | {"kind": "logo replaced", "role": "sponsor"},
    ):
        db.execute(f"INSERT INTO change VALUES ({','.join('?' * len(names))})", list(row.values()))
    db.commit()
    db.close()
    with running(build_datasette(built.archive)) as client:
        html = client.get("/-/changes").text
        diff = f"/-/page/{built.ids['home']}/diff/{built.ids['home2']}"
        assert html.count(f'<a href="{diff}">what changed</a>') == 3  # beside the one there is
        assert "<ins>Huis" in client.get(diff).text
    assert "Wie wij zijn → Wie wij zijn" not in html
    assert "Wie wij zijn → Over ons" in html
    assert (
        html.count(f'src="{built.path("home")}/thumbnail"') == html.count(f'src="{built.path("home2")}/thumbnail"') == 1
    )
    assert "/raw" not in html


def test_a_flood_is_one_entry_and_hostile_names_stay_names(tmp_path):
    built = build(tmp_path / "archive")
    db = sqlite3.connect(built.archive.database)
    like = db.execute("SELECT * FROM change WHERE kind = 'first listed' AND role = 'member'").fetchone()
    names = [name for _, name, *_ in db.execute("PRAGMA table_info(change)")]
    hostile = "]]><script>alert(1)</script>\x01\ud7ff￾&amp;"
    for number in range(FLOOD):
        row = dict(zip(names, like, strict=True)) | {"id": None, "subject": f"s{number}", "organisation_id": None}
        row["after"] = f"{hostile}{number}"
        db.execute(f"INSERT INTO change VALUES ({','.join('?' * len(names))})", list(row.values()))
    db.commit()
    db.close()
    with running(build_datasette(built.archive)) as client:
        answer = client.get("/-/changes.atom")
        feed = feedparser.parse(answer.content)
        page = client.get("/-/changes").text
        items = client.get("/-/changes.json").json()["items"]
    assert not feed.bozo
    assert "<script>" not in answer.text
    assert "<script>alert" not in page
    flood = [entry for entry in feed.entries if "members first listed" in entry.title]
    assert [entry.title for entry in flood] == [f"Netwerk Betere Zorg: {FLOOD + 1} members first listed"]
    assert f"{FLOOD + 1}</strong>" in page
    assert next(item for item in items if item["_bewaar"]["count"] > 1)["_bewaar"]["names"][0].startswith("]]><script>")


def test_a_template_that_changed_on_every_page_is_one_entry(tmp_path):
    built = build(tmp_path / "archive")
    db = sqlite3.connect(built.archive.database)
    like = db.execute("SELECT * FROM change WHERE kind = 'first listed' AND role = 'member'").fetchone()
    names = [name for _, name, *_ in db.execute("PRAGMA table_info(change)")]
    for number in range(FLOOD):  # beside the one there is
        row = dict(zip(names, like, strict=True)) | {"id": None, "role": None, "organisation_id": None}
        row |= {"subject": f"Page {number}", "page_key": f"page {number}", "kind": "text edited"}
        db.execute(f"INSERT INTO change VALUES ({','.join('?' * len(names))})", list(row.values()))
    db.commit()
    db.close()
    with running(build_datasette(built.archive)) as client:
        titles = [item["title"] for item in client.get("/-/changes.json").json()["items"]]
    # Behind what lists say.
    assert titles[-1] == f"Netwerk Betere Zorg: {FLOOD + 1} pages text edited"
    assert len(titles) == 5


def test_who_may_not_see_changes_sees_no_feed(built):
    datasette = build_datasette(built.archive)
    metadata = {"databases": {"archive": {"tables": {"change": {"allow": False}}}}}
    datasette._metadata_local = metadata
    with running(datasette) as client:
        for path in ("/-/changes", "/-/changes.atom", "/-/changes.json"):
            assert client.get(path).status_code == 403


EXAMPLES = re.findall(r"^curl .*?'http://127\.0\.0\.1:8001(/[^']*)'", DOCS.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_docs_answer(client, example):
    answer = client.get(example, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    if "json" in answer.headers["content-type"]:
        found = answer.json()
        assert (found["hits"] if "search" in example else found["items"]) if isinstance(found, dict) else found
    else:
        assert len(answer.text.splitlines()) > 1
