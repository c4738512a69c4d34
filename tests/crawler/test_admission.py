from __future__ import annotations

import json
from collections import Counter
from itertools import count
from pathlib import Path

from archive.model import Link
from crawler.admission import Admission
from crawler.frontier import Frontier
from crawler.scope import Verdict
from crawler.sites.profile import default_profile
from crawler.traps import SAME_PAGES
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


def test_a_section_without_end_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    """A trap that no rule knows leads to three more of its kind each time; the real pages stand one behind the other."""
    admission = Admission(default_profile("http://a.test/"), 2026)
    frontier = Frontier(tmp_path / "frontier.db")
    made = count()
    frontier.add(
        [Link(f"http://a.test{path}", "L", "") for path in ("/x/0", "/real/0")],
        via=None,
        hops="",
        judge=admission.judge,
    )
    asked = 0
    while asked < 4_000:
        (leased,) = frontier.lease(1)
        asked += 1
        where, number = leased.url.removeprefix("http://a.test/").split("/")
        if where == "real" and number == "40":
            break
        found = [f"/real/{int(number) + 1}"] if where == "real" else [f"/x/{next(made)}q{n}" for n in range(3)]
        frontier.add(
            [Link(f"http://a.test{path}", "L", "") for path in found],
            via=leased.url,
            hops=leased.hops,
            judge=admission.judge,
        )
    frontier.close()
    # Breadth first it would have been 3 ** 40 URLs later.
    assert asked < 2_500


def test_a_section_that_leads_to_nothing_but_itself_ends() -> None:
    admission = Admission(default_profile("http://a.test/"), 2026)
    # Each error page leads to three more, and no two are alike.
    rules = Counter(
        admission.judge(f"http://a.test/gone/{n}x", "L", "LL", f"http://a.test/gone/{n // 3}x").rule
        for n in range(30_000)
    )
    assert 20_000 < rules["host"] < 25_000
    assert rules["host"] + rules["endless-section"] == 30_000
    assert admission.judge("http://a.test/gone/1y", "L", "LL", "http://a.test/list?page=7").accepted
    assert admission.judge("http://a.test/other/2", "L", "LL", "http://a.test/other/1").accepted


def test_sites_with_the_same_front_page_are_sites() -> None:
    admission = Admission(default_profile(*(f"http://{n}.test/" for n in range(30))), 2026)
    judges = [admission.judge_of("sha256:a", hops) for hops in ("", "R") for _ in range(30)]
    assert all(judge(f"http://{n % 30}.test/page", "L", "", None).accepted for n, judge in enumerate(judges))
    many = [admission.judge_of("sha256:a", "L")("http://1.test/p", "L", "L", None).rule for _ in range(SAME_PAGES + 1)]
    assert many[-2:] == ["host", "same-as-others"]


def test_what_one_page_may_not_lead_to_another_may() -> None:
    def judge(url: str, hop: str, hops: str, via: str | None) -> Verdict:
        del url, hop, hops
        return Verdict(
            accepted=via == "http://a.test/good", rule="host" if via == "http://a.test/good" else "same-as-others"
        )

    frontier = Frontier(Path(":memory:"))
    for via in ("http://a.test/bad", "http://a.test/worse", "http://a.test/good"):
        frontier.add([Link("http://a.test/page", "L", "")], via=via, hops="L", judge=judge)
    assert frontier.refused == 1
    assert [leased.url for leased in frontier.lease(9)] == ["http://a.test/page"]
    frontier.close()


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
