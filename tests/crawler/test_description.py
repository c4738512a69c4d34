"""What a profile says of a site and of rights in it goes along with all that is kept and handed on."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from archive.bag import make_bag
from archive.browse.metadata import describe_sites
from archive.browse.serve import build as build_datasette
from archive.errors import BadProfile
from archive.export.dataset import describe
from archive.layout import Archive
from archive.store import open_read_only
from archive.store.described import Described
from archive.wacz.pack import Wanted
from archive.warc.reader import read_records
from crawler.rebuild import compare
from crawler.sites.profile import Profile
from crawler.sites.profile_files import read_profile
from tests.archive.browse_server import running
from tests.front_door import CONTACT, bewaar
from tests.site_server import Site, page

SAID = """
[description]
title = "Example Foundation, its site"
creator = ["Example Foundation", "A. Keeper"]
publisher = "Example Foundation, Harwick"
description = "A network of foundations."
language = ["en", "pt-BR"]
coverage = "Netherlands"
subject = ["foster care", "youth work"]
identifier = "HARW/2026/14"

[rights]
statement = "Texts belong to their makers."
licence = "https://creativecommons.org/licenses/by/4.0/"

[[rights.permission]]
by = "J. Jansen"
on = 2026-01-31
reference = "letter 117"
scope = "all of it"
"""
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    root = tmp_path_factory.mktemp("described") / "archive"
    (root / "sites").mkdir(parents=True)
    with Site({"/": page("<h2>Members</h2><ul><li>Alpha Trust</li></ul>")}) as site:
        profile = f'title = "Example"\nhome = "{site.url()}"\nseeds = ["{site.url()}"]\ndelay_s = 0\n{SAID}'
        (root / "sites" / "example.toml").write_text(profile)
        bewaar("crawl", "example", "--archive", root, "--contact", CONTACT)
    return Archive.open(root)


def test_the_warcinfo_record_has_it_as_dcmi_terms(described: Archive) -> None:
    (path,) = described.warcs_of("example")
    info = b"".join(next(read_records(path)).block.chunks()).decode()
    for line in (
        "title: Example Foundation, its site",
        "creator: Example Foundation; A. Keeper",
        "language: en; pt-BR",
        "subject: foster care; youth work",
        "identifier: HARW/2026/14",
        "rights: Texts belong to their makers.",
        f"license: {LICENCE}",
    ):
        assert f"{line}\r\n" in info
    assert "of Example: A network of foundations.\r\n" in info
    assert "isPartOf: example-" in info
    assert "Jansen" not in info


def test_the_database_has_it_and_a_rebuild_the_same(described: Archive) -> None:
    with closing(sqlite3.connect(described.database)) as db:
        row = db.execute("SELECT title, creator, language, coverage, rights, licence FROM site").fetchone()
        assert row == (
            "Example Foundation, its site", "Example Foundation; A. Keeper", "en; pt-BR", "Netherlands",
            "Texts belong to their makers.", LICENCE,
        )  # fmt: skip
        assert db.execute("SELECT * FROM permission").fetchall() == [
            ("example", 1, "J. Jansen", "2026-01-31", "letter 117", "all of it", None)
        ]
    assert compare(described).rows == []


def test_a_visitor_reads_it_and_not_who_allowed_it(described: Archive) -> None:
    with running(build_datasette(described, public=True)) as client:
        front = client.get("/").text
        assert LICENCE in front
        assert "Texts belong to their makers." in front
        assert client.get("/archive/permission").status_code == 404
    with running(build_datasette(described)) as client:
        assert "J. Jansen" in client.get("/archive/permission.json?_shape=array").text


def test_of_several_sites_only_what_holds_for_each_is_said() -> None:
    one = Described("One", "http://one.test/", rights="ours", licence=LICENCE, description="first")
    two = Described("Two", "http://two.test/", rights="theirs", licence=LICENCE)
    assert describe_sites([one], "Town Archive")["source_url"] == "http://one.test/"
    assert describe_sites([one, two], "Town Archive") == {
        "title": "Town Archive", "license": LICENCE, "license_url": LICENCE
    }  # fmt: skip


def test_a_package_and_a_bag_tell_what_they_hold(described: Archive, tmp_path: Path) -> None:
    bewaar("pack", "--archive", described.root, "--output", tmp_path / "one.wacz")
    with zipfile.ZipFile(tmp_path / "one.wacz") as packed:
        told = json.loads(packed.read("datapackage.json"))
    assert (told["title"], told["description"]) == ("Example Foundation, its site", "A network of foundations.")
    make_bag(described, tmp_path / "bag", Wanted())
    info = (tmp_path / "bag" / "bag-info.txt").read_text()
    for line in (
        "External-Description: A network of foundations.", "External-Identifier: HARW/2026/14",
        "Creator: Example Foundation; A. Keeper", f"License: {LICENCE}",
    ):  # fmt: skip
        assert f"{line}\n" in info


def test_an_export_is_cited_with_its_licence(described: Archive, tmp_path: Path) -> None:
    bewaar("export", "--format", "datapackage", "--out", tmp_path / "facts", "--archive", described.root)
    told = json.loads((tmp_path / "facts" / "datapackage.json").read_text())
    assert told["licenses"] == [{"path": LICENCE}]
    assert told["keywords"] == ["foster care", "youth work"]
    assert told["sources"][0]["title"] == "Example Foundation, its site"
    assert told["description"].startswith("A network of foundations.")
    assert not (tmp_path / "facts" / "permission.csv").exists()
    assert "rights: Texts belong to their makers." in (tmp_path / "facts" / "README.md").read_text()
    with closing(open_read_only(described.database)) as db:
        assert describe(db.conn, described, {}, withholding=0).citation.endswith(LICENCE)


def test_sites_show_prints_it(described: Archive) -> None:
    said = json.loads(bewaar("sites", "show", "example", "--archive", described.root, "--json").stdout)
    assert said["description"]["value"]["subject"] == ["foster care", "youth work"]
    assert said["rights"]["value"]["permission"][0]["on"] == "2026-01-31"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[description]\nlanguage = "english please"', ("line 3", "description.language", "no tag of a language")),
        ('[description]\nauthor = "me"', ("line 3", "did you mean creator?")),
        ('[rights]\nlicence = "CC BY"', ("line 3", "rights.licence", "http")),
        ('[[rights.permission]]\nby = "me"\non = "last May"', ("line 4", "no date, such as 2026-01-31")),
        ('[[rights.permission]]\nby = "me"', ("rights.permission", "on")),
        ('description = "a site"', ("line 2", "description")),
    ],
)
def test_what_is_wrong_is_told_by_file_line_and_key(tmp_path: Path, wrong: str, told: tuple[str, ...]) -> None:
    path = tmp_path / "example.toml"
    path.write_text(f'seeds = ["http://example.org/"]\n{wrong}\n')
    with pytest.raises(BadProfile) as error:
        read_profile(path)
    assert str(path) in str(error.value)
    for words in told:
        assert words in str(error.value)


def test_a_look_at_a_site_proposes_title_description_and_language(tmp_path: Path) -> None:
    home = (
        "<!doctype html><html lang=en><title>Example Foundation</title>"
        '<meta name="Description" content="We look after \n children."><body><p>Welcome.</p></body></html>'
    )
    with Site({"/": (200, {"Content-Type": "text/html; charset=utf-8"}, home.encode())}) as site:
        bewaar("init", "--archive", tmp_path, "--operator", "Me", "--contact", CONTACT, code=None)
        bewaar("sites", "add", site.url(), "--name", "example", "--archive", tmp_path, "--delay", "0", code=None)
    profile = read_profile(tmp_path / "sites" / "example.toml")
    assert profile.description.title == "Example Foundation"
    assert profile.description.description == "We look after children."
    assert profile.description.language == ("en",)


def test_a_profile_without_it_says_nothing() -> None:
    profile = Profile(name="x", seeds=("http://example.org/",))
    assert profile.description.model_dump(exclude_defaults=True) == {}
