"""Safety 6 of the browse plugin: what is withheld is on no route, of the operator's server and of the public's."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from datasette.app import Datasette
from datasette.utils.asgi import NotFound, Response

from archive import times
from archive.browse import access
from archive.browse.answering import answering
from archive.browse.serve import build as build_datasette
from archive.errors import WrongUse
from crawler.rebuild import rebuild
from crawler.replica.logos import draw
from tests.archive.browse_archive import HOME, HOST, LOGOS
from tests.archive.browse_server import running
from tests.archive.withheld.dossier import LOGO, NOTE, SECRET, WORDS, addresses, check_public, decide, walk

PICTURE = draw(LOGOS["Stichting Lantaarn"])


SQL = "/archive?sql=" + quote("select * from page_version join capture on page_version.id = page_version_id")
#: where what is withheld would be, besides what pages link to
ASKED = (
    "/-/search?q=geheime", "/-/search?q=zilv", "/-/search?q=777", SQL, SQL.replace("/archive?", "/archive.json?"),
    SQL.replace("/archive?", "/archive.csv?"), "/archive/page_version?_search=geheime", "/archive/captures_of?url=777",
    "/archive/page_on?url=777", "/archive/resource.json?_shape=array", "/archive/page_version_fts",
    "/archive/page_version_fts_data", "/archive/name_trigram_content", "/archive/capture.csv?_labels=on",
    "/archive/where_a_fact_stands?text=Vos", "/archive/fact.csv", "/archive/page_version.csv", "/archive/decision",
    "/archive?sql=" + quote("select * from main.resource, main.page_version"), "/archive/event",
    "/archive?sql=" + quote("select sql from sqlite_master"), "/archive?sql=" + quote("select * from page_version_fts"),
    "/-/changes", "/-/changes.atom", "/-/changes.json", "/-/organisation/zilveren-vos", "/-/cdx?url=*.test", "/-/crawl/latest",
    f"/-/timemap/link/{HOME}", "/-/search.json?q=geheime", "/-/search.json?q=zilv", "/-/search?q=geheimee",
)  # fmt: skip


@pytest.mark.parametrize("public", [False, True], ids=["operator", "public"])
def test_what_is_withheld_is_on_no_route_from_the_next_request_on(built, archive, public):
    asked = addresses(built, archive.database)
    with running(build_datasette(archive, public=public)) as client:
        before = {path: client.get(path) for path in asked if "deeper" not in path and "/diff/" not in path}
        assert {answer.status_code for answer in before.values()} == {200, 302}
        assert any(b"geheime besluit" in client.get(path).content for path in ASKED)

        decide(archive, SECRET, LOGO)
        for path in asked:
            answer = client.get(path)
            assert answer.status_code == 451, path
            assert answer.headers["cache-control"] == "no-store", path
            assert "to protect somebody" in unescape(answer.text), path
            assert NOTE not in answer.text, path
        found = walk(client, *ASKED)
        assert len(found) > 70
        for path, answer in found.items():
            assert answer.status_code not in (500, 503), path
            for hidden in WORDS:
                assert hidden not in answer.content, path
            assert answer.content != PICTURE, path
            if public:
                check_public(archive, path, answer)
        # What only stands beside it is there.
        assert client.get(built.path("home")).status_code == 200
        assert client.get(built.path("Ministerie van Zorg", "raw")).status_code == 200
        assert client.get("/-/capture/0000").status_code == 404
        assert client.get("/archive/capture/99999999").status_code == 404
        assert client.get(f"/-/web/2016/{HOST}/never").status_code == 404

        decide(archive, SECRET, LOGO, value="lifted")
        assert {path: client.get(path).status_code for path in before} == {
            path: answer.status_code for path, answer in before.items()
        }


def test_an_embargo_ends_without_a_restart(built, archive):
    with running(build_datasette(archive)) as client:
        end = times.now() + timedelta(seconds=3)
        decide(archive, SECRET, action="embargo", value=times.seconds(end))
        answer = client.get(built.path("secret"))
        assert answer.status_code == 451
        assert f"It will be from {times.seconds(end)[:10]} on" in answer.text
        while (status := client.get(built.path("secret")).status_code) == 451 and times.now() < end + timedelta(
            seconds=9
        ):
            time.sleep(0.05)
        assert status == 200
        assert times.seconds(times.now()) >= times.seconds(end)


def test_what_is_shown_again_while_it_is_looked_for_is_found(archive):
    decide(archive, SECRET, action="embargo", value="2999-01-01T00:00:00Z")
    datasette = build_datasette(archive)
    (publication,) = access.publications(datasette)
    asked = []

    async def view(*given):
        asked.append(given)
        if len(asked) == 1:
            (archive.decisions / "decisions.jsonl").unlink()
            publication.refresh()
            raise NotFound("not in the file of before")
        return Response.text("here")

    assert asyncio.run(answering(view)(datasette, None)).body == "here"
    assert len(asked) == 2


def test_of_a_period_the_nearest_capture_that_may_be_seen_is_shown(built, archive):
    decide(archive, HOME, value="2016-01-01/2016-12-31")
    with running(build_datasette(archive)) as client:
        assert client.get(built.path("home")).status_code == 451
        assert client.get(f"/-/web/20160501120001/{HOME}").status_code == 451
        later = client.get(f"/-/web/20170101000000/{HOME}")
        assert later.headers["location"] == built.path("home2", "snapshot")
        assert "kennis en ervaring" not in client.get("/archive/goal.json?_shape=array").text


def test_a_takedown_holds_in_datasette_without_our_command(built, archive):
    decide(archive, SECRET)
    with running(Datasette([str(archive.database)])) as client:
        assert client.get(built.path("secret")).status_code == 451
        assert "geheime besluit" not in client.get(SQL).text
        assert client.get(built.path("home")).status_code == 200


def test_a_line_that_may_withhold_and_lacks_its_end_shows_nothing(archive, capfd):
    with running(build_datasette(archive)) as client:
        assert client.get("/").status_code == 200
        with (archive.decisions / "hand.jsonl").open("ab") as file:
            file.write(b'{"id": "1", "made_at": "2026-01-01", "who": "Jo", "action": "takedown", "scope": "http://x')
        answer = client.get("/")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "hand.jsonl" not in answer.text
        (archive.decisions / "hand.jsonl").unlink()
        assert client.get("/").status_code == 200
    (archive.decisions / "hand.jsonl").write_bytes(b'{"action": "takedown"')
    with pytest.raises(WrongUse, match=r"hand\.jsonl"):
        build_datasette(archive)


def test_a_database_that_was_deleted_comes_back_with_every_takedown_before_its_first_row_is_served(built, archive):
    decide(archive, SECRET)
    for path in archive.root.glob("*.db*"):
        path.unlink()
    rebuild(archive).close()
    db = sqlite3.connect(archive.database)
    assert db.execute("SELECT count(*) FROM resource WHERE url = ?", (SECRET,)).fetchone() == (1,)
    db.close()
    for public in (False, True):
        with running(build_datasette(archive, public=public)) as client:
            assert client.get(built.path("secret")).status_code == 451
            assert client.get(built.path("home")).status_code == 200
            assert "geheime besluit" not in client.get(SQL).text


def test_a_served_copy_that_is_deleted_is_made_again(built, archive):
    decide(archive, SECRET)
    with running(build_datasette(archive, public=True)) as client:
        assert client.get(built.path("home")).status_code == 200
        for path in archive.root.glob("public.db*"):
            path.unlink()
        assert client.get(built.path("home")).status_code == 200
        decide(archive, HOME)
        assert client.get(built.path("home")).status_code == 451
        assert client.get(SQL).text.count("Pleegzorg") == 0
