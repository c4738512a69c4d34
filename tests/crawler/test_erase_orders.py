"""`bewaar erase` by what an order names: addresses, periods, records, texts in any spelling; killed at any step."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import unicodedata
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from archive.browse.serve import build as build_datasette
from archive.erasure import files, journal, remains
from archive.erasure.order import Order
from archive.errors import WrongUse
from archive.intake import Intake
from archive.layout import Archive
from archive.warc.reader import read_records
from crawler.erasing import erase as room
from crawler.erasing.cli import erase
from crawler.erasing.erase import plan
from crawler.rebuild import rebuild
from tests.archive.browse_server import running
from tests.archive.raw_records import record, write_warc
from tests.crawler.erasable import DOSSIER, HTTP, OTHERS, QUERY, SECRET, holders
from tests.crawler.erasing import ORDER, is_sound, query, run
from tests.crawler.ingests import info

#: one archive serves all; what is spawned to derive its rows is a fork
pytestmark = [pytest.mark.xdist_group("erase"), pytest.mark.usefixtures("forks")]


@pytest.fixture
def archive(with_secret: tuple[Path, str], tmp_path: Path) -> Archive:
    return Archive.open(shutil.copytree(with_secret[0], tmp_path / "archive"))


def test_a_period_that_ends_before_it_begins_is_told_by_its_options(archive: Archive) -> None:
    with pytest.raises(WrongUse, match="--from 2030-01-01 is later than --to 2020-01-01"):
        run(archive, DOSSIER, "--from", "2030-01-01", "--to", "2020-01-01", *ORDER, "--dry-run")


def test_an_address_alone_takes_its_bytes_along_wherever_they_are(
    archive: Archive, with_secret: tuple[Path, str]
) -> None:
    home = with_secret[1]
    everywhere = plan(archive, Order("law", "me", urls=(f"{home}people/jan",))).erased
    by_bytes = {one.url: one.why for one in everywhere if one.type in ("response", "revisit")}
    # Packed by the server it is other bytes, and the same page.
    assert by_bytes.keys() == {f"{home}{path}" for path in ("people/jan", "copy", "packed")}
    assert by_bytes[f"{home}people/jan"] == "named"
    assert {one.file.rpartition("-")[0] for one in everywhere} == {
        path.name.rpartition("-")[0] for path in archive.warcs_of(f"127_0_0_1_{home.split(':')[2].strip('/')}")
    }


def test_the_same_bytes_stay_elsewhere_where_the_order_is_of_one_address_only(
    archive: Archive, with_secret: tuple[Path, str]
) -> None:
    home = with_secret[1]
    only = plan(archive, Order("law", "me", urls=(f"{home}people/jan",), this_url_only=True)).erased
    assert {one.url for one in only if one.type == "response"} == {f"{home}people/jan"}


def test_a_period_a_site_and_a_record_are_all_that_goes(archive: Archive) -> None:
    early = Order("law", "me", prefixes=(f"{OTHERS}/",), until="2020-01-31", this_url_only=True)
    assert {one.url for one in plan(archive, early).erased if one.type == "response"} == {
        DOSSIER, f"{OTHERS}/open", f"{OTHERS}/old"
    }  # fmt: skip
    assert plan(archive, Order("law", "me", urls=(DOSSIER,), site="nobody")).erased == []
    one = Order("law", "me", records=("urn:uuid:20000000-0000-4000-8000-000000000002",), this_url_only=True)
    assert sorted(found.type for found in plan(archive, one).erased) == ["request", "response", "revisit"]


def test_an_address_that_must_not_be_told_is_nowhere(archive: Archive, with_secret) -> None:
    home = with_secret[1].rstrip("/")
    words = (f"{home}{QUERY}", "--text", QUERY, "--without-url", "--without-digest", *ORDER, "--yes")
    with running(build_datasette(archive)) as client:  # served meanwhile
        assert "jan-jansen-harwick" in client.get("/archive/resource.json?_shape=array").text
        said = run(archive, *words)
        assert "jan-jansen-harwick" not in client.get("/archive/resource.json?_shape=array").text
    assert holders(archive.root, "jan-jansen-harwick") == []
    assert "masked in 4 records that stay" in said
    (host,) = {path.name.partition("-")[0] for path in archive.warcs_of(f"127_0_0_1_{home.rpartition(':')[2]}")}
    masked = [
        b"".join(one.block.chunks()).decode()
        for path in archive.warcs_of(host)
        for one in read_records(path)
        if one.field("Bewaar-Masked")
    ]
    assert len(masked) == 4
    assert sum(f"via: {home}/xxxx" in block for block in masked) == 2
    assert sum(f"Referer: {home}/xxxx" in block for block in masked) == 2
    is_sound(archive)
    assert query(archive, "SELECT count(*) FROM crawl WHERE status = 'finished'") == [(2,)]


def test_a_dry_run_and_an_order_that_names_nothing_change_nothing(archive: Archive, with_secret) -> None:
    before = {
        path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file() and path.parent != archive.state
    }
    run(archive, f"{with_secret[1]}people/jan", *ORDER, "--dry-run")
    for words in (
        ("http://nowhere.test/", *ORDER, "--yes"),
        ("not a url", *ORDER, "--yes"),
        (f"{with_secret[1]}people/jan", "--by", "x", "--yes"),
        ORDER,
        (f"{with_secret[1]}people/jan", *ORDER),
        ("--text", "jan", *ORDER, "--yes"),
        ("--record", "1234", *ORDER, "--yes"),
    ):
        with pytest.raises(WrongUse):
            run(archive, *words)
    after = {
        path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file() and path.parent != archive.state
    }
    assert after == before


#: in the order in which they are reached
STEPS = (
    (journal, "write_whole", 2), (files, "flush", 2), (files, "flush_directory", 1), (files, "renew_in_manifest", 3),
    (remains, "_remove", 1), (remains, "_remove", 2), (room, "_append", 3), (room, "rebuild", 1),
)  # fmt: skip


def test_killed_at_any_step_a_file_is_what_it_was_or_was_to_become_and_the_next_one_goes_on(archive: Archive) -> None:
    seen: dict[str, set[str]] = {path.name: {sha256(path)} for path in archive.warcs.glob("*[!n]")}
    for number, (module, name, times) in enumerate(STEPS):
        if (child := os.fork()) == 0:
            die_at(module, name, times)
            words = ["--finish"] if number else ["--text", SECRET, *ORDER, "--yes"]
            CliRunner().invoke(erase, [*words, "--archive", str(archive.root)], standalone_mode=False)
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, name
        with pytest.raises(WrongUse, match=f"`bewaar erase --finish --archive {archive.root}` ends it"):
            Archive.open(archive.root)
        for path in archive.warcs.glob("[!.]*[!n]"):  # no .torn: those go
            seen[path.name].add(sha256(path))
    run(archive, "--finish")
    assert holders(archive.root, SECRET) == []
    assert {len(states) for states in seen.values()} == {2}
    is_sound(Archive.open(archive.root))
    assert len((archive.decisions / "decisions.jsonl").read_text().splitlines()) == 1
    assert run(archive, "--finish") == "nothing is being erased\n"


def die_at(module: ModuleType, name: str, times: int) -> None:
    """As by kill -9, when the function is called for the nth time."""
    before, reached = getattr(module, name), [0]

    def then(*args: object, **more: object) -> object:
        reached[0] += 1
        if reached[0] == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return before(*args, **more)

    setattr(module, name, then)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


NAME = "Zo\u00eb M\u00fcller-van Dijk"


def test_no_spelling_of_a_text_is_left_and_what_markup_cuts_is_named(tmp_path: Path) -> None:
    host, root = "http://names.test", tmp_path / "archive"
    bodies = {
        "names": "<p>Zo&euml; M&uuml;ller-van Dijk woont hier al tien jaar.</p>",
        "numbers": "<p>Zo&#0235; M&#xFC;ller-van Dijk woont hier al tien jaar.</p>",
        "upper": f"<p>{NAME.upper()} woont hier al tien jaar.</p>",
        "decomposed": f"<p>{unicodedata.normalize('NFD', NAME)} woont hier al tien jaar.</p>",
        "cut": "<p>Zo\u00eb M\u00fcl<b>ler</b>-van Dijk woont hier al tien jaar.</p>",
        "plain": "<p>Zoe Muller van Dijk woont hier al tien jaar.</p>",
        "other": "<p>Zo\u00eb Smit woont hier al tien jaar.</p>",
    }
    taken = [
        record(
            "response", f"{host}/{name}", HTTP + f"<title>{name}</title>{body}".encode(), date="2020-01-01T10:00:00Z"
        )
        for name, body in bodies.items()
    ]
    archive = Archive.create(root)
    with Intake(archive) as intake:
        intake.take(write_warc(tmp_path / "names.warc", info(), *taken))
    rebuild(archive).close()
    sql = """SELECT DISTINCT r.url FROM page_version_fts f JOIN capture c ON c.page_version_id = f.rowid
      JOIN resource r ON r.id = c.resource_id WHERE page_version_fts MATCH '"muller van dijk"' ORDER BY 1"""
    assert len(query(archive, sql)) == 6
    left = [f"page text of {host}/{name}" for name in ("cut", "plain")]
    for words in ("--dry-run", "--yes"):
        said = run(archive, "--text", NAME, *ORDER, words, code=None)
        assert [f"is read there, and stays; erase the address: {one}" in said for one in left] == [True, True]
    assert [line.partition(" can ")[0] for line in said.splitlines() if " still be read " in line] == [
        f"see to it: {one}" for one in left
    ]
    assert query(archive, sql) == [(f"{host}/cut",), (f"{host}/plain",)]
    with pytest.raises(WrongUse, match=f"read in the page text of {host}/cut: erase that address"):
        run(archive, "--text", NAME, *ORDER, "--yes")
    run(archive, f"{host}/cut", f"{host}/plain", *ORDER, "--yes")
    assert query(archive, sql) == []
    assert query(archive, "SELECT url FROM resource r JOIN capture c ON c.resource_id = r.id") == [(f"{host}/other",)]


def test_pages_that_link_relatively_to_what_must_not_be_told_are_named(tmp_path: Path) -> None:
    host = "http://links.test"
    bodies = {
        "a/secret": "<p>What a court forbids.</p>",
        "a/relative": '<p>Somebody has <a href="secret#part">a link</a> here.</p>',
        "a/rooted": '<p>Somebody has <a href="/a/secret">a link</a> here.</p>',
        "a/other": '<p>Somebody has <a href="secretary">a link</a> here.</p>',
    }
    taken = [
        record(
            "response", f"{host}/{name}", HTTP + f"<title>{name}</title>{body}".encode(), date="2020-01-01T10:00:00Z"
        )
        for name, body in bodies.items()
    ]
    archive = Archive.create(tmp_path / "archive")
    with Intake(archive) as intake:
        intake.take(write_warc(tmp_path / "links.warc", info(), *taken))
    rebuild(archive).close()
    said = run(archive, f"{host}/a/secret", "--without-url", *ORDER, "--yes", code=1)
    assert [line for line in said.splitlines() if "links to an address" in line] == [
        f"see to it: {host}/a/{name} links to an address that must not be told, so the rows name it: erase that page too"
        for name in ("relative", "rooted")
    ]
    run(archive, f"{host}/a/relative", f"{host}/a/rooted", *ORDER, "--yes", code=None)
    assert query(archive, "SELECT target_url FROM link") == [(f"{host}/a/secretary",)]
