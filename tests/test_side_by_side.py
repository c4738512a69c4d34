"""Three sites crawled in processes of their own while a file is ingested and a Datasette is asked all the time; one crawl
is killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from archive.browse.serve import build as build_datasette
from archive.errors import Locked
from archive.layout import Archive
from archive.store import open_read_only
from tests.archive.browse_server import running
from tests.crawler.crawled import query, wait_for
from tests.crawler.ingests import page as others_page
from tests.crawler.others_files import DAY_1, crawl_file
from tests.front_door import CONTACT, bewaar, start_afresh
from tests.site_server import Site, page, tree

NAMES = ("one", "two", "three")
PAGES = 15

#: what a reader may never see: a row whose other half is not there yet
HALVES = """SELECT (SELECT count(*) FROM evidence e LEFT JOIN fact f ON f.id = e.fact_id WHERE f.id IS NULL),
  (SELECT count(*) FROM presence p LEFT JOIN capture c ON c.id = p.last_capture_id WHERE c.id IS NULL),
  (SELECT count(*) FROM capture c LEFT JOIN warc w ON w.id = c.warc_id WHERE w.id IS NULL),
  (SELECT count(*) FROM change h LEFT JOIN presence p ON p.site_id = h.site_id WHERE h.role IS NOT NULL AND p.id IS NULL)"""


class Reader(threading.Thread):
    """Asks pages and rows until it is told to stop."""

    def __init__(self, archive: Archive, client) -> None:
        super().__init__(daemon=True)
        self._archive, self._client = archive, client
        self.enough = threading.Event()
        self.asked = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        last = 0
        while not self.enough.wait(0.2):
            for path in ("/", "/archive/member.json?_shape=array", "/archive/current_members"):
                answer = self._client.get(path)
                self.asked += 1
                if answer.status_code != 200:
                    self.wrong.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            db = open_read_only(self._archive.database)
            try:
                halves = db.execute(HALVES).fetchone()
                (captures,) = db.execute("SELECT count(*) FROM capture").fetchone()
            finally:
                db.close()
            if any(halves) or captures < last:
                self.wrong.append(f"halves {halves}, {captures} captures after {last}")
            last = captures


@contextmanager
def reading(archive: Archive) -> Iterator[Reader]:
    with running(build_datasette(archive)) as client:
        reader = Reader(archive, client)
        reader.start()
        try:
            yield reader
        finally:
            reader.enough.set()
            reader.join(30)


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[dict[str, Site]]:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    pages = tree(PAGES) | {"/members": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li></ul>")}
    with ExitStack() as stack:
        found = {name: stack.enter_context(Site(pages, slow_s=0.02)) for name in NAMES}
        for number, (name, site) in enumerate(found.items(), 1):
            url = site.url().replace("127.0.0.1", f"127.0.0.{number}")
            lines = (
                f'seeds = ["{url}", "{url}members"]',
                "delay_s = 0",
                f'connect_to = ["{url.split("/")[2]}:{site.url().split("/")[2]}"]',
            )
            (archive.sites / f"{name}.toml").write_text("\n".join(lines))
        yield found


@pytest.mark.soak  # half a minute of both cores, and whoever shares them with it waits
def test_nothing_is_lost_nobody_refused_and_readers_are_never_wrong(sites: dict[str, Site], tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a")
    others = crawl_file(tmp_path / "others.warc.gz", (DAY_1, others_page("Gamma Trust")))
    bewaar("ingest", others, "--archive", archive.root)  # so that there is a database to serve
    more = crawl_file(tmp_path / "more.warc.gz", ("2015-01-01T00:00:00Z", others_page("Gamma Trust", "Delta Trust")))
    with reading(archive) as reader:
        crawls = {name: start_afresh("crawl", name, "--archive", archive.root) for name in NAMES}
        for site in sites.values():
            wait_for(site, 5)
        ingest = start_afresh("ingest", more, "--archive", archive.root)
        with pytest.raises(Locked, match=str(crawls["one"].pid)), archive.lock_site("one"):
            pass
        os.killpg(crawls["two"].pid, signal.SIGKILL)
        for name, process in [*crawls.items(), ("ingest", ingest)]:
            _, said = process.communicate(timeout=100)
            assert process.returncode == (-signal.SIGKILL if name == "two" else 0), said
        # the lock of the dead is taken over, and its crawl goes on
        bewaar("crawl", "two", "--archive", archive.root)
    assert reader.wrong == []
    assert reader.asked > 5
    for site in sites.values():
        assert {*tree(PAGES), "/members"} <= set(site.paths())
    assert query(archive.root, "SELECT count(*) FROM crawl WHERE status = 'finished'") == [(3,)]
    listed = query(archive.root, "SELECT DISTINCT name FROM member ORDER BY 1")
    assert listed == [("Alpha Trust",), ("Beta Foundation",), ("Delta Trust",), ("Gamma Trust",)]
    assert bewaar("rebuild", "--dry-run", "--archive", archive.root).stdout == ""
