"""A site that is redesigned, through the front door: what is told, what is not, and what an archivist does then."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ByteSize

from archive.layout import Archive
from archive.store.compare import differences, dump
from crawler.alerting.gather import gather
from crawler.alerting.settings import Alerts
from tests.front_door import CONTACT, bewaar
from tests.site_server import Answer, Site, page

NAMES = ("Bond Ooievaar", "Stichting Rietkraag", "Vereniging Zonnedauw", "Het Otterfonds", "Kring Libel")
INTRO = "<p>Samen zorgen deze clubs in de hele delta voor schoon water en stille oevers, het hele jaar door.</p>"
END = "<h2>Bezoek</h2><p>Het kantoor is op werkdagen open van negen tot vijf en staat aan de haven van Dokkum.</p>"


def site_page(label: str, names: tuple[str, ...] = NAMES, *, title: str = "Waterbond", extra: str = "") -> Answer:
    items = "".join(f"<li>{name}</li>" for name in names)
    listed = f"<h2>{label}</h2><ul>{items}</ul>" if label else ""
    return page(f"<h1>Waterbond</h1>{INTRO}{listed}{END}{extra}", title=title)


class Home:
    """An archive with one profile, of a site whose front page is what a test says."""

    def __init__(self, root: Path, site: Site) -> None:
        self.archive = Archive.create(root, contact=CONTACT)
        self.site = site
        self.profile("")

    def profile(self, more: str) -> None:
        text = f'seeds = ["{self.site.url()}"]\ndelay_s = 0\nallow_addresses = ["127.0.0.0/8"]\n{more}'
        (self.archive.sites / "water.toml").write_text(text, encoding="utf-8")

    def crawl(self, answer: Answer, code: int, *options: str) -> tuple[dict[str, Any], str]:
        self.site.pages["/"] = answer
        done = bewaar("crawl", "water", "--archive", self.archive.root, "--json", "--from-start", *options, code=code)
        found: dict[str, Any] = json.loads(done.stdout)
        return found, done.stderr

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(f"file:{self.archive.database}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def alerts(self) -> list[tuple[str, str]]:
        return [(alert.key, alert.command) for alert in gather(self.archive, Alerts(disk_free=ByteSize(1)))]

    def drift(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT role, kind FROM drift ORDER BY id")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Site({}) as site:
        yield Home(tmp_path / "archive", site)


def test_a_label_in_the_profile_and_a_rebuild_mend_a_redesign(home: Home) -> None:
    home.crawl(site_page("Leden"), 0)
    redesigned = site_page("Daar doen we het mee")
    told, _ = home.crawl(redesigned, 1)
    (line,) = told["drift"]
    assert "no list of members any more, where 5 stood; of 5 quotes of before 5 still stand on it" in line
    assert "«Leden Bond Ooievaar Stichting Rietkraag" in line
    assert "now (capture <urn:uuid:" in line
    assert "«Daar doen we het mee Bond Ooievaar Stichting Rietkraag" in line
    plain = bewaar("crawl", "water", "--archive", home.archive.root, "--from-start", code=0)
    assert "drift" not in plain.stdout + plain.stderr
    # No news to whoever crawls it again; and it stands.
    assert home.alerts() == [("water drift", f"bewaar report {told['crawl']} --archive {home.archive.root}")]
    assert f"water: drift: {line}" in bewaar("status", "--archive", home.archive.root).stdout
    # What the docs say to do.
    home.profile('[labels]\nmember = ["Daar doen we het mee"]\n')
    bewaar("rebuild", "--profile", "current", "--archive", home.archive.root)
    assert home.drift() == home.alerts() == []
    assert {row[0] for row in home.rows("SELECT state FROM presence WHERE role = 'member'")} == {"current"}
    assert "drift" not in bewaar("status", "--archive", home.archive.root).stdout
    told, _ = home.crawl(redesigned, 0)
    assert (told["drift"], told["as_before"]) == ([], [])
    # Each crawl with the profile it recorded: it broke, and was mended with the new one.
    bewaar("rebuild", "--archive", home.archive.root)
    assert home.drift() == [("member", "section vanished"), ("member", "as before")]


def test_a_list_that_is_gone_shows_what_stands_in_its_place(home: Home) -> None:
    home.crawl(site_page("Leden"), 0)
    (line,) = home.crawl(site_page(""), 1)[0]["drift"]
    assert "of 5 quotes of before 0 still stand on it" in line
    assert "stille oevers, het hele jaar door. Bezoek Het kantoor" in line.rpartition("; now ")[2]


def test_the_profile_says_that_a_list_is_gone(home: Home) -> None:
    home.crawl(site_page("Leden"), 0)
    home.crawl(site_page(""), 1)
    home.profile("[expect]\nmembers = 0\n")
    assert home.crawl(site_page(""), 0)[0]["drift"] == []
    assert home.drift() == []
    assert "drift" not in bewaar("status", "--archive", home.archive.root).stdout


def _cut_short(answer: Answer) -> Answer:
    status, headers, body = answer
    return status, {**headers, "Content-Length": str(len(body) + 5000), "Connection": "close"}, body


def _half_coded(answer: Answer) -> Answer:
    """The message is whole, and its gzip stream is not."""
    status, headers, body = answer
    coded = gzip.compress(body)
    return status, {**headers, "Content-Encoding": "gzip"}, coded[: len(coded) * 2 // 3]


@pytest.mark.parametrize(
    ("answer", "profile", "code"),
    [
        ((503, {"Content-Type": "text/html", "Retry-After": "0"}, b"later"), "", 1),
        ((404, {"Content-Type": "text/html"}, b"gone"), "", 1),
        (_cut_short(site_page("")), "", 1),
        (_half_coded(site_page("Leden")), "", 0),
        (page("<h1>This domain may be for sale</h1>"), '[expect]\ntext = "schoon water"\n', 1),
        (page("<h1>This domain may be for sale</h1>"), '[expect]\ncms = "WordPress"\n', 1),
    ],
    ids=["unavailable", "not found", "cut short", "half coded", "parked", "another CMS"],
)  # fmt: skip
def test_a_page_that_failed_is_no_drift_and_nothing_is_no_longer_listed(
    home: Home, answer: Answer, profile: str, code: int
) -> None:
    generator = '<meta name="generator" content="WordPress 6">'
    listed = site_page("Leden", extra=generator)
    home.profile(profile)
    home.crawl(listed, 0)
    told, _ = home.crawl(answer, code)
    assert told["drift"] == []
    assert home.crawl(listed, 0)[0]["drift"] == []
    assert home.drift() == []
    kinds = {row[0] for row in home.rows("SELECT kind FROM change")}
    assert not kinds & {"no longer listed", "section vanished", "listed again"}
    # Not half a name either.
    assert {row[0] for row in home.rows("SELECT name FROM member")} == set(NAMES)
    assert {row[0] for row in home.rows("SELECT state FROM presence WHERE role = 'member'")} == {"current"}


def test_a_crawl_that_a_limit_ended_before_the_page_is_no_drift_and_one_behind_it_is(home: Home) -> None:
    leden = home.site.url("/leden")
    home.site.pages["/leden"] = site_page("Leden")
    front = page('<h1>Waterbond</h1><a href="/leden">leden</a>')
    home.crawl(front, 0)
    home.site.pages["/leden"] = site_page("")
    assert home.crawl(front, 3, "--max-pages", "1")[0]["drift"] == []
    (line,) = home.crawl(front, 1)[0]["drift"]
    assert leden.removeprefix("http://").split("/")[-1] in line


def test_drift_is_the_same_live_and_rebuilt(home: Home, tmp_path: Path) -> None:
    for label, code in (("Leden", 0), ("", 1), ("Leden", 0)):
        home.crawl(site_page(label), code)
    assert home.drift() == [("member", "section vanished"), ("member", "as before")]
    before = sqlite3.connect(home.archive.database)
    live = dump(before)
    before.close()
    bewaar("rebuild", "--archive", home.archive.root)
    after = sqlite3.connect(home.archive.database)
    assert list(differences(live, dump(after))) == []
    after.close()
    assert len(live["drift"]) == 2


def test_the_crawls_log_says_it(home: Home) -> None:
    home.crawl(site_page("Leden"), 0)
    home.crawl(site_page(""), 1)
    logs = sorted(home.archive.logs.glob("*.log"))
    assert "drift: page " in logs[-1].read_text()


def test_a_raised_extractor_version_raises_no_drift_live_or_rebuilt(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An upgrade of Bewaar whose members are read otherwise: the last two of each list are overlooked, by a module that
    is loaded as a user's would be, into every process."""
    for _ in range(2):
        home.crawl(site_page("Leden"), 0)
    upgrade = tmp_path / "upgrade"
    upgrade.mkdir()
    (upgrade / "sitecustomize.py").write_text(UPGRADE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(upgrade))
    told, said = home.crawl(site_page("Leden"), 0)
    assert told["drift"] == []
    # Before the crawl all captures were read again: history never mixes versions.
    assert "all captures are read again" in said
    assert re.search(r"^.*member: \d+ facts? no longer read as before, 0 facts read now$", said, re.MULTILINE)
    versions = "SELECT DISTINCT extractor_version FROM observation WHERE role = 'member' ORDER BY 1"
    assert len(home.rows(versions)) == 1
    assert home.rows("SELECT count(*) FROM fact f JOIN section_version s ON s.id = f.section_version_id"
                     " WHERE s.role = 'member'") == [(2,)]  # fmt: skip
    assert home.rows("SELECT count(*), count(DISTINCT extractor_version), max(profile_digest LIKE 'sha256:%')"
                     " FROM fact_source WHERE role = 'member'") == [(6, 1, 1)]  # fmt: skip
    assert home.rows("SELECT kind FROM change WHERE role = 'member' AND kind <> 'first listed'") == []
    bewaar("rebuild", "--archive", home.archive.root)
    assert home.drift() == []
    assert len(home.rows(versions)) == 1
    # And what truly breaks is told by the new version as by the old.
    told, _ = home.crawl(site_page(""), 1)
    assert "where 2 stood" in told["drift"][0]


