"""Whole archives handed over: the rows are those of who made them, in any order and derived again."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.layout import Archive
from archive.store.compare import Dump, differences
from archive.warc.reader import read_records
from tests.archive.wacz_files import wacz
from tests.crawler.crawled import query
from tests.crawler.ingests import only, page, rows, take
from tests.crawler.others_files import DAY_1, DAY_2, DAY_3, crawl_file
from tests.front_door import bewaar

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
