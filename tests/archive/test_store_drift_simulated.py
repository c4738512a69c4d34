"""A hundred crawls of a site that fails, changes in earnest and is redesigned: every break is told once, with what ends
it, and nothing else is."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from archive.model import Reading, Section
from tests.archive.store_builders import absent, crawl, found, goal, member, open_store, reading, rows, sponsor

CRAWLS = 100
PAGES = {"home": "http://example.test/", "about": "http://example.test/about"}
ROLES = ("member", "goal", "sponsor")
#: of the whole page, and of one section
PAGE_BREAKS = ("all facts changed",)
BREAKS = (
    "section vanished", "count dropped", "names from files only", "selectors find nothing", "all facts changed",
    "expected count missed",
)  # fmt: skip
EXPECTED = 9
WORDS = "kind gezin school steun geld recht zorg buurt kennis familie onderzoek personeel regels toezicht".split()


@dataclass
class Listed:
    """What truly stands on the page, and how it is shown."""

    role: str
    names: list[str]
    broken: str | None = None
    #: crawls it stays so
    left: int = 0
    #: the break was seen by a crawl
    told: bool = False


@dataclass
class PageOfSite:
    key: str
    sections: dict[str, Listed]
    #: the whole page
    parked: Listed = field(default_factory=lambda: Listed("", []))
    #: a crawl has shown it
    seen: bool = False


class World:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.made = 0
        self.pages = {
            key: PageOfSite(key, {role: Listed(role, [self.name(role) for _ in range(9)]) for role in ROLES})
            for key in PAGES
        }
        #: (crawl, page, role, kind)
        self.truth: list[tuple[int, str, str | None, str]] = []
        self.happened: Counter[str] = Counter()

    def name(self, role: str) -> str:
        self.made += 1
        if role == "goal":
            return " ".join(self.dice.sample(WORDS, 7)) + f" {self.made}"
        return f"{role.title()} {self.made}"

    def live(self) -> None:
        """One day: something may break, be repaired or change in earnest."""
        for page in self.pages.values():
            self._end(page.parked)
            for section in page.sections.values():
                self._end(section)
                if section.broken is None and page.parked.broken is None and self.dice.random() < 0.3:
                    self._change(section)
            if not page.seen:
                continue  # what was never seen well cannot be seen to break
            quiet = page.parked.broken is None and all(
                section.broken is None and not section.told for section in page.sections.values()
            )
            if quiet and not page.parked.told and self.dice.random() < 0.02:
                self._break(page.parked, PAGE_BREAKS)
                continue
            if page.parked.broken or page.parked.told:
                continue
            for section in page.sections.values():
                if section.broken is None and not section.told and self.dice.random() < 0.03:
                    self._break(section, BREAKS)

    def _break(self, what: Listed, kinds: tuple[str, ...]) -> None:
        what.broken, what.left, what.told = self.dice.choice(kinds), self.dice.randint(1, 6), False

    def _end(self, what: Listed) -> None:
        what.left -= 1
        if what.left <= 0:
            what.broken = None

    def _change(self, section: Listed) -> None:
        """One name comes, goes or is reworded: always well within what the profile expects."""
        at = self.dice.randrange(len(section.names))
        deed = self.dice.choice(["come", "go", "reword"])
        if deed == "come" and len(section.names) < 14:
            section.names.insert(at, self.name(section.role))
        elif deed == "go" and len(section.names) > 6:
            del section.names[at]
        elif deed == "reword" and section.role == "goal":
            section.names[at] += " erbij"

    def show(self, number: int) -> list[Reading]:
        """What a crawl gets to see, and what should be told of it."""
        readings = []
        for second, (key, url) in enumerate(PAGES.items()):
            page = self.pages[key]
            failure = self.dice.random()
            if failure < 0.06:
                self.happened["not reached"] += 1
            elif failure < 0.18:
                readings.append(self._failed(number, second, key, url, page))
            else:
                readings.append(
                    reading(number, *self._seen(number, page), url=url, key=key, second=second, text=f"{number}")
                )
        return readings

    def _failed(self, number: int, second: int, key: str, url: str, page: PageOfSite) -> Reading:
        """Cut short it has lost sections too, and nobody may hold that against it."""
        nothing = [absent(role) for role in ("identity", *ROLES)]
        how = self.dice.choice(["503", "timeout", "404", "cut short", "nobody's"])
        self.happened[how] += 1
        where = {"url": url, "key": key, "second": second}
        if how == "cut short":
            some = [self._section(section) for section in page.sections.values() if section.broken is None]
            return reading(number, *some[:1], *nothing[2:], **where, truncated=self.dice.choice(["time", "length"]))
        if how == "nobody's":
            return reading(number, **where)
        return reading(number, *nothing, **where, text=None, status={"503": 503, "404": 404, "timeout": None}[how])

    def _seen(self, number: int, page: PageOfSite) -> list[Section]:
        parked = page.parked
        page.seen = True
        if parked.broken:
            self._tell(number, page, None, parked)
            return [found("identity", [member("Domain for sale")]), *(absent(role) for role in ROLES)]
        if parked.told:
            self.truth.append((number, page.key, None, "as before"))
            parked.told = False
        shown = [found("identity", [member("Title"), member("nl"), member("SiteSpirit")])]
        for role, section in page.sections.items():
            if section.broken:
                self._tell(number, page, role, section)
            elif section.told:
                self.truth.append((number, page.key, role, "as before"))
                section.told = False
            shown.append(self._section(section))
        return shown

    def _tell(self, number: int, page: PageOfSite, role: str | None, what: Listed) -> None:
        if not what.told:
            assert what.broken
            self.truth.append((number, page.key, role, what.broken))
            self.happened[what.broken] += 1
            what.told = True

    def _section(self, section: Listed) -> Section:
        make = {"member": member, "goal": goal, "sponsor": sponsor}[section.role]
        names = section.names

        def facts(which: list[str], rule: str = "profile-selector", **more: str) -> Section:
            return found(section.role, [replace(make(name, **more), rule=rule) for name in which])

        match section.broken:
            case None:
                return facts(names)
            case "section vanished":
                return absent(section.role)
            case "count dropped":
                return facts(names[: len(names) // 3])
            case "names from files only":
                return facts([f"logo {name}" for name in names], name_source="file")
            case "selectors find nothing":
                return facts(names, rule="labelled-list")
            case "all facts changed":
                return facts(
                    [f"{n} {section.role} of a menu" for n in range(9)], organisation=None, href="http://x.test/"
                )
            case "expected count missed":
                return facts([*names, *(f"Menu {n}" for n in range(2 * EXPECTED))])
        raise AssertionError(section.broken)


@pytest.mark.parametrize("seed", range(12))
def test_every_break_is_told_once_and_nothing_else(tmp_path, seed):
    dice = random.Random(seed)
    world = World(dice)
    crawls = []
    for number in range(CRAWLS):
        if number:
            world.live()
        crawls.append((number, world.show(number)))
    if seed % 2:
        dice.shuffle(crawls)
    numbers: dict[str, int] = {}
    with open_store(tmp_path) as store:
        for number, readings in crawls:
            of = crawl(number)
            numbers[of.id] = number
            store.write_crawl(of)
            store.write_readings(of.id, readings)
        store.derive("example", anchors=list(PAGES), expected=dict.fromkeys(ROLES, EXPECTED))
        told = [
            (numbers[of], page, role, kind)
            for of, page, role, kind in rows(store, "SELECT crawl_id, page_key, role, kind FROM drift")
        ]
        open_now = rows(store, "SELECT count(*) FROM drift WHERE kind <> 'as before' AND repaired_crawl_id IS NULL")
        vanished = rows(store, "SELECT crawl_id, page_key, role FROM change WHERE kind = 'section vanished'")
    order = lambda row: (row[0], row[1], row[2] or "", row[3])  # noqa: E731
    assert sorted(told, key=order) == sorted(world.truth, key=order)
    alerts = [row for row in told if row[3] != "as before"]
    assert open_now == [(len(alerts) - (len(told) - len(alerts)),)]
    assert {row[:3] for row in told if row[3] == "section vanished"} <= {(numbers[of], *rest) for of, *rest in vanished}
    assert len(alerts) > 5
    assert sum(world.happened[how] for how in ("503", "timeout", "404", "cut short", "nobody's", "not reached")) > 15
