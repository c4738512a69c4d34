"""A default crawl leaves every trap of the park within bounds, having fetched every real page in it."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import count, permutations
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.model import Link
from crawler.admission import Admission
from crawler.neighbours import neighbours
from crawler.sites.profile import default_profile
from crawler.traps import CHAIN_HOPS, DAY_HOPS, MIXES, MONTH_HOPS, SAME_PAGES, SITEMAPS, Traps, template
from tests.crawler.crawled import query
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Site, page
from tests.trap_park import BOUNDS, REAL, VISITED, TrapPark, links


def test_the_trap_park_is_left_with_every_real_page(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with TrapPark() as park:
        # Defaults, but for what would make the test wait.
        (archive.sites / "park.toml").write_text(f'seeds = ["{park.url()}"]\ndelay_s = 0\ntimeout_s = 4\n')
        done = bewaar("crawl", "park", "--archive", archive.root, "--no-extract", "--json", code=None, timeout_s=400)
        asked = park.asked_of()
        missing = (REAL - set(park.paths())) | (VISITED - park.visited())
    report = json.loads(done.stdout)
    assert report["status"] == "finished"
    assert missing == set()
    assert {name: asked[name] for name, (_, most) in BOUNDS.items() if not 0 < asked[name] <= most} == {}
    # Each refusal is counted with its rule.
    assert {"template-chain", "calendar", "path-growth", "parameter-mix", "same-as-others", "path-repetition",
            "redirect-hops", "path-session", "numeric-grid"} <= report["refusals"].keys()  # fmt: skip
    kept = {
        url
        for (url,) in query(
            archive.root, "SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.status = 200"
        )
    }
    assert {park.url(path) for path in REAL} <= kept


def rule(traps: Traps, path: str, *, hops: str = "L", via: str = "/elsewhere") -> str | None:
    return traps.rule(f"http://a.test{path}", hops, f"http://a.test{via}")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/agenda/2027/12/31", None), ("/agenda/2028/01/01", "calendar"), ("/agenda/2028-01-01", "calendar"),
        ("/agenda/1995/01", None), ("/c?month=1&year=2031", "calendar"), ("/c?year=2031", None), ("/c?d=2031-02-03", "calendar"),
        ("/vision-2040/plan", None), ("/law/2040/99", None), ("/rooms/2099/", None), ("/c?maand=3&jaar=2027", None),
    ],
)  # fmt: skip
def test_a_month_far_ahead_is_a_calendar(path: str, expected: str | None) -> None:
    assert rule(Traps(2026), path) == expected


def test_a_chain_of_one_template_ends() -> None:
    traps, deep = Traps(2026), "L" * (CHAIN_HOPS + 1)
    assert rule(traps, "/list?start=20", hops=deep, via="/list?start=10") == "template-chain"
    assert rule(traps, "/list?start=20", hops=deep[1:], via="/list?start=10") is None
    assert rule(traps, "/other?start=20", hops=deep, via="/list?start=10") is None
    for hops, path, before in (
        (MONTH_HOPS, "/agenda/2019/05", "/agenda/2019/06"), (DAY_HOPS, "/agenda/2019/05/07", "/agenda/2019/06/08"),
        (MONTH_HOPS, "/c?month=1&year=2019", "/c?month=2&year=2019"), (DAY_HOPS, "/c?d=2019-01-02", "/c?d=2019-01-03"),
    ):  # fmt: skip
        assert rule(traps, path, hops="L" * (hops + 1), via=before) == "calendar"
        assert rule(traps, path, hops="L" * hops, via=before) is None
        assert rule(traps, path, hops="L" * (hops + 1), via="/agenda/all") is None
    assert template("http://a.test/p/12/x9?b=1&a=2#f") == "http://a.test/p/#/x#?b=&a="


def test_articles_with_ids_of_their_own_are_no_mix() -> None:
    traps = Traps(2026)
    assert not any(rule(traps, f"/i.php?option={what}&id={n}") for what in ("news", "event") for n in range(5 * MIXES))
    mixes = [f"/s?a={a}&b={b}&c={c}" for a in range(10) for b in range(10) for c in range(10)]
    refused = [path for path in mixes if rule(traps, path)]
    # Each two of 30 values meet at most once more.
    assert len(mixes) - MIXES - 300 <= len(refused) <= len(mixes) - MIXES
    # A value that was not there before is worth a look, a parameter alone always.
    assert rule(traps, "/s?a=11&b=1&c=1") is None
    assert rule(traps, "/s?a=1") is None
    assert rule(traps, "/s?c=1&b=1&a=1") == "parameter-mix"


def test_filters_in_the_path_or_in_a_list_are_no_folders() -> None:
    for write in ("/shop/{}".format, "/tags?t={}".format):
        traps = Traps(2026)
        paths = [
            write(("," if "?" in write("") else "/").join(mix))
            for size in (1, 2, 3, 4)
            for mix in permutations([f"value-{n}" for n in range(12)], size)
        ]
        let_in = [path for path in paths if rule(traps, path) is None]
        assert paths[:12] == let_in[:12]
        assert len(paths) > 13_000
        assert len(let_in) < 500
        assert rule(traps, write("value-1,new") if "?" in write("") else "/shop/value-1/new") is None
    # Folders, dates, and pages of their folder's name are none.
    traps = Traps(2026)
    real = [f"/{kind}/{year}/{month}/{slug}" for kind in ("news", "law") for year in (2019, 2020)
            for month in range(1, 13) for slug in ("a-a", "b-b", "c-c", "c-c/c-c", "")]  # fmt: skip
    real += [f"/{one}/{two}" for one in range(30) for two in range(30)]
    assert [path for path in real if rule(traps, path)] == []


def walk(links_of: Callable[[str], Iterable[str]], most: int = 6000) -> tuple[set[str], set[str]]:
    """The paths that a crawl of nothing but such pages fetches, breadth first, and those it refuses and never fetches."""
    admission = Admission(default_profile("http://a.test/"), 2026)
    queue, known, refused = deque([("/", "")]), {"/"}, set()
    fetched = 0
    while queue and fetched < most:
        path, hops = queue.popleft()
        fetched += 1
        led_to = list(links_of(path))
        for each in led_to:
            if each in known:
                continue
            if admission.judge(f"http://a.test{each}", "L", hops, f"http://a.test{path}").accepted:
                known.add(each)
                queue.append((each, f"{hops}L"))
            else:
                refused.add(each)
        links = [Link(f"http://a.test{each}", "L", "") for each in led_to]
        admission.learn(f"http://a.test{path}", neighbours(f"http://a.test{path}", links))
    return known, refused - known


def name_of(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:16]


def library(path: str) -> Iterator[str]:
    """500 books behind one another, each with three parts, and six shelves that list them all."""
    if path == "/":
        yield from (f"/shelf/{n}" for n in range(6))
        return
    if path.startswith("/shelf/"):
        yield from (f"/book/{name_of(n)}/text" for n in range(500) if n % 6 == int(path[7:]))
        return
    at = NAMED[path.split("/")[2]]
    yield from (f"/book/{name_of(n)}/{part}" for n in (at, at + 1) if n < 500 for part in ("text", "notes", "index"))


NAMED = {name_of(n): n for n in range(500)}


def gallery(path: str) -> Iterator[str]:
    """490 pictures, each page of which leads to two views of the next, and to nothing of its own."""
    at = -1 if path == "/" else NAMED[path.split("/")[2]]
    if at < 489:
        yield from (f"/photo/{name_of(at + 1)}/{view}" for view in ("small", "large"))


def timetable(path: str) -> Iterator[str]:
    """Of 52 weeks and 45 rooms, entered in the middle."""
    week, room = (26, 20) if path == "/" else map(int, path.removeprefix("/week/").split("/room/"))
    for at in ((week - 1, room), (week + 1, room), (week, room - 1), (week, room + 1)):
        if 1 <= at[0] <= 52 and 1 <= at[1] <= 45:
            yield "/week/{}/room/{}".format(*at)


def books(path: str) -> Iterator[str]:
    """60 of 50 pages; from each page to the next, and to the first of the book before and behind."""
    book, leaf = (1, 0) if path == "/" else map(int, path.removeprefix("/book/").split("/page/"))
    for at in ((book, leaf - 1), (book, leaf + 1), (book - 1, 1), (book + 1, 1)):
        if 1 <= at[0] <= 60 and 1 <= at[1] <= 50:
            yield "/book/{}/page/{}".format(*at)


@pytest.mark.parametrize(("site", "pages"), [(library, 1507), (gallery, 981), (timetable, 2341), (books, 3001)])
def test_names_and_numbers_of_things_are_no_trap(site: Callable[[str], Iterator[str]], pages: int) -> None:
    known, refused = walk(site)
    assert (len(known), refused) == (pages, set())


@pytest.mark.parametrize("start", [(0, 0), (12, 7)])
@pytest.mark.parametrize("form", ["/x/{}/y/{}", "/map?x={}&y={}", "/t-{}-{}.html"])
def test_a_grid_without_an_edge_is_left(start: tuple[int, int], form: str) -> None:
    """From the middle, and from a corner."""
    reached = {form.format(*start): start}

    def grid(path: str) -> Iterator[str]:
        x, y = reached[path] if path != "/" else start
        for at in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
            if min(at) >= 0 or start != (0, 0):
                reached[made := form.format(*at)] = at
                yield made

    known, refused = walk(grid)
    assert 1900 < len(known) < 2100
    assert refused


def test_names_of_visits_are_left_with_every_page() -> None:
    rests = ["", "about", "news/1?full=1", *(f"topic/{n}" for n in range(40))]
    given = count()

    def visits(path: str) -> list[str]:
        # A page that only one other leads to is found late, and under another name.
        found = [*rests, "late"] if path.endswith("/topic/39") else rests
        name = name_of(next(given))
        return [f"/s/{name}/{rest}" for rest in found]

    known, refused = walk(visits)
    assert {path.split("/", 3)[3] for path in known if path != "/"} == {*rests, "late"}
    assert len(known) < 30 * len(rests)
    assert len(refused) > len(known)


def test_menus_that_add_their_own_path() -> None:
    traps = Traps(2026)
    assert rule(traps, "/mo480-cg310/mo481-cg310/mo482-cg310/p215") is None
    assert rule(traps, "/mo480-cg310/mo481-cg310/mo482-cg310/mo483-cg310/p215") == "path-growth"
    assert rule(traps, "/2026/11/28/12/13/14") is None


def test_the_same_page_many_times() -> None:
    traps = Traps(2026)
    assert [traps.is_one_of_many("sha256:a") for _ in range(SAME_PAGES + 2)] == [False] * SAME_PAGES + [True] * 2
    assert not traps.is_one_of_many("sha256:b")


def test_sitemaps_without_end_are_left() -> None:
    traps = Traps(2026)
    assert not any(rule(traps, f"/s{n}.xml", hops="M") for n in range(SITEMAPS))
    assert rule(traps, "/more.xml", hops="MM") == "sitemaps"


def test_a_crawl_that_goes_on_knows_what_it_had_accepted(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    variants = [f"/menu{n}/p/1" for n in range(20)]
    pages = {path: page("the same") for path in variants}
    pages |= {"/": page(links("/next", *variants[:10])), "/next": page(links(*variants[10:]))}
    with Site(pages, slow_s=0.1) as site:
        (archive.sites / "menus.toml").write_text(
            f'seeds = ["{site.url()}"]\ndelay_s = 0\nmax_variants_per_page = 3\n'
            "[[page_key]]\npattern = '/p/(?P<id>[0-9]+)'\nkey = 'p{id}'\n"
        )
        process = start("crawl", "menus", "--archive", archive.root)
        while "/next" not in site.paths():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.communicate()
        bewaar("crawl", "menus", "--archive", archive.root)
        asked = set(site.paths()) & set(variants)
        assert site.paths().count("/next") == 2
        check = ("sites", "check", "--site", "menus", "--archive", archive.root)
        refused = bewaar(*check, site.url("/menu12/p/1"), code=1).stdout
        accepted = json.loads(bewaar(*check, "--json", site.url("/menu1/p/1")).stdout)
        trapped = bewaar(*check, site.url("/agenda/2099/12"), code=1).stdout
    assert asked == {f"/menu{n}/p/1" for n in range(3)}
    assert "refused by rule variants-per-page: " in refused
    assert f": refused by rule variants-per-page, found on {site.url('/next')}, path LL" in refused
    assert (accepted["rule"], accepted["last_crawl"]["state"]) == ("host", "expanded")
    assert "refused by rule calendar: " in trapped
    assert "in the last crawl" not in trapped
