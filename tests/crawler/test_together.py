"""`bewaar crawl A B C`: several sites side by side."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.layout import Archive
from crawler.outcome import INTERRUPTED
from crawler.together import crawl_together
from tests.crawler.crawled import query
from tests.front_door import CONTACT, bewaar, start_afresh
from tests.site_server import Site, tree

NAMES = ("one", "two", "three")


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[dict[str, Site]]:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with ExitStack() as stack:
        found = {name: stack.enter_context(Site(tree(31), slow_s=0.02)) for name in NAMES}
        for name, site in found.items():
            # On addresses of their own: of one host they would wait for one another.
            url = site.url().replace("127.0.0.1", f"127.0.0.{NAMES.index(name) + 1}")
            lines = (
                f'seeds = ["{url}"]',
                "delay_s = 0",
                f'connect_to = ["{url.split("/")[2]}:{site.url().split("/")[2]}"]',
            )
            (archive.sites / f"{name}.toml").write_text("\n".join(lines))
        yield found


def test_sites_are_crawled_side_by_side(sites: dict[str, Site], tmp_path: Path) -> None:
    done = bewaar("crawl", *NAMES, "--archive", tmp_path / "a", "--json")
    reports = json.loads(done.stdout)
    assert {report["site"]: (report["status"], report["pages"]) for report in reports} == dict.fromkeys(
        NAMES, ("finished", 31)
    )
    spans = [(site.asked[0].at, site.asked[-1].at) for site in sites.values()]
    assert max(first for first, _ in spans) < min(last for _, last in spans)
    bewaar("verify", "--rows", "--archive", tmp_path / "a")
    assert query(tmp_path / "a", "SELECT count(DISTINCT site_id) FROM crawl") == [(3,)]


def test_the_worst_counts_and_lines_name_their_site(sites: dict[str, Site], tmp_path: Path) -> None:
    sites["two"].pages["/"] = (404, {}, b"gone")
    done = bewaar("crawl", *NAMES, "--archive", tmp_path / "a", "--max-pages", "5", code=1)
    assert "two: seed http://127.0.0.2" in done.stderr
    assert done.stdout.count("stopped by max-pages") == 2
    assert "no site 'nine'" in bewaar("crawl", "one", "nine", "--archive", tmp_path / "a", code=2).stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reaches_all_and_all_go_on(sites: dict[str, Site], tmp_path: Path, how: int) -> None:
    for site in sites.values():
        site.hold_at = 5
    process = start_afresh("crawl", *NAMES, "--archive", tmp_path / "a")
    for site in sites.values():
        # Three processes may take long to begin: not a clock says when that is too long.
        while len(site.asked) < 5:
            assert process.poll() is None
            time.sleep(0.01)
    os.kill(process.pid, how)
    # Each has an answer under way until it has said that it ends: none can come to its own end before.
    assert process.stderr
    said, ending = "", set()
    while len(ending) < len(NAMES) and (line := process.stderr.readline()):
        said += line
        if "finishing what is under way" in line:
            ending.add(line.partition(":")[0])
    for site in sites.values():
        site.released.set()
    said += process.communicate(timeout=30)[1]
    assert process.returncode == 130, said
    assert all(len(site.asked) < 63 for site in sites.values())
    bewaar("crawl", *NAMES, "--archive", tmp_path / "a")
    for site in sites.values():
        assert set(tree(31)) <= set(site.paths())
    assert query(tmp_path / "a", "SELECT count(*) FROM crawl") == [(3,)]


@pytest.mark.parametrize("signal_", ["INT", "TERM"])
def test_one_that_a_signal_ended_before_it_could_handle_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal_: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nkill -{signal_} $$\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    assert crawl_together(["one"], [], say=lambda _, __: None, show=lambda _, __: None) == INTERRUPTED
