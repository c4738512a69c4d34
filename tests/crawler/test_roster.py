"""`bewaar sites list`, `show` and `check`: the sites there are, what became of them, and what is wrong."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import Store
from crawler.items import KINDS
from crawler.roster import check_profiles, roster
from crawler.sites.origins import settings_of
from tests.front_door import CONTACT, bewaar

CHOIRS = 'title = "Choirs"\nseeds = ["http://choirs.test/", "http://choirs.test/b"]\ndelay_s = 2\n'


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    found = Archive.create(tmp_path / "a", contact=CONTACT)
    (found.sites / "choirs.toml").write_text(CHOIRS)
    return found


def test_the_list_tells_the_last_crawl_and_its_pages(archive: Archive) -> None:
    (archive.sites / "bad.toml").write_text("delay = 3\n")
    Store(archive.database, KINDS).close()
    with closing(sqlite3.connect(archive.database)) as db, db:
        db.execute("INSERT INTO site (id, name) VALUES ('choirs', 'Choirs')")
        for day, status in ((1, "finished"), (2, "limited"), (3, "running")):
            db.execute(
                "INSERT INTO crawl (id, site_id, started_at, status, software) VALUES (?, 'choirs', ?, ?, 'x')",
                (f"choirs-2026110{day}000000000", f"2026-11-0{day}T00:00:00Z", status),
            )
    bad, choirs = roster(archive)
    assert (bad.name, bad.seeds, len(bad.wrong)) == ("bad", (), 2)
    # Nobody holds its lock: that crawl runs no more.
    assert (choirs.title, choirs.crawl, choirs.status, choirs.pages) == (
        "Choirs", "choirs-20261103000000000", "interrupted", 0,
    )  # fmt: skip
    shown = bewaar("sites", "list", "--archive", archive.root)
    (line,) = [line for line in shown.stdout.splitlines() if "choirs" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "choirs", "http://choirs.test/ and 1 more", "2026-11-03T00:00:00Z", "interrupted", "0",
    ]  # fmt: skip
    assert "bad.toml line 1: delay: no such key; did you mean delay_s?" in shown.stderr


def test_a_list_without_sites_says_how_to_add_one(tmp_path: Path) -> None:
    Archive.create(tmp_path / "a", contact=CONTACT)
    assert "`bewaar sites add URL` adds one" in bewaar("sites", "list", "--archive", tmp_path / "a").stdout


def test_every_setting_tells_where_it_comes_from(archive: Archive) -> None:
    path = archive.sites / "choirs.toml"
    told = {setting.key: (setting.value, setting.origin) for setting in settings_of("choirs", archive)}
    assert told["delay_s"] == (2.0, f"{path} line 3")
    assert told["name"] == ("choirs", f"{path}, its name")
    assert told["contact"] == (CONTACT, "bewaar.toml")
    assert told["robots"] == ("obey", "default")
    assert told["page_key"] == ([], "default")
    path.write_text(f'{CHOIRS}contact = "choirs@example.org"\n')
    assert {s.key: s.origin for s in settings_of("choirs", archive)}["contact"] == f"{path} line 4"
    of_url = {setting.key: (setting.value, setting.origin) for setting in settings_of("https://a.test/docs/", None)}
    assert (of_url["scope"], of_url["delay_s"]) == (("prefix", "the URL"), (1.0, "default"))
    shown = json.loads(bewaar("sites", "show", "choirs", "--archive", archive.root, "--json").stdout)
    assert shown["title"] == {"value": "Choirs", "from": f"{path} line 1"}


def test_check_reads_every_profile_and_tells_all_that_is_wrong(archive: Archive) -> None:
    for checked in check_profiles((), archive):
        assert not checked.wrong
    (archive.sites / "twice.toml").write_text('seeds = ["http://choirs.test/b"]\n')
    (archive.sites / "bad.toml").write_text("delay = 3\nscope = 'all'\n")
    (archive.sites / "saved.toml.txt").write_text(CHOIRS)
    (archive.sites / "My Site.toml").write_text(CHOIRS)
    done = bewaar("sites", "check", "--archive", archive.root, code=1)
    folder = archive.sites
    assert done.stdout == "better_care_network: right (shipped)\n"
    said = done.stderr.splitlines()
    assert f"{folder / 'bad.toml'} line 1: delay: no such key; did you mean delay_s?" in said
    assert any(line.startswith(f'{folder / "bad.toml"} line 2: scope: must be "page"') for line in said)
    assert f"{folder / 'saved.toml.txt'}: no profile, and not read: the name of one ends in .toml" in said
    assert any(line.startswith(f"{folder / 'My Site.toml'}: name: 'My Site' is not a site name") for line in said)
    twice = f"{folder / 'twice.toml'}: seeds: http://choirs.test/b is a seed of choirs too: it would be crawled twice"
    assert twice in said
    assert [checked.wrong for checked in check_profiles(("choirs",), archive)] == [()]
    with pytest.raises(WrongUse, match="did you mean choirs"):
        check_profiles(("choir",), archive)


def test_check_of_a_url_takes_one_url(archive: Archive) -> None:
    two = bewaar("sites", "check", "http://a.test/", "http://b.test/", code=2)
    assert "one URL at a time" in two.stderr
    assert (
        "are about a URL"
        in bewaar("sites", "check", "choirs", "--scope", "host", "--archive", archive.root, code=2).stderr
    )
