"""What a crawl was told on the command line when it began, and is not told again when it goes on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from archive.layout import Archive
from crawler.begin import begin_crawl
from crawler.crawl_cli import _settings, crawl
from crawler.given import OPTIONS, SETTINGS, Given
from crawler.sites.profile import default_profile
from tests.crawler.crawled import wait_for
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Site, tree

#: what each kept option is typed as, and what the crawl has of it
TYPED: dict[str, tuple[list[str], Any]] = {
    "contact": (["mailto:other@museum.test"], "mailto:other@museum.test"),
    "scope": (["domain"], "domain"),
    "seeds": (["FILE"], ("http://in.test/", "http://in.test/2")),
    "hops": (["2"], 2),
    "max_pages": (["7"], 7),
    "max_per_host": (["8"], 8),
    "max_bytes": (["2 MiB"], 2 << 20),
    "delay": (["0.5"], 0.5),
    "concurrency": (["3"], 3),
    "connect_to": (["in.test:80:127.0.0.1:8080"], ("in.test:80:127.0.0.1:8080",)),
    "strict_fields": ([], True),
    "no_extract": ([], False),
}


def given_by(*words: str) -> Given:
    """What `bewaar crawl` makes of its options."""
    options = crawl.make_context("crawl", ["museum", *words]).params
    limits = {
        option: value
        for option, value in options.items()
        if option in {"scope", "strict_fields", "concurrency", *SETTINGS} or option.startswith("max_")
    }
    seeds = {"seeds": TYPED["seeds"][1]} if options["seeds"] else {}
    settings = _settings(limits, options["connect_to"]) | seeds
    return Given(settings, options["contact"], not options["no_extract"])


def test_of_every_option_it_is_decided_what_a_resumed_crawl_does_with_it() -> None:
    assert {parameter.name for parameter in crawl.params} == set(OPTIONS)
    assert {option for option, what in OPTIONS.items() if what == "kept"} == set(TYPED)


@pytest.mark.parametrize("option", TYPED)
def test_a_crawl_goes_on_with_the_options_it_began_with(tmp_path: Path, option: str) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    words, expected = TYPED[option]
    flag = f"--{option.replace('_', '-')}"
    first = given_by(flag, *words)
    profile = default_profile("http://in.test/", name="museum")
    begin_crawl(archive, profile.with_settings(**first.settings), given=first).close()
    # Twice: what goes on is told again what it was told, not what it was given the last time.
    for _ in range(2):
        begun = begin_crawl(archive, profile, given=given_by())
        begun.close()
        plan = begun.plan
        assert plan.resumed
        had = {"contact": plan.contact, "no_extract": plan.extract}
        assert had.get(option, getattr(plan.profile, SETTINGS.get(option, option), None)) == expected
        (told,) = begun.told
        assert told.startswith(f"{plan.crawl_id} goes on with what it began with: {flag}")
    # A new one has none of it.
    begun = begin_crawl(archive, profile, given=given_by(), resume=False)
    begun.close()
    assert begun.plan.profile == profile
    assert (begun.plan.contact, begun.plan.extract, begun.told) == ("mailto:keeper@museum.test", True, ())


def test_what_a_resumed_crawl_is_given_goes_before_what_it_began_with(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    profile = default_profile("http://in.test/", name="museum")
    for words, hops, delay_s in ((("--hops", "2", "--delay", "3"), 2, 3), (("--hops", "4"), 4, 3), ((), 4, 3)):
        given = given_by(*words)
        begun = begin_crawl(archive, profile.with_settings(**given.settings), given=given)
        begun.close()
        assert (begun.plan.profile.max_hops, begun.plan.profile.delay_s) == (hops, delay_s)


def test_a_frontier_of_an_earlier_version_is_gone_on_with(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    profile = default_profile("http://in.test/", name="museum")
    first = begin_crawl(archive, profile)
    first.close()
    with sqlite3.connect(archive.state / "museum.frontier.db") as db:
        db.execute("ALTER TABLE crawl DROP COLUMN given")
    db.close()
    begun = begin_crawl(archive, profile)
    begun.close()
    assert (begun.plan.crawl_id, begun.plan.resumed, begun.told) == (first.plan.crawl_id, True, ())


def test_a_resumed_crawl_reaches_its_host_where_it_did_before(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with Site(tree(15), slow_s=0.05) as site:
        there = f"museum.test:80:127.0.0.1:{site.port}"
        words = ("crawl", "http://museum.test/", "--archive", archive.root)
        process = start(*words, "--connect-to", there, "--delay", "0")
        wait_for(site, 6)
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 130
        done = bewaar(*words, "--json")
        assert set(tree(15)) <= set(site.paths())
    report = json.loads(done.stdout)
    assert (report["status"], report["failed"]) == ("finished", 0)
    assert f"goes on with what it began with: --delay 0.0, --connect-to {there}" in done.stderr
