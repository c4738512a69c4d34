from __future__ import annotations

import json
from pathlib import Path

from crawler.admission import Admission
from crawler.sites.profile import default_profile
from tests.crawler.crawled import wait_for
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Site, tree


def rules(admission: Admission, *paths: str, hop: str = "L") -> list[str]:
    return [admission.judge(f"http://{path}", hop, "", "http://a.test/").rule for path in paths]


def test_no_host_is_asked_for_more_than_so_many_urls() -> None:
    admission = Admission(default_profile("http://a.test/", max_per_host=2), 2026)
    assert rules(admission, "a.test/1", "a.test/2", "a.test/3", "b.test/1") == [
        "host",
        "host",
        "per-host",
        "outside-host",
    ]
    assert rules(admission, "a.test/i.png", "c.test/1.png", "c.test/2.png", "c.test/3.png", hop="E") == [
        "per-host", "requisite", "requisite", "per-host",
    ]  # fmt: skip


def test_what_was_let_in_before_counts() -> None:
    admission = Admission(default_profile("http://a.test/", max_per_host=2), 2026)
    admission.remember([], {"a.test": 1})
    assert rules(admission, "a.test/1", "a.test/2") == ["host", "per-host"]


def test_a_crawl_keeps_its_limit_of_a_host_over_a_kill(tmp_path: Path) -> None:
    options = ("--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0", "--max-per-host", "20")
    with Site(tree(63), slow_s=0.05) as site:
        process = start("crawl", site.url(), *options)
        wait_for(site, 8)
        process.kill()
        process.communicate()
        report = json.loads(bewaar("crawl", site.url(), *options, "--json").stdout)
        asked = {path for path in site.paths() if path != "/robots.txt"}
    assert len(asked) == 1 + 20  # the seed and so many more
    assert report["refusals"]["per-host"] > 0
    assert report["status"] == "finished"
