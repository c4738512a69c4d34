"""Safety 6 of the browse plugin, on the public's server: nothing of the operator, of the machine, or of what is withheld."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

from datasette.app import Datasette

from archive.browse.serve import build as build_datasette
from archive.browse.served import ServedDatabase
from archive.layout import Archive
from archive.store import Store
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.browse_server import running
from tests.archive.withheld.dossier import LOGO, SECRET, addresses, check_public, decide, walk


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
            check_public(archive, path, client.get(path))
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
        check_public(archive, "/-/crawl/latest", answer)
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
