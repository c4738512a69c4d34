"""What people decide holds through crawls, through a rebuild, and when extractors read otherwise."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store import Store
from archive.store.compare import differences
from crawler.extract import registry
from crawler.files import ingest_file
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.replica.demo import SITE
from crawler.replica.editions import EDITIONS
from crawler.replica.server import Replica
from tests.crawler.crawled import dumped, query
from tests.crawler.curated import curate, decided, names
from tests.front_door import bewaar, start

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[tuple[Replica, Path, list[str]]]:
    """The replica, an archive with its profile, and the command that crawls it."""
    archive = Archive.create(tmp_path / "archive", operator="Jo", contact="https://demonstratie.test/contact")
    import importlib.resources

    shipped = importlib.resources.files("crawler.replica").joinpath(f"{SITE}.toml").read_text(encoding="utf-8")
    (archive.sites / f"{SITE}.toml").write_text(shipped, encoding="utf-8")
    with Replica() as site:
        command = ["crawl", SITE, "--archive", str(archive.root), "--from-start"]
        for rule in site.connect_to():
            command += ["--connect-to", rule]
        yield site, archive.root, command


SPONSORS = [
    "Europese Unie", "Fonds Onbekend", "Nationale Postcode Loterij", "Save the Children",
    "Stichting Kinderpostzegels Nederland", "UNICEF", "ministerie", "ministerie",
]  # fmt: skip
MEMBERS = [
    "Defence for Children - ECPAT Nederland", "ICCO", "Kerk in Actie", "SOS Kinderdorpen Nederland",
    "Stichting Kinderperspectief", "UNICEF", "Wereldkinderen",
]  # fmt: skip


def test_decisions_of_the_first_edition_hold_in_all_six_and_after_a_rebuild(
    replica: tuple[Replica, Path, list[str]],
) -> None:
    site, root, command = replica
    for number, edition in enumerate(EDITIONS):
        site.edition = edition
        bewaar(*command, code=1 if edition.down or edition.name == "redesign" else 0)
        if number == 0:
            curate(root, "reject", "Wilde Ganzen", "--why", "asked them")
            curate(root, "rename", "SOS Kinderdorpen", "SOS Kinderdorpen Nederland")
            curate(root, "correct", "Wereldkinderen", "--year", "2007", "--kind", "host")
            curate(root, "split", "ICCO/KerkinActie", "ICCO", "Kerk in Actie")
            curate(root, "name", "1.png", "Fonds Onbekend")
            curate(root, "reject", "Plan.jpg", "--role", "sponsor")
            curate(root, "alias", "Fonds Zilverknoop", "Zilverknoop Beheer", "--anyway")
            curate(root, "distinct", "Defence for Children-ECPAT", "defence-for-children")
        more = ["Stichting Lampionnenpad"] if number in (1, 4, 5) else []
        assert names(root, "member") == sorted([*MEMBERS, *more])
        assert names(root, "current_member") == ([] if edition.name == "redesign" else sorted([*MEMBERS, *more]))
        silver = ["Zilverknoop Beheer"] if number >= 1 else []
        assert names(root, "current_sponsor") == sorted([*SPONSORS, *silver])
        assert query(root, "SELECT year, kind FROM member WHERE name = 'Wereldkinderen'") == [(2007, "host")]
        assert query(root, "SELECT count(*) FROM change WHERE subject IN ('wilde-ganzen', 'plan')") == [(0,)]
        standing = decided(root)
        assert standing.pop("Fonds Zilverknoop") == ("in force" if number else "without target")
        assert set(standing.values()) == {"in force"}
        asked = query(root, "SELECT kind, coalesce(raw, what) FROM review WHERE role IN ('member', 'sponsor')")
        assert not {"1.png", "Plan.jpg", "ICCO/KerkinActie"} & {raw for _, raw in asked}
        assert not [1 for kind, what in asked if kind == "alias" and "Defence" in what]
    assert query(root, "SELECT id FROM organisation WHERE name = 'Zilverknoop Beheer'") == [("zilverknoop-beheer",)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""

    before = dumped(root)
    (root / "archive.db").unlink()
    bewaar("rebuild", "--archive", root)
    assert list(differences(before, dumped(root))) == []
    bewaar("verify", "--rows", "--archive", root)


def test_decisions_hold_when_extractors_read_otherwise(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curate(copied, "reject", "Wilde Ganzen")
    curate(copied, "split", "ICCO/KerkinActie", "ICCO", "Kerk in Actie")
    curate(copied, "name", "1.png", "Fonds Onbekend")
    curate(copied, "rename", "Plan.jpg", "Plan Internationaal", "--role", "sponsor")
    curate(copied, "alias", "Wereldkinderen", "Stichting Wereldkinderen")
    expected = {view: names(copied, view) for view in ("member", "current_sponsor")}
    asked = len(query(copied, "SELECT 1 FROM review"))

    def raised(role: str) -> registry.Extractor:
        """Another rule, other places, less sure, another spelling and another key of the same names."""
        old = registry.EXTRACTORS[role]

        def run(page, finder):
            for fact in old.run(page, finder):
                key = f"{fact.organisation}-v2" if fact.organisation else None
                yield replace(
                    fact, rule="cards", position=fact.position + 3, confidence=0.9, value=fact.value.upper(),
                    organisation=key,
                )  # fmt: skip

        return replace(old, version=old.version + 1, run=run)

    for role in ("member", "sponsor"):
        monkeypatch.setitem(registry._extractors, role, raised(role))
    archive = Archive.open(copied)
    with Store(tmp_path / "again.db", KINDS) as store:
        ingests = Ingests(archive, store)
        for path in archive.sealed_warcs():
            ingest_file(ingests, path)
        store.load_decisions(archive.decisions)
        ingests.derive()
        for view, before in expected.items():
            rows = store.db.conn.execute(f"SELECT name FROM {view} WHERE state <> 'ended'").fetchall()
            assert sorted(row[0].casefold() for row in rows) == sorted(
                {"NPL": "npl", "Nationale Postcode Loterij": "npl"}.get(name, profile_free(name)) for name in before
            )
        assert {row[0] for row in store.db.conn.execute("SELECT standing FROM decided")} == {"in force"}
        assert not store.db.conn.execute("SELECT 1 FROM review WHERE raw IN ('1.png', 'ICCO/KerkinActie')").fetchall()
    assert asked > 0


def profile_free(name: str) -> str:
    """As the page has it: keys that changed are none the profile has a name for."""
    return {
        "Defence for Children - ECPAT Nederland": "defence for children-ecpat",
        "Stichting Kinderpostzegels Nederland": "kinderpostzegels",
        "Europese Unie": "eu",
        "UNICEF": "unicef",
    }.get(name, name.casefold())


class HeldRequests(list[tuple[str, str, str]]):
    """What a replica has seen; from so many requests on they wait."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.released = most, threading.Event()

    def append(self, request: tuple[str, str, str]) -> None:
        super().append(request)
        if len(self) >= self.most:
            self.released.wait(600)


def test_crawl_in_another_process_is_not_harmed(replica: tuple[Replica, Path, list[str]]) -> None:
    site, root, command = replica
    bewaar(*command)
    site.edition = EDITIONS[1]
    # It cannot come to its end before something was decided meanwhile.
    site.seen = held = HeldRequests(5)
    running = start(*command)
    decisions = 0
    while running.poll() is None:
        curate(root, "reject" if decisions % 2 else "confirm", "Wilde Ganzen")
        decisions += 1
        if decisions == 2:
            held.released.set()
    _, err = running.communicate()
    assert running.returncode == 0, err
    assert decisions >= 2
    assert len((root / "decisions" / "decisions.jsonl").read_text().splitlines()) == decisions
    curate(root, "reject", "Wilde Ganzen")
    assert "Wilde Ganzen" not in names(root, "current_member")
    assert "Stichting Lampionnenpad" in names(root, "current_member")
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    bewaar("verify", "--rows", "--archive", root)
