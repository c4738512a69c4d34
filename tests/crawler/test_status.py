"""`bewaar status`: what comes next, what stands, and a site that is gone."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from archive import times
from archive.fixity import audit
from archive.layout import Archive
from archive.report.cli import report
from crawler.frontier import Frontier
from crawler.roster import roster
from crawler.schedule.attempts import Attempts, Memory
from crawler.status.outlook import gone_seeds
from crawler.status.state import state_of
from tests.archive.store_builders import HOME, SITE, crawl, members, open_store, reading, write
from tests.front_door import CONTACT, bewaar
from tests.site_server import Site, tree

SCHEDULE = 'timezone = "Europe/Amsterdam"\n[schedule]\nfrequency = "weekly"\nat = "02:30"\njitter = "0m"\n'


def profile(archive: Archive, name: str, site: Site, more: str = "") -> None:
    (archive.sites / f"{name}.toml").write_text(f'seeds = ["{site.url()}"]\ndelay_s = 0\n{more}', encoding="utf-8")


def status(archive: Archive) -> tuple[dict[str, Any], str]:
    """As JSON, and as lines."""
    as_json = bewaar("status", "--archive", archive.root, "--json").stdout
    return json.loads(as_json), bewaar("status", "--archive", archive.root).stdout


def test_it_says_what_comes_next_and_what_stands(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with (archive.root / "bewaar.toml").open("a") as marker:
        marker.write('[alerts]\ndisk_free = "1 EiB"\npause_hours = 0\n[alerts.command]\nrun = ["true"]\n')
    with Site(tree(1)) as site:
        profile(archive, "museum", site, SCHEDULE)
        bewaar("crawl", "museum", "--archive", archive.root)
        profile(archive, "library", site, SCHEDULE)
    memory = Memory.read(archive)
    now = times.seconds(times.now())
    memory.sites["library"] = Attempts(seen=now, began=now, ended=now, failures=1, wrong="it was killed (signal 9)")
    memory.write(archive, flush=True)
    (archive.sites / "broken.toml").write_text("seeds = 3\n")
    (file,) = archive.sealed_warcs()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    audit(archive, days=1, now=times.now(), everything=True)

    found, said = status(archive)
    museum, library = found["sites"]
    assert (museum["site"], museum["crawls"], museum["turn"], museum["wrong"]) == ("museum", 1, "waiting", None)
    assert re.fullmatch(r"\w{3} \d{4}-\d\d-\d\d 02:30 CES?T", museum["next"])
    assert museum["next"] in said
    # One that was never crawled stands there as well, and why not.
    assert (library["site"], library["crawls"], library["status"]) == ("library", 0, None)
    assert library["wrong"] == "it was killed (signal 9)"
    assert "library: last attempt: it was killed (signal 9)" in said
    assert "broken: not crawled: " in said
    assert found["profiles"].keys() == {"broken"}
    assert found["audit"]["wrong"].keys() == {f"warcs/{file.name}"}
    assert f"; warcs/{file.name}: manifest sha256" in said
    assert "disk" in [alert["key"] for alert in found["alerts"]]
    assert "alert: disk, told " in said
    assert 0 < found["disk"]["free"] <= found["disk"]["total"]
    assert re.search(r"^disk: [\d.]+ GB of [\d.]+ GB free$", said, re.MULTILINE)


def test_a_site_that_is_gone_is_named_with_what_to_do(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    gone: list[dict[str, str]] = []
    with Site({}) as site:
        profile(archive, "museum", site)
        # Twice is not for good, and down is not gone.
        for answer in (404, 410, 404, 503):
            site.pages["/"] = (answer, {"Content-Type": "text/html", "Retry-After": "0"}, b"")
            bewaar("crawl", "museum", "--archive", archive.root, "--from-start", "--no-alerts", code=1)
            gone.append(gone_seeds(archive, "museum"))
            if answer == 410:
                assert "seems to be gone" not in status(archive)[1]
            elif gone[-1]:
                found, said = status(archive)
                assert found["sites"][0]["gone"] == gone[-1]
                assert f"museum: seems to be gone: {site.url()}: HTTP status 404; " in said
                assert "`bewaar recover museum --from ARCHIVE`" in said
    assert gone == [{}, {}, {site.url(): "HTTP status 404"}, {}]
    # As a crawl says it whose host has no address any more; no test asks a name server.
    for problem in ("its robots.txt cannot be had: DNS lookup failed: no results for hostname lookup: x.test.",
                    "dns: DNS lookup failed: no results for hostname lookup: x.test."):  # fmt: skip
        with closing(sqlite3.connect(archive.database)) as db, db:
            seeds = json.dumps([{"url": "http://x.test/", "status": None, "problem": problem}])
            db.execute("UPDATE closing SET report = json_set(report, '$.seeds', json(?))", (seeds,))
        assert gone_seeds(archive, "museum") == {"http://x.test/": problem}


def test_a_report_tells_of_a_later_crawl_that_was_killed(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with open_store(archive.root) as store:
        write(store, 0, reading(0, members("A")))
        store.derive(SITE)

    def told(given: str) -> tuple[int, str]:
        done = CliRunner().invoke(report, [given, "--archive", str(archive.root)], standalone_mode=False)
        assert done.exception is None, done.exception
        return done.return_value, done.output

    before = told(SITE)
    frontier = Frontier(archive.state / f"{SITE}.frontier.db")
    frontier.begin(f"{SITE}-20271101000000000", "2027-11-01T00:00:00Z")
    frontier.close()
    for given in (SITE, "latest"):
        code, said = told(given)
        assert code == 1
        assert f"A later crawl, {SITE}-20271101000000000, has not come to its end" in said
        assert f"bewaar crawl {SITE} --archive {archive.root}" in said
    # Of that very crawl nothing else is to be told; nor where the later one came to its end.
    assert told(crawl(0).id) == before
    frontier = Frontier(archive.state / f"{SITE}.frontier.db")
    frontier.finish()
    frontier.close()
    assert told(SITE) == before
    frontier = Frontier(archive.state / "other.frontier.db")
    frontier.begin("other-20271101000000000", "2027-11-01T00:00:00Z")
    frontier.close()
    done = CliRunner().invoke(report, ["other", "--archive", str(archive.root)], standalone_mode=False)
    assert "other-20271101000000000, begun 2027-11-01T00:00:00Z, has not come to its end" in str(done.exception)


def test_a_crawl_that_found_a_dead_server_is_not_said_to_be_finished(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    (archive.sites / f"{SITE}.toml").write_text(f'seeds = ["{HOME}"]\n')
    with open_store(archive.root) as store:
        write(store, 0, reading(0, members("A")))
        assert state_of(archive)["sites"][0]["status"] == roster(archive)[0].status == "finished"
        write(store, 1, reading(1, status=None, text=None, error="connection: refused"))
    assert state_of(archive)["sites"][0]["status"] == roster(archive)[0].status == "no page"