def test_rows_of_before_there_were_versions_are_read_again_before_a_crawl(home: Home) -> None:
    home.crawl(site_page("Leden"), 0)
    db = sqlite3.connect(home.archive.database)
    for (view,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        db.execute(f'DROP VIEW "{view}"')
    db.execute("ALTER TABLE observation DROP COLUMN extractor_version")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = 'extractor_version'")
    db.commit()
    db.close()
    _, said = home.crawl(site_page("Leden"), 0)
    assert "all captures are read again" in said
    assert home.rows("SELECT count(*) FROM observation WHERE extractor_version = 0") == [(0,)]


UPGRADE = '''
import sys
from importlib.abc import MetaPathFinder


class Upgrade(MetaPathFinder):
    """When the extractors have been loaded, that of members is replaced."""

    def find_spec(self, name, path=None, target=None):
        if name in ("crawler.ingest", "crawler.upgrade"):
            sys.meta_path.remove(self)
            import crawler.extract
            from dataclasses import replace
            from crawler.extract import registry

            old = registry.EXTRACTORS["member"]
            run = lambda page, finder: iter(list(old.run(page, finder))[:2])
            registry._extractors["member"] = replace(old, version=old.version + 1, run=run)
        return None


sys.meta_path.insert(0, Upgrade())
'''
