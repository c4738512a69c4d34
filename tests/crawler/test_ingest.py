"""`bewaar ingest`: others' files stand beside ours, and the rows depend on nothing but what was kept."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.layout import Archive
from archive.store.compare import Dump, differences
from archive.warc.reader import read_records
from crawler.files import Ingested
from crawler.gauge import plain
from crawler.sites.profile import default_profile
from tests.archive.raw_records import record, write_warc
from tests.archive.test_wacz_reading import wacz
from tests.crawler.ingests import HTML, events, info, only, page, revisit, rows, take
from tests.front_door import bewaar

HOME = "http://network.test/members"
DAY_1, DAY_2, DAY_3 = (f"2020-0{month}-01T10:00:00Z" for month in (1, 2, 3))


def query(root: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(root / "archive.db")) as db:
        return db.execute(sql, values).fetchall()


def crawl_file(path: Path, *captures: tuple[str, bytes]) -> Path:
    """A WARC of others, with captures of one page at these dates."""
    return write_warc(path, info(), *(record("response", HOME, block, date=date) for date, block in captures))


@pytest.fixture
def three_days(tmp_path: Path) -> Path:
    return crawl_file(
        tmp_path / "three-days.warc.gz",
        (DAY_1, page("Alpha Trust", "Beta Trust")),
        (DAY_2, page("Alpha Trust", "Beta Trust", "Gamma Trust")),
        (DAY_3, page("Alpha Trust", "Gamma Trust")),
    )


def test_one_file_of_years_has_a_history(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    done = json.loads(bewaar("ingest", three_days, "--archive", root, "--json").stdout)
    assert (done["captures"], done["sites"], done["damage"]) == (3, ["network_test"], [])
    assert query(root, "SELECT id, status, software FROM crawl ORDER BY id") == [
        ("network_test-20200101100000000", "imported", "SomeCrawler/1.0"),
        ("network_test-20200201100000000", "imported", "SomeCrawler/1.0"),
        ("network_test-20200301100000000", "imported", "SomeCrawler/1.0"),
    ]
    assert query(root, "SELECT value, state, first_seen, last_seen, gone_by FROM presence WHERE role = 'member'"
                 " ORDER BY value") == [
        ("Alpha Trust", "current", DAY_1, DAY_3, None),
        ("Beta Trust", "ended", DAY_1, DAY_2, DAY_3),
        ("Gamma Trust", "current", DAY_2, DAY_3, None),
    ]  # fmt: skip
    bewaar("verify", "--rows", "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_the_file_is_kept_as_it_is_and_nobody_writes_to_it(tmp_path: Path, three_days: Path) -> None:
    root, sha256 = tmp_path / "archive", hashlib.sha256(three_days.read_bytes()).hexdigest()
    bewaar("ingest", three_days, "--archive", root, "--copy")
    kept = root / "warcs" / f"sha256-{sha256}.warc.gz"
    assert kept.read_bytes() == three_days.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) & 0o222 == 0
    assert kept.stat().st_ino != three_days.stat().st_ino
    assert os.access(three_days, os.W_OK)
    assert f"{sha256}  warcs/{kept.name}\n" in (root / "manifest-sha256.txt").read_text()
    (event,) = events(root)
    assert (event["type"], event["object"], event["outcome"]) == ("ingestion", f"warcs/{kept.name}", "success")
    assert json.loads(event["detail"]) == {"name": "three-days.warc.gz", "sha256": sha256}
    assert [line for line in bewaar("verify", "--archive", root).stdout.splitlines() if "warning" not in line] == []


def test_a_link_shares_the_bytes(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    bewaar("ingest", three_days, "--archive", root, "--link")
    assert only(Archive.open(root).kept()).stat().st_ino == three_days.stat().st_ino


def test_the_same_bytes_under_another_name_change_nothing(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    bewaar("ingest", three_days, "--archive", root)
    before = rows(root), (root / "manifest-sha256.txt").read_bytes(), events(root)
    other = shutil.copy(three_days, tmp_path / "other-name.warc.gz")
    said = bewaar("ingest", three_days, other, "--archive", root)
    assert "0 files taken in, 2 there already" in said.stdout
    assert (rows(root), (root / "manifest-sha256.txt").read_bytes(), events(root)) == before


def test_two_packages_with_one_inner_name_both_arrive(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    for name, member in (("a", "Alpha Trust"), ("b", "Beta Trust")):
        inner = crawl_file(tmp_path / f"{name}.warc.gz", (DAY_1 if name == "a" else DAY_2, page(member, "Gamma Trust")))
        wacz(tmp_path / f"{name}.wacz", {"archive/data.warc.gz": inner.read_bytes()})
    bewaar("ingest", tmp_path / "a.wacz", tmp_path / "b.wacz", "--archive", root)
    paths = [path for (path,) in query(root, "SELECT w.path FROM capture c JOIN warc w ON w.id = c.warc_id")]
    assert len(set(paths)) == 2
    assert all(str(path).endswith(".wacz!archive/data.warc.gz") for path in paths)
    said = bewaar("verify", "--rows", "--archive", root)
    assert "2 rows" in said.stderr
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    listed = bewaar("index", "--archive", root).stdout
    assert listed.count("!archive/data.warc.gz") == 2


def test_one_record_in_two_files_is_two_captures_and_one_sighting(tmp_path: Path) -> None:
    first = record("response", HOME, page("Alpha Trust", "Beta Trust"), date=DAY_1)
    second = record("response", HOME, page("Alpha Trust", "Gamma Trust"), date=DAY_2)
    write_warc(tmp_path / "early.warc.gz", info(), first, second)
    write_warc(tmp_path / "late.warc.gz", info(), second)
    root = tmp_path / "archive"
    bewaar("ingest", tmp_path / "early.warc.gz", tmp_path / "late.warc.gz", "--archive", root)
    ((copies,),) = query(
        root, "SELECT count(*) FROM capture c JOIN capture o ON o.id = c.copy_of_id AND o.record_id = c.record_id"
    )
    assert copies == 1
    assert query(root, "SELECT count(*) FROM capture") == [(3,)]
    assert query(root, "SELECT sightings FROM presence WHERE value = 'Alpha Trust'") == [(2,)]


@pytest.mark.parametrize("order", [("original", "revisit"), ("revisit", "original")])
def test_a_revisit_finds_its_original_whichever_comes_first(tmp_path: Path, order: tuple[str, str]) -> None:
    block = page("Alpha Trust", "Beta Trust")
    digest = f"sha256:{hashlib.sha256(block[len(HTML) :]).hexdigest()}"
    original = "<urn:uuid:20000000-0000-4000-8000-000000000001>"
    files = {
        "original": write_warc(
            tmp_path / "original.warc.gz",
            info(),
            record("response", HOME, block, date=DAY_1, record_id=original, payload_digest=digest),
        ),
        "revisit": write_warc(tmp_path / "revisit.warc.gz", info(), revisit(HOME, original, digest, date=DAY_2)),
    }
    root = tmp_path / "archive"
    for name in order:
        bewaar("ingest", files[name], "--archive", root)
    assert query(root, "SELECT count(*) FROM capture c JOIN observation o ON o.capture_id = c.id AND o.role = 'member'"
                 " WHERE c.record_type = 'revisit' AND c.original_id IS NOT NULL AND o.state = 'found'") == [(1,)]  # fmt: skip
    assert query(root, "SELECT last_seen, sightings FROM presence WHERE value = 'Alpha Trust'") == [(DAY_2, 2)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    bewaar("verify", "--rows", "--archive", root)


def test_a_profile_of_the_archive_applies_by_host(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text(
        'title = "The Museum"\nseeds = ["https://www.network.test/"]\n'
        "[[page_key]]\npattern = '^/members$'\nkey = \"the-members\"\n"
    )
    bewaar("ingest", three_days, "--archive", root)
    assert query(root, "SELECT id, name FROM site") == [("museum", "The Museum")]
    assert query(root, "SELECT DISTINCT page_key FROM capture") == [("the-members",)]


def test_a_decision_leaves_the_rest_as_the_profile_wants_it(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text(
        'title = "The Museum"\nseeds = ["https://www.network.test/"]\nanchors = ["the-members"]\n'
        '[aliases]\nAlpha = "Alpha Trust of Museums"\n'
        "[[page_key]]\npattern = '^/members$'\nkey = \"the-members\"\n"
    )
    bewaar("ingest", three_days, "--archive", root)
    named = query(root, "SELECT * FROM profile_name")
    assert named
    bewaar("curate", "reject", "Beta Trust", "--why", "asked them", "--archive", root)
    assert query(root, "SELECT * FROM profile_name") == named
    assert not query(root, "SELECT 1 FROM presence WHERE value = 'Beta Trust' AND decided_by IS NULL")
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_a_decision_finds_the_profile_of_a_crawl_of_ours_in_a_package(tmp_path: Path) -> None:
    crawl = "museum-20200101000000000"
    name = f"{crawl}-00000-host.warc.gz"
    rule = {"pattern": "^/members", "key": "the-members"}
    profile = default_profile(
        HOME, name="museum", title="The Museum", page_key=[rule], aliases={"Alpha": "Alpha Trust"}
    )
    block = f"software: bewaar/1\r\nisPartOf: {crawl}\r\nbewaar-site: museum\r\n".encode()
    path = write_warc(
        tmp_path / name,
        record("warcinfo", None, block, filename=name),
        record("metadata", f"metadata://bewaar/{crawl}/profile.json", profile.to_json().encode()),
        record("response", HOME, page("Alpha Trust", "Beta Trust"), date=DAY_1),
    )
    root = tmp_path / "archive"
    bewaar("ingest", wacz(tmp_path / "ours.wacz", {f"archive/{name}": path.read_bytes()}), "--archive", root)
    named = query(root, "SELECT * FROM profile_name")
    assert named
    bewaar("curate", "reject", "Beta Trust", "--why", "asked them", "--archive", root)
    assert query(root, "SELECT * FROM profile_name") == named
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_whose_captures_they_are_can_be_said_and_is_remembered(tmp_path: Path) -> None:
    block = page("Alpha Trust")
    path = write_warc(
        tmp_path / "two-hosts.warc",
        info(),
        record("response", HOME, block, date=DAY_1),
        record("response", "http://cdn.test/a.html", block, date=DAY_1),
    )
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root, "--site", "museum")
    assert query(root, "SELECT id FROM site") == [("museum",)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    assert "two-hosts" not in bewaar("index", "--site", "museum", "--archive", root).stdout
    assert bewaar("index", "--site", "museum", "--archive", root).stdout.count("\n") == 2


def test_what_is_damaged_is_named_and_all_around_it_is_read(tmp_path: Path) -> None:
    parts = [info(), *(record("response", f"{HOME}/{n}", page(f"Member {n} Trust"), date=DAY_1) for n in range(3))]
    members = [gzip.compress(part) for part in parts]
    broken = bytearray(members[2])
    broken[len(broken) // 2] ^= 0xFF
    path = tmp_path / "damaged.warc.gz"
    path.write_bytes(b"".join([*members[:2], bytes(broken), members[3]]))
    offset = len(members[0]) + len(members[1])
    root = tmp_path / "archive"
    said = bewaar("ingest", path, "--archive", root, code=1)
    assert f"{path} at {offset}: " in said.stderr
    assert query(root, "SELECT count(*) FROM capture") == [(2,)]
    ((what, detail),) = query(root, "SELECT what, detail FROM problem WHERE capture_id IS NULL")
    assert what == "damaged"
    assert f".warc.gz at {offset}: " in str(detail)
    bewaar("ingest", path, "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root, code=1).stdout == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.warc.gz", b"no archive at all"),
        ("page.warc.gz", gzip.compress(b"<html>no archive at all</html>")),
        ("empty.warc", b""),
        ("other.wacz", b"PK\x03\x04 and then nothing"),
    ],
    ids=["text", "packed page", "empty", "half a zip"],
)
def test_what_is_no_archive_is_refused_before_anything_changes(
    tmp_path: Path, three_days: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    root = tmp_path / "archive"
    said = bewaar("ingest", three_days, path, "--archive", root, code=2)
    assert str(path) in said.stderr
    assert not root.exists()


def test_a_zip_that_leads_elsewhere_writes_nothing_there(tmp_path: Path) -> None:
    inner = crawl_file(tmp_path / "a.warc.gz", (DAY_1, page("Alpha Trust"))).read_bytes()
    path = wacz(tmp_path / "tricky.wacz", {"archive/data.warc.gz": inner, "archive/../../../evil.warc.gz": inner})
    root = tmp_path / "archive"
    said = bewaar("ingest", path, "--archive", root, code=1)
    assert "leads out of the archive" in said.stderr
    assert query(root, "SELECT count(*) FROM capture") == [(1,)]
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    ("url", "block"),
    [
        ("metadata://bewaar/x/profile.json", b'{"seeds": 5}'),
        ("metadata://bewaar/x/profile.json", b"\xff\xfe no JSON"),
        ("metadata://bewaar/x/report.json", b'{"finished_at": 7, "status": "finished"}'),
        ("metadata://bewaar/x/report.json", b'{"finished_at": "2020-01-01T00:00:00Z", "status": "nonsense"}'),
    ],
    ids=["profile", "no JSON", "report", "ending"],
)
def test_a_file_that_only_says_it_is_ours_ends_nothing(tmp_path: Path, url: str, block: bytes) -> None:
    ours = info(**{"isPartOf": "museum-20200101000000000", "bewaar-site": "museum"})
    response = record("response", HOME, page("Alpha Trust"), date=DAY_1)
    path = write_warc(tmp_path / "forged.warc.gz", ours, record("metadata", url, block), response)
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root, code=1)
    assert query(root, "SELECT c.id, c.site_id FROM crawl c JOIN capture ON crawl_id = c.id") == [
        ("museum-20200101000000000", "museum")
    ]


def test_a_crawl_of_ours_cannot_be_said_to_be_of_another_site(tmp_path: Path) -> None:
    forged = info(**{"isPartOf": "museum-20200101000000000", "bewaar-site": "other"})
    path = write_warc(tmp_path / "a.warc.gz", forged, record("response", HOME, page("Alpha Trust"), date=DAY_1))
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root)
    assert query(root, "SELECT id FROM site") == [("network_test",)]


def test_a_later_file_of_a_crawl_of_ours_may_come_before_its_first(tmp_path: Path) -> None:
    crawl = "museum-20200101000000000"
    rule = {"pattern": "^/members", "key": "the-members"}
    profile = default_profile(HOME, name="museum", title="The Museum", page_key=[rule]).to_json().encode()
    parts = []
    for number in range(3):
        name = f"{crawl}-{number:05}-host.warc.gz"
        block = f"software: bewaar/1\r\nisPartOf: {crawl}\r\nbewaar-site: museum\r\n".encode()
        told = [record("metadata", f"metadata://bewaar/{crawl}/profile.json", profile)] if number == 0 else []
        response = record("response", f"{HOME}/{number}", page(f"Member {number} Trust"), date=DAY_1)
        parts.append(write_warc(tmp_path / name, record("warcinfo", None, block, filename=name), *told, response))
    together, apart = tmp_path / "together", tmp_path / "apart"
    bewaar("ingest", *parts, "--archive", together)
    assert query(together, "SELECT DISTINCT page_key FROM capture") == [("the-members",)]
    rebuilt = []
    for number in (1, 0, 2):
        done = json.loads(bewaar("ingest", parts[number], "--archive", apart, "--json").stdout)
        rebuilt.append(done["rebuilt"])
    assert rebuilt == [False, True, False]
    assert list(differences(rows(together), rows(apart))) == []
    assert query(apart, "SELECT name FROM warc ORDER BY name") == [(path.name,) for path in parts]


def test_a_member_of_many_records_is_told(tmp_path: Path) -> None:
    records = [info(), *(record("response", f"{HOME}/{n}", page("Alpha Trust"), date=DAY_1) for n in range(2))]
    path = tmp_path / "one-member.warc.gz"
    path.write_bytes(gzip.compress(b"".join(records)))
    said = bewaar("ingest", path, "--archive", tmp_path / "archive", code=1)
    assert said.stderr.count("shares its gzip member") == 1


def test_a_profile_that_is_none_is_told_before_anything_changes(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text('seeds = ["no address"]\n')
    said = bewaar("ingest", three_days, "--archive", root, code=2)
    assert "museum.toml" in said.stderr
    assert [path.name for path in root.iterdir()] == ["sites"]


def test_where_no_terminal_is_a_line_says_now_and_then_what_is_left() -> None:
    lines: list[str] = []
    seconds = iter([0.0, 0.0, 10.0, 40.0, 50.0])
    watch = plain(lines.append, clock=lambda: next(seconds))
    watch.begin(100 << 20)
    watch.at("a.warc.gz", 5 << 20)
    watch.at("a.warc.gz", 20 << 20)
    watch.at("b.warc.gz", 20 << 20)
    watch.done(Ingested("a.warc.gz", 7, ("a.warc.gz at 9: no record",)))
    assert lines == [
        "20% of 100 MiB read, 160 s left",
        "a.warc.gz: 7 captures\n  damaged: a.warc.gz at 9: no record",
    ]


# The demo's six crawls, handed to another archive.


@pytest.fixture(scope="module")
def ours(demo: tuple[Path, str]) -> list[Path]:
    return sorted((demo[0] / "warcs").glob("*.warc.gz"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    place = tmp_path_factory.mktemp("others")
    captures = [(DAY_1, page("Alpha Trust")), (DAY_2, page("Alpha Trust", "Beta Trust")), (DAY_3, page("Beta T"))]
    first = crawl_file(place / "first.warc.gz", *captures[:2])
    return [
        first,
        crawl_file(place / "second.warc.gz", *captures[1:]),
        wacz(place / "third.wacz", {"archive/data.warc.gz": first.read_bytes()}),
    ]


@pytest.fixture(scope="module")
def expected(ours: list[Path], others: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Dump:
    archive = Archive.create(tmp_path_factory.mktemp("in-order") / "archive")
    take(archive, [*ours, *others])
    return rows(archive.root)


@pytest.mark.xdist_group("demo")
def test_the_rows_are_those_of_the_live_crawls(demo: tuple[Path, str], ours: list[Path], tmp_path: Path) -> None:
    root = tmp_path / "archive"
    bewaar("ingest", demo[0] / "warcs", "--archive", root)
    names = dict(query(root, "SELECT path, name FROM warc"))
    assert sorted(names.values()) == [path.name for path in ours]
    there, live = _renamed(rows(root), names), rows(demo[0])
    del there["event"], live["event"]
    assert list(differences(live, there)) == []
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    bewaar("verify", "--rows", "--archive", root)


@pytest.mark.xdist_group("demo")
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_order_any_batches_any_repetition(
    ours: list[Path], others: list[Path], expected: Dump, data: st.DataObject
) -> None:
    files = data.draw(st.permutations([*ours, *others]))
    again = data.draw(st.lists(st.sampled_from(files), max_size=3))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(files)), max_size=3)))
    with tempfile.TemporaryDirectory() as place:
        archive = Archive.create(Path(place) / "archive")
        for start, end in zip([0, *cuts], [*cuts, len(files)], strict=True):
            take(archive, files[start:end])
        take(archive, again)
        assert list(differences(expected, rows(archive.root))) == []


@pytest.mark.xdist_group("demo")
def test_what_is_packed_of_ours_is_ours_again(demo: tuple[Path, str], ours: list[Path], tmp_path: Path) -> None:
    package, root = tmp_path / "demo.wacz", tmp_path / "archive"
    bewaar("pack", "--archive", demo[0], "--output", package)
    bewaar("ingest", package, "--archive", root)
    assert query(root, "SELECT id FROM crawl ORDER BY id") == query(demo[0], "SELECT id FROM crawl ORDER BY id")
    assert query(root, "SELECT count(*) FROM presence") == query(demo[0], "SELECT count(*) FROM presence")


def _renamed(found: Dump, names: dict[object, object]) -> Dump:
    """With the names that files had, in place of their digests."""

    def rename(value: object) -> object:
        if isinstance(value, str) and "sha256-" in value:
            for path, name in names.items():
                value = value.replace(str(path), str(name))
        return value

    return {
        table: sorted((tuple(rename(value) for value in row) for row in content), key=repr)
        for table, content in found.items()
    }


@pytest.fixture
def corpora(shared: Path, tmp_path: Path) -> Path:
    """Copies: what is linked to loses its write permission."""
    place = tmp_path / "handed-over"
    shutil.copytree(shared / "corpora" / "warc", place)
    return place


def test_real_files_of_eight_tools_are_derived_again_row_for_row(corpora: Path, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    done = json.loads(bewaar("ingest", corpora, "--archive", root, "--json").stdout)
    assert (len(done["names"]), done["captures"], done["damage"]) == (9, 677, [])
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    said = bewaar("verify", "--rows", "--archive", root)
    assert ": 0 wrong," in said.stderr
    # Each revisit of data.gov.uk's second crawl stands by its original, eleven minutes older.
    second = only(list(corpora.glob("BL-20140325122341434-*")))
    revisits = [r for r in read_records(second) if r.type == "revisit" and urlsplit(r.url).hostname == "data.gov.uk"]
    found = query(root, "SELECT count(*), count(original_id) FROM capture c JOIN crawl k ON k.id = c.crawl_id"
                  " WHERE record_type = 'revisit' AND site_id = 'data_gov_uk'")  # fmt: skip
    assert found == [(len(revisits), len(revisits))]
    assert len(revisits) > 40
