"""Safety 6 of the browse plugin: what is withheld is on no route, of the operator's server and of the public's."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest
from datasette.app import Datasette
from datasette.utils.asgi import NotFound, Response

from archive import times
from archive.browse import access
from archive.browse.answering import answering
from archive.browse.serve import build as build_datasette
from archive.browse.served import ServedDatabase
from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import Store
from archive.store.decisions import append_decision
from crawler.items import KINDS, Member
from crawler.rebuild import rebuild
from crawler.replica.logos import draw
from tests.archive.browse_archive import HOME, HOST, LOGOS, SITE, Building, build, response, section
from tests.archive.browse_server import running

SECRET = f"{HOST}/p/777/dossier"
MEMBER = "Stichting De Zilveren Vos"
TEXT = f"<!doctype html><title>Dossier</title><h1>Dossier</h1><p>Het geheime besluit.</p><ul><li>{MEMBER}</ul>".encode()
WORDS = (b"geheime besluit", b"Zilveren Vos", b"zilveren vos", b"/p/777/")
LOGO = f"{HOST}/images/{LOGOS['Stichting Lantaarn']}"
PICTURE = draw(LOGOS["Stichting Lantaarn"])
NOTE = "brief van mevrouw Jansen"
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


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("withheld") / "archive")
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        third = Building(built, store, datetime(2019, 5, 1, 12, tzinfo=UTC))
        listed = section(Member, TEXT, [MEMBER], organisation=lambda _: "zilveren-vos")
        third.add("secret", SECRET, response(TEXT, "text/html; charset=utf-8"), listed, page_key="dossier")
        third.finish()
        store.derive(SITE, anchors=["home"])
    return built


@pytest.fixture
def archive(built, tmp_path):
    return Archive.open(shutil.copytree(built.archive.root, tmp_path / "archive"))


def decide(archive: Archive, *scopes: str, action: str = "takedown", value: str | None = None) -> None:
    for scope in scopes:
        path = archive.decisions / "decisions.jsonl"
        append_decision(path, who="Jo Beheer", why=f"privacy: {NOTE}", action=action, scope=scope, value=value)


def walk(client: httpx.Client, *also: str, most: int = 80) -> dict[str, httpx.Response]:
    """Every page that links lead to, each path once, and *also*."""
    found: dict[str, httpx.Response] = {}
    waiting = ["/", *also]
    seen = set()
    while waiting and len(found) < most:
        path = waiting.pop(0)
        parts = urlsplit(path)
        if (key := path if path in also else parts.path) in seen or parts.path.startswith("/-/static"):
            continue
        seen.add(key)
        answer = found[path] = client.get(path)
        client.cookies.clear()  # of a language that the link before chose
        if target := answer.headers.get("location"):
            waiting.append(urljoin(path, target))
        if "html" in answer.headers.get("content-type", ""):
            links = re.findall(r'(?:href|src)="([^"#]+)', answer.text)
            waiting += [urljoin(path, unescape(one)) for one in links if not re.match(r"[a-z]+:|//", unescape(one))]
    return {path: answer for path, answer in found.items() if not path.startswith(("http:", "https:"))}


def addresses(built, database) -> list[str]:
    """Of the page and the picture that are withheld."""
    db = sqlite3.connect(database)
    rows = db.execute(
        "SELECT c.id, r.id FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.url IN (?, ?)", (SECRET, LOGO)
    ).fetchall()
    db.close()
    assert len(rows) == 3
    names = ("secret", "Stichting Lantaarn", "Stichting Lantaarn 2")
    return [
        *(built.path(name, view) for name in names for view in ("", "raw", "thumbnail", "record", "snapshot")),
        *(f"/-/web/{at}/{url}" for at in ("2016", "20180501000000") for url in (SECRET, LOGO, LOGO.replace("http:", "https:"))),
        f"/-/web/2016/{SECRET}/deeper?never=captured",
        *(f"/-/{path}/{url}" for path in ("timegate", "timemap/link") for url in (SECRET, LOGO)),
        f"/-/page/{built.ids['secret']}",
        f"/-/page/{built.ids['secret']}/diff/{built.ids['home']}",
        f"/-/page/{built.ids['home']}/diff/{built.ids['secret']}",
        *(f"/-/capture/row/{capture}" for capture, _ in rows),
        *(f"/archive/capture/{capture}{end}" for capture, _ in rows for end in ("", ".json")),
        *(f"/archive/resource/{resource}" for _, resource in rows),
    ]  # fmt: skip


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
                _check_public(archive, path, answer)
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


# --- the public's server


def _check_public(archive: Archive, path: str, answer: httpx.Response) -> None:
    for secret in (str(archive.root), NOTE, "Jo Beheer"):
        assert secret not in unescape(answer.text), path
    assert answer.headers["x-robots-tag"] == "noindex", path
    # What an address chooses is kept in a cookie: nothing for everybody.
    kept = "private, no-cache" if "set-cookie" in answer.headers else "public, max-age=60"
    cached = kept if answer.status_code == 200 else "no-store"
    assert answer.headers["cache-control"] == cached, path


def test_the_public_sees_nothing_of_the_operator_and_of_the_machine(built, archive):
    decide(archive, SECRET)
    append_decision(
        archive.decisions / "decisions.jsonl", who="Jo Beheer", action="alias", scope="WG", value="Wilde Ganzen"
    )
    names = "databases", "metadata", "config", "threads", "plugins", "settings", "versions", "permissions", "actor"
    files = "/archive.json?sql=" + quote("select * from pragma_database_list")
    with running(build_datasette(archive, public=True)) as client:
        for name in names:
            for end in ("", ".json"):
                assert client.get(f"/-/{name}{end}").status_code == 404, name
        for table in ("decision", "decision_use", "event", "problem", "doubt", "suggestion", "decided", "review"):
            assert client.get(f"/archive/{table}").status_code == 404, table
        assert client.get(files).json()["rows"] == []
        for path in ("/", "/archive", files, "/archive.db", "/archive/capture?_ttl=99999", built.path("home", "raw")):
            _check_public(archive, path, client.get(path))
        slow = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
        began = time.monotonic()
        assert client.get("/archive?sql=" + quote(slow)).status_code == 400
        assert time.monotonic() - began < 3
        assert client.post("/archive?sql=select+1").status_code in (400, 403, 405)
    with running(build_datasette(archive, public=True, index=True)) as client:
        assert "x-robots-tag" not in client.get("/").headers
    with running(build_datasette(archive)) as client:
        assert "public" not in client.get(built.path("home", "raw")).headers["cache-control"]


def test_the_public_reads_of_a_crawl_what_its_captures_tell(archive):
    with running(build_datasette(archive)) as client:
        whole = client.get("/-/crawl/latest").text
    with running(build_datasette(archive, public=True)) as client:
        assert 'href="/-/crawl/latest"' in client.get("/").text
        answer = client.get("/-/crawl/latest")
        assert answer.status_code == 200
        _check_public(archive, "/-/crawl/latest", answer)
        dutch = client.get("/-/crawl/latest?lang=nl").text
        ids = [row["id"] for row in client.get("/archive/crawl.json?_shape=objects").json()["rows"]]
        assert {client.get(f"/-/crawl/{id_}").status_code for id_ in ids} == {200}
    headings = re.compile("<h2>([^<]*)</h2>")
    operators = {"What to do next", "Completeness", "Against the sitemaps", "Refused, by rule", "Problems"}
    assert operators <= set(headings.findall(whole))
    assert set(headings.findall(answer.text)) == set(headings.findall(whole)) - operators
    assert "Media types" in headings.findall(answer.text)
    assert "Crawlverslag" in dutch
    with running(Datasette([str(archive.root / "public.db")])) as client:  # by itself, as docs/web.md has it
        alone = client.get("/-/crawl/latest")
    assert (alone.status_code, headings.findall(alone.text)) == (200, headings.findall(answer.text))
    assert "bewaar patch" not in answer.text
    assert "bewaar crawl" not in answer.text


def test_who_may_see_nothing_gets_403_on_every_route_of_the_public(built, archive):
    with running(build_datasette(archive, public=True)) as client:
        paths = walk(client, *(path for path in addresses(built, archive.database) if "deeper" not in path), most=30)
    decide(archive, SECRET, LOGO)
    datasette = build_datasette(archive, public=True)
    datasette._metadata_local["allow"] = False
    with running(datasette) as client:
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 403)


def test_what_a_crawl_writes_is_seen_by_the_public_while_it_is_served(archive):
    datasette = build_datasette(archive, public=True)
    served = datasette.databases["archive"]
    assert isinstance(served, ServedDatabase)
    served.publication._fresh_s = 0
    with running(datasette) as client:
        assert client.get("/archive/site.json?_shape=array").json()[0]["id"] == "netwerk"
        with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
            store.write_site("x", name="Later")
        deadline = time.monotonic() + 20
        while "Later" not in client.get("/archive/site.json?_shape=array").text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "Later" in client.get("/archive/site.json?_shape=array").text


def test_read_only_media_are_served_from_a_copy_elsewhere(built, archive, monkeypatch):
    decide(archive, SECRET)
    monkeypatch.setattr(Archive, "writable", False)
    for public in (False, True):
        with running(build_datasette(archive, public=public)) as client:
            assert client.get(built.path("secret")).status_code == 451
            assert client.get(built.path("home")).status_code == 200
    assert not list(archive.root.glob("public.db*")) + list(archive.state.glob("served.db*"))
