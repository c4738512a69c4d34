"""`bewaar due` and `bewaar schedule run` as a timer and a container start them: real crawls, signals, and kills."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import times
from archive.layout import Archive
from archive.manifest import write_manifest
from crawler.cli import main
from crawler.schedule.keeper import BUSY
from crawler.schedule.processes import Processes
from tests.crash import readers
from tests.crawler.crawled import captured, query, wait_for
from tests.front_door import CONTACT, bewaar, start_afresh
from tests.mailbox import Mailbox
from tests.site_server import Site, tree
from tests.waiting import until

NAMES = ("one", "two", "three")
PAGES = 7


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[dict[str, Site]]:
    """Three sites, of which the first and the last are on one host."""
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with ExitStack() as stack:
        found = {name: stack.enter_context(Site(tree(PAGES))) for name in NAMES}
        for name, site in found.items():
            schedule(archive, name, site, host="127.0.0.2" if name == "two" else "127.0.0.1")
        yield found


def schedule(archive: Archive, name: str, site: Site, *, host: str = "127.0.0.1") -> None:
    url = site.url().replace("127.0.0.1", host)
    lines = (
        f'seeds = ["{url}"]',
        "delay_s = 0",
        f'connect_to = ["{url.split("/")[2]}:{site.url().split("/")[2]}"]',
        '[schedule]\nfrequency = "weekly"',
    )
    (archive.sites / f"{name}.toml").write_text("\n".join(lines))


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def here(*arguments: str | Path, code: int = 0) -> str:
    """`bewaar` in this process: what it prints, complaints among it."""
    verb, *rest = map(str, arguments)
    done = CliRunner().invoke(main.commands[verb], rest, standalone_mode=False)
    assert (done.exception, done.return_value) == (None, code), done.output
    return done.output


def test_what_is_due_is_crawled_once_and_an_interruption_ends_all_whole(sites: dict[str, Site], tmp_path: Path) -> None:
    archive = tmp_path / "a"
    planned = json.loads(here("due", "--archive", archive, "--dry-run", "--json"))
    assert [(turn["site"], turn["state"], turn["why"]) for turn in planned] == [
        (name, "due", "never crawled") for name in sorted(NAMES)
    ]
    gate = threading.Event()
    for name in ("one", "two"):
        answer = sites[name].pages["/p2"]
        sites[name].pages["/p2"] = lambda answer=answer: (gate.wait(60), answer)[1]
    process = start_afresh("due", "--archive", archive)
    assert process.stderr
    until(lambda: all("/p2" in sites[name].paths() for name in ("one", "two")))
    # Whoever comes second has nothing to do, and says so by a code of its own.
    assert "another process runs what is due" in here("due", "--archive", archive, code=BUSY)
    assert here("due", "--archive", archive, "--quiet", code=75) == ""
    os.kill(process.pid, signal.SIGTERM)
    said = ""
    while not ("one: finishing what is" in said and "two: finishing what is" in said):
        line = process.stderr.readline()
        assert line, said
        said += line
    gate.set()
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "three: never crawled; waits: one, which is being crawled, asks the same host" in said
    interrupted = dict(line.split(": ")[:2] for line in printed.splitlines())
    assert set(interrupted) == {"one", "two"}
    for name, crawl in interrupted.items():
        assert f"{name}: {crawl}: interrupted, " in printed
    assert sites["three"].asked == []
    assert f"one: due: resumes {interrupted['one']}" in here("due", "--archive", archive, "--dry-run")

    done = bewaar("due", "--archive", archive, "--json")
    ran = {each["site"]: each for each in json.loads(done.stdout)}
    assert {name: each["exit_code"] for name, each in ran.items()} == dict.fromkeys(NAMES, 0)
    assert {name: ran[name]["report"]["crawl"] for name in interrupted} == interrupted
    for name, site in sites.items():
        assert set(tree(PAGES)) <= set(site.paths()), name
    # "three" is on the host of "one"; "two" is not.
    assert sites["three"].asked[0].at > sites["one"].asked[-1].at
    assert max(captured(archive).values()) == 1
    assert query(archive, "SELECT count(*) FROM crawl") == [(3,)]
    assert here("due", "--archive", archive).startswith("next: ")
    rows = json.loads(here("schedule", "list", "--archive", archive, "--days", "15", "--json"))
    assert sorted(row["site"] for row in rows) == sorted(NAMES * 2)


def test_one_message_tells_of_all_crawls_and_of_the_audit(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with ExitStack() as stack:
        mailbox = stack.enter_context(Mailbox())
        with (archive.root / "bewaar.toml").open("a") as marker:
            marker.write(
                f'[alerts]\ndisk_free = 1\n[alerts.mail]\nto = ["{CONTACT}"]\nfrom = "bewaar@example.org"\n'
                f'server = "127.0.0.1:{mailbox.port}"\ntls = "off"\n'
            )
        for name, host in (("one", "127.0.0.1"), ("two", "127.0.0.2")):
            schedule(archive, name, stack.enter_context(Site({})), host=host)
        (archive.warcs / "sha256-x.warc").write_bytes(b"other")
        write_manifest(archive.root, {"warcs/sha256-x.warc": sha256(b"as it was").hexdigest()})
        bewaar("due", "--archive", archive.root, "--audit-days", "1", code=1)
        (mail,) = mailbox.take()
        told = [line for line in mail.get_content().splitlines() if line.startswith("- ")]
        assert [line.partition(":")[0] for line in told if "seed" in line.lower()] == ["- one", "- two"]
        assert [line for line in told if "sha256-x.warc" in line]
        # It is not told again by those that find nothing due.
        bewaar("due", "--archive", archive.root)
        assert mailbox.take() == []


def test_a_due_that_is_killed_leaves_no_crawl_twice_and_none_behind(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with Site(tree(31), slow_s=0.1) as site:
        schedule(archive, "one", site)
        process = start_afresh("due", "--archive", archive.root)
        wait_for(site, 3)
        crawl = archive.holder_of("one")
        assert crawl
        kill(process.pid)
        process.communicate(timeout=30)
        # Its crawl goes on without it, and is left alone.
        assert "one: running: is being crawled" in here(
            "due", "--audit-days", "0", "--archive", archive.root, "--dry-run"
        )
        assert here("due", "--audit-days", "0", "--archive", archive.root) == ""
        assert archive.holder_of("one") == crawl
        # And that is killed as well: the next due takes it up.
        kill(crawl)
        for reader in readers(archive.root):
            kill(reader)
        until(lambda: not readers(archive.root) and archive.holder_of("one") is None)
        asked = len(site.asked)
        assert asked < 62
        process = start_afresh("due", "--archive", archive.root)
        assert process.stderr
        said = process.stderr.readline()
        assert said.startswith("one: begins: resumes one-")
        assert said.endswith("attempt 2 of 4: its process was cut off\n")
        wait_for(site, asked + 2)
        # Killed again; this time its crawl comes to its end, and the next due sees how.
        kill(process.pid)
        process.communicate(timeout=30)
        reports = Processes(archive, print)
        until(lambda: "exit_code" in reports.report_of("one", times.now() - timedelta(minutes=1)))
        assert set(tree(31)) <= set(site.paths())
        asked = len(site.asked)
        ran = json.loads(here("due", "--audit-days", "0", "--archive", archive.root, "--json"))
        assert [(each["site"], each["exit_code"], each["report"]["status"]) for each in ran] == [("one", 0, "finished")]
        # Only what was under way when it was killed was asked for twice.
        assert len(site.asked) == asked <= 63 + 4
    assert query(archive.root, "SELECT count(*) FROM crawl") == [(1,)]
    assert here("due", "--audit-days", "0", "--archive", archive.root).startswith("next: one at ")


def test_a_keeper_that_cannot_go_on_ends_its_crawls_whole(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    gate = threading.Event()

    def hear(line: str) -> None:
        if line.startswith("one: finishing what is under way"):
            gate.set()

    def fail() -> None:
        with Processes(archive, hear) as world:
            world.begin("one", [])
            until(lambda: "/p2" in site.paths())
            raise ZeroDivisionError

    with Site(tree(3)) as site:
        answer = site.pages["/p2"]
        site.pages["/p2"] = lambda: (gate.wait(60), answer)[1]
        schedule(archive, "one", site)
        with pytest.raises(ZeroDivisionError):
            fail()
    assert archive.holder_of("one") is None
    report = Processes(archive, hear).report_of("one", times.now() - timedelta(minutes=1))
    assert report["status"] == "interrupted"


def test_a_loop_sees_a_new_profile_at_sighup_and_ends_at_sigterm(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with Site(tree(3)) as site:
        process = start_afresh("schedule", "run", "--archive", archive.root)
        assert process.stderr
        assert process.stderr.readline() == "nothing is scheduled\n"
        schedule(archive, "one", site)
        os.kill(process.pid, signal.SIGHUP)
        assert process.stdout
        assert ": finished, " in process.stdout.readline()
        assert set(tree(3)) <= set(site.paths())
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
