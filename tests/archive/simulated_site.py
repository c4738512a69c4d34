"""A site that changes, fails, vanishes and comes back: what stands on it each day, and what each crawl saw of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Literal

from archive.model import Reading, Section
from archive.store.subjects import fold
from tests.archive.store_builders import HOME, absent, found, goal, image, member, reading, sponsor

LISTS = ("member", "sponsor", "goal")
#: the same page on another host, asked for in every crawl; it is seldom down when the other is
OTHER_HOME = "http://www.example.test/"
#: the wall of sponsors stands on it, too
NEWS = "http://example.test/news"
LEAVES = 20

Kind = Literal["whole", "cut", "lost", "empty", "unreadable", "failed", "gone", "moved"]
#: of a capture of the page: all of it; up to the middle of its first list; without its lists; with lists of nothing; as
#: no extractor could read it; and the answers that show no page
SHOWS: dict[Kind, int | None] = {
    "whole": 200, "cut": 200, "lost": 200, "empty": 200, "unreadable": 200, "failed": 503, "gone": 404, "moved": 301,
}  # fmt: skip


def wording(line: int, version: int) -> str:
    """Sentences of one line read alike, those of two lines have not a letter in common."""
    letters = [chr(0x4E00 + line * 40 + n) for n in range(40)]
    words = ["".join(letters[n * 5 : n * 5 + 5]) for n in range(6)]
    return " ".join([*words, letters[30 + version % 10] * 5])


@dataclass
class Truth:
    """What stands on the site on one day."""

    #: organisation key to how it is written
    member: dict[str, str] = field(default_factory=dict)
    #: organisation key to the version of its logo
    sponsor: dict[str, int] = field(default_factory=dict)
    #: line to version
    goal: dict[int, int] = field(default_factory=dict)
    text: int = 0
    leaves: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(LEAVES), 0))

    def subjects(self, role: str) -> set[str]:
        if role == "goal":
            return {fold(wording(line, version)) for line, version in self.goal.items()}
        return set(self.member if role == "member" else self.sponsor)


@dataclass
class Seen:
    """What one crawl was answered."""

    day: int
    truth: Truth
    home: Kind
    other: Kind
    news: Literal["whole", "failed", "gone"]
    #: sponsors whose logo was kept
    logos: dict[str, int]

    @property
    def homes(self) -> list[tuple[Kind, int, str]]:
        """The captures of the page: how, in which second, under which URL."""
        return [(self.home, 0, HOME), (self.other, 2, OTHER_HOME)]


class World:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.truth = Truth()
        self.made = 0
        self.trouble: Kind = "whole"
        self.left = 0
        self.troubles: list[Kind] = []
        for _ in range(6):
            self._come("member"), self._come("sponsor"), self._come("goal")

    def live(self) -> None:
        """One day."""
        dice = self.dice
        for role in LISTS:
            if dice.random() < 0.15:
                self._come(role)
            if dice.random() < 0.15:
                self._go(role)
            if dice.random() < 0.1:
                self._alter(role)
        if dice.random() < 0.05:
            self.truth.text += 1
        if dice.random() < 0.03:  # a new menu on every page
            self.truth.text += 1
            self.truth.leaves = {leaf: version + 1 for leaf, version in self.truth.leaves.items()}
        self.left -= 1
        if self.left < 0:
            self.trouble = "whole"
            if dice.random() < 0.12:
                # every one in its turn
                self.troubles = self.troubles or dice.sample([*SHOWS], len(SHOWS))
                self.trouble, self.left = self.troubles.pop(), dice.randint(0, 6)

    def crawl(self, number: int) -> Seen:
        dice = self.dice
        truth = replace(
            self.truth,
            **{name: dict(getattr(self.truth, name)) for name in ("member", "sponsor", "goal", "leaves")},
        )
        home: Kind = self.trouble if dice.random() > 0.05 else "failed"
        other: Kind = "failed" if self.trouble == "failed" or dice.random() < 0.2 else self.trouble
        if dice.random() < 0.1:
            other = "whole"
        news = dice.choices(["whole", "failed", "gone"], [8, 1, 1])[0]
        kept = {key: version for key, version in truth.sponsor.items() if dice.random() < 0.9}
        return Seen(number, truth, home, other, news, kept)

    def _come(self, role: str) -> None:
        listed = getattr(self.truth, role)
        # one in two has been there before
        key = self.dice.randrange(self.made + 1) if self.dice.random() < 0.5 else self.made
        self.made = max(self.made, key + 1)
        name = key if role == "goal" else f"{role}-{key}"
        listed.setdefault(name, f"{role} {key}" if role == "member" else self.dice.randrange(3))

    def _go(self, role: str) -> None:
        listed = getattr(self.truth, role)
        if listed:
            del listed[self.dice.choice(sorted(listed))]

    def _alter(self, role: str) -> None:
        """Another spelling, another logo, other words."""
        listed = getattr(self.truth, role)
        if listed:
            name = self.dice.choice(sorted(listed))
            listed[name] = f"{name} Nederland" if role == "member" else listed[name] + 1


def logo_url(key: str) -> str:
    return f"http://example.test/{key}.png"


def sections(truth: Truth, how: Kind) -> list[Section]:
    if how == "unreadable":
        return [Section(role, "failed") for role in LISTS]
    if how == "lost":
        return [absent(role) for role in LISTS]
    if how == "empty":
        return [found(role, []) for role in LISTS]
    listed = found("member", [member(name, organisation=key) for key, name in sorted(truth.member.items())])
    if how == "cut":
        some = listed.facts[: len(listed.facts) // 2]
        return [replace(listed, facts=some) if some else absent("member"), absent("sponsor"), absent("goal")]
    return [listed, wall(truth), found("goal", [goal(wording(*one)) for one in sorted(truth.goal.items())])]


def wall(truth: Truth) -> Section:
    return found("sponsor", [sponsor(key, organisation=key, logo_url=logo_url(key)) for key in sorted(truth.sponsor)])


def readings(seen: Seen) -> list[Reading]:
    made = []
    for how, second, url in seen.homes:
        status = SHOWS[how]
        shown = sections(seen.truth, how) if status == 200 else []
        cut = {"truncated": "length"} if how == "cut" else {}
        text = f"home {seen.truth.text}"
        key = "home" if status in (200, 301) else None
        made.append(
            reading(seen.day, *shown, url=url, key=key, second=second, status=status, text=text, hops="", **cut)
        )
    status = {"whole": 200, "failed": None, "gone": 410}[seen.news]
    shown = [wall(seen.truth)] if status == 200 else []
    text = f"news {seen.truth.leaves[0]}"
    key = "news" if status == 200 else None
    made.append(reading(seen.day, *shown, url=NEWS, key=key, second=1, status=status, text=text, hops="L"))
    for leaf, version in seen.truth.leaves.items():
        url, key = f"{NEWS}/{leaf}", f"leaf-{leaf}"
        made.append(reading(seen.day, url=url, key=key, second=200 + leaf, text=f"{leaf} {version}", hops="LL"))
    for number, (sponsor_key, version) in enumerate(seen.logos.items()):
        made.append(image(seen.day, logo_url(sponsor_key), f"{sponsor_key} {version}", second=1_000 + number))
    return made
