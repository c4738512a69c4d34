"""A hundred crawls of a site that changes, fails, vanishes and comes back: what the database answers for every day, and
every change it tells, against an oracle that knows what each crawl saw and goes through it crawl by crawl."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

import pytest

from archive.model import Reading, Section
from archive.store.questions import QUESTIONS
from archive.store.subjects import fold
from tests.archive.store_builders import (
    HOME,
    SITE,
    START,
    absent,
    crawl,
    day,
    found,
    goal,
    image,
    member,
    open_store,
    reading,
    rows,
    sponsor,
)

CRAWLS = 100
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


# --- the records of a crawl


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


# --- the oracle


@dataclass
class Word:
    """What one crawl says of one subject."""

    says: Literal["seen", "absent", "unsure"]
    day: int
    second: int


def home_shown(seen: Seen, role: str) -> tuple[str, int, set[str]] | None:
    """What a crawl saw of a list on its own page, in which second: whole, part, lost. None: nothing was seen of it."""
    listed = seen.truth.subjects(role)
    part = set(sorted(listed)[: len(listed) // 2]) if role == "member" else set()
    answers: list[tuple[int, int, str, set[str]]] = []
    for how, second, _ in seen.homes:
        # the better, the earlier in this list
        if how == "whole" and listed:
            answers.append((0, second, "whole", listed))
        elif how == "cut" and part:
            answers.append((1, second, "part", part))
        elif how in ("whole", "empty"):
            answers.append((2, second, "whole", set()))
        elif how == "lost":
            answers.append((3, second, "lost", set()))
    if not answers:
        return None
    _, second, what, subjects = min(answers, key=lambda one: one[:2])
    return what, second, subjects


def words_of(crawls: list[Seen], role: str, subject: str) -> list[Word]:
    ever_at_home = any((shown := home_shown(seen, role)) and subject in shown[2] for seen in crawls)
    words = []
    for seen in crawls:
        on_news = role == "sponsor" and seen.news == "whole" and subject in seen.truth.sponsor
        shown = home_shown(seen, role)
        answers = [how for how, _, _ in seen.homes]
        if ever_at_home and shown and subject in shown[2]:
            words.append(Word("seen", seen.day, shown[1]))
        elif ever_at_home and shown and shown[0] == "whole":
            words.append(Word("absent", seen.day, shown[1]))
        elif on_news:
            words.append(Word("seen", seen.day, 1))
        elif not ever_at_home:
            # known from the news page only, which proves nothing
            if role == "sponsor" and seen.news != "failed":
                words.append(Word("unsure", seen.day, 1))
        elif shown or (
            "gone" in answers and not {"whole", "cut", "lost", "empty", "unreadable", "failed"} & {*answers}
        ):
            words.append(Word("unsure", seen.day, 0))
    return words


def answer(words: list[Word], on: int) -> str | None:
    """What can be said of a day, and None where it cannot have been listed or nothing is known."""
    before = [word for word in words if word.day <= on and word.says != "unsure"]
    after = [word for word in words if word.day > on and word.says != "unsure"]
    last = before[-1] if before else None
    if last is None or last.says == "absent":
        surrounded = last is not None and last.day < on and after and after[0].says == "seen"
        return "not listed before, listed after" if surrounded else None
    if last.day == on or (after and after[0].says == "seen"):
        return "listed"
    if after:
        return "listed before, not after"
    later = [word for word in words if word.says == "unsure" and word.day > last.day]
    return "listed before, unknown after" if later else "listed when last looked"


def listing_changes(crawls: list[Seen], role: str) -> list[tuple]:
    """(kind, role, after or before, changed after, changed by)"""
    came: dict[tuple[int, int], dict[str, tuple[str, Word]]] = {}
    went: dict[tuple[int, int], dict[str, Word]] = {}
    for subject in sorted({subject for seen in crawls for subject in seen.truth.subjects(role)}):
        missing: Word | None = None
        last: Word | None = None
        ended = False
        for word in words_of(crawls, role, subject):
            if word.says == "seen":
                if last is None and missing is not None:
                    kind = "listed again" if ended else "first listed"
                    came.setdefault((word.day, word.second), {})[subject] = kind, missing
                last = word
            elif word.says == "absent":
                if last is not None:
                    went.setdefault((word.day, word.second), {})[subject] = last
                    ended = True
                missing, last = word, None
    told = []
    for at in came.keys() | went.keys():
        new, gone = came.get(at, {}), went.get(at, {})
        for subject, last in gone.items():
            line = subject.split()[0]
            again = next((one for one in new if role == "goal" and one.split()[0] == line), None)
            if again is not None:
                del new[again]
                told.append(("reworded", role, again, day(last.day, last.second), day(*at)))
            else:
                told.append(("no longer listed", role, subject, day(last.day, last.second), day(*at)))
        told += [
            (kind, role, subject, day(missing.day, missing.second), day(*at))
            for subject, (kind, missing) in new.items()
        ]
    return told


def vanished(crawls: list[Seen], role: str) -> list[tuple]:
    told, before = [], None
    for seen in crawls:
        shown = home_shown(seen, role)
        if shown is None:
            continue
        at = day(seen.day, shown[1])
        if shown[0] == "lost":
            if before is not None:
                told.append(("section vanished", role, role, before, at))
            before = None
        elif shown[0] == "whole":
            before = at
    return told


def logos_replaced(crawls: list[Seen]) -> list[tuple]:
    told: list[tuple] = []
    last: dict[str, tuple[int, str]] = {}
    at_home = {key for seen in crawls if (shown := home_shown(seen, "sponsor")) for key in shown[2]}
    for seen in crawls:
        shown = home_shown(seen, "sponsor")
        for number, (key, version) in enumerate(seen.logos.items()):
            # beside whom no crawl found there, the logo on the news page is told of
            if not (shown and key in shown[2] if key in at_home else seen.news == "whole"):
                continue
            at = day(seen.day, 1_000 + number)
            if key in last and last[key][0] != version:
                told.append(("logo replaced", "sponsor", key, last[key][1], at))
            last[key] = version, at
    return told


def page_changes(crawls: list[Seen]) -> list[tuple]:
    """(kind, page, changed after, changed by)"""
    told = []
    for page in ("home", "news", *(f"leaf-{leaf}" for leaf in range(LEAVES))):
        last: tuple[bool, str] | None = None
        text: tuple[int, str] | None = None
        for seen in crawls:
            if page == "home":
                shown = [(SHOWS[how], how, second) for how, second, _ in seen.homes]
                version = seen.truth.text
            elif page == "news":
                shown = [({"whole": 200, "failed": 503, "gone": 404}[seen.news], seen.news, 1)]
                version = seen.truth.leaves[0]
            else:
                leaf = int(page.removeprefix("leaf-"))
                shown, version = [(200, "whole", 200 + leaf)], seen.truth.leaves[leaf]
            for wanted in (200, 503, 404):
                if answered := [second for status, _, second in shown if status == wanted]:
                    break
            else:
                continue  # moved, every one of them
            at = day(seen.day, answered[0])
            good = wanted == 200
            if last is not None and last[0] != good:
                told.append(("page repaired" if good else "page broke", page, last[1], at))
            last = good, at
            if any(status == 200 and how != "cut" for status, how, _ in shown):
                if text is not None and text[0] != version:
                    told.append(("text edited", page, text[1], at))
                text = version, at
    return told


# --- the simulation


@pytest.fixture(scope="module", params=[1, 2, 3])
def simulated(request, tmp_path_factory):
    dice = random.Random(request.param)
    world = World(dice)
    crawls: list[Seen] = []
    today = 0
    for _ in range(CRAWLS):
        for _ in range(dice.choices([1, 2, 3], [6, 2, 1])[0]):
            today += 1
            world.live()
        crawls.append(world.crawl(today))
    with open_store(tmp_path_factory.mktemp("simulated")) as store:
        # as they come: in no order, some twice, in two parts, with the history derived in between
        parts = []
        for seen in crawls:
            made = readings(seen)
            at = dice.randrange(len(made))
            parts += [(seen.day, made[:at]), (seen.day, made[at:])] + (
                [(seen.day, made)] if dice.random() < 0.2 else []
            )
        dice.shuffle(parts)
        for number, part in enumerate(parts):
            store.write_crawl(crawl(part[0]))
            store.write_readings(crawl(part[0]).id, part[1])
            if number % 97 == 0:
                store.derive(SITE, anchors=["home"])
        store.derive(SITE, anchors=["home"])
        yield store, crawls


def listed_on(store, role: str, on: int) -> dict[str, str]:
    question = next(question for question in QUESTIONS if question.name == f"{role}s_on")
    date = (START + timedelta(days=on)).strftime("%Y-%m-%d")
    keys = dict(rows(store, "SELECT name, id FROM organisation"))
    cursor = store.db.conn.execute(question.sql, {"date": date})
    certainty = [column[0] for column in cursor.description].index("certainty")
    answered = [(keys.get(row[0], fold(row[0])), row[certainty]) for row in cursor]
    assert len(dict(answered)) == len(answered), f"{role} twice on day {on}"
    return dict(answered)


def test_everything_that_may_happen_has_happened(simulated):
    store, crawls = simulated
    happened = Counter(how for seen in crawls for how, _, _ in seen.homes)
    assert happened.keys() == SHOWS.keys()
    told = {kind for (kind,) in rows(store, "SELECT DISTINCT kind FROM change")}
    assert told == {
        "first listed", "no longer listed", "listed again", "reworded", "logo replaced", "section vanished",
        "page broke", "page repaired", "text edited",
    }  # fmt: skip


@pytest.mark.parametrize("role", LISTS)
def test_every_day_is_answered_as_it_was_seen(simulated, role):
    store, crawls = simulated
    subjects = {subject for seen in crawls for subject in seen.truth.subjects(role)}
    words = {subject: words_of(crawls, role, subject) for subject in subjects}
    readable = {seen.day: seen for seen in crawls if "whole" in (seen.home, seen.other)}
    right = 0
    for on in range(crawls[-1].day + 10):
        expected = {subject: said for subject in subjects if (said := answer(words[subject], on))}
        answered = listed_on(store, role, on)
        assert answered == expected, f"day {on}"
        if on in readable:  # and so it was
            assert {one for one, said in answered.items() if said == "listed"} == readable[on].truth.subjects(role)
            right += 1
    assert right > 50


def test_changes_of_lists_and_logos_are_those_that_were_seen(simulated):
    store, crawls = simulated
    expected = logos_replaced(crawls)
    for role in LISTS:
        expected += listing_changes(crawls, role) + vanished(crawls, role)
    told = rows(
        store,
        "SELECT kind, role, subject, changed_after, changed_by FROM change WHERE role IS NOT NULL",
    )
    assert sorted(told) == sorted(expected)


def test_changes_of_pages_are_those_that_were_seen(simulated):
    store, crawls = simulated
    told = rows(store, "SELECT kind, page_key, changed_after, changed_by FROM change WHERE role IS NULL")
    assert sorted(told) == sorted(page_changes(crawls))


def test_a_flood_of_edited_texts_is_one_line_beside_the_other_changes(simulated):
    store, _ = simulated
    question = next(question for question in QUESTIONS if question.name == "changes_by_crawl")
    edits = Counter(id_ for (id_,) in rows(store, "SELECT crawl_id FROM change WHERE kind = 'text edited'"))
    floods = {(id_, f"{count} pages", count) for id_, count in edits.items() if count > 5}
    assert floods
    lines = rows(store, question.sql)
    assert {(line[0], line[4], line[9]) for line in lines if line[9] > 1} == floods
    ((changes,),) = rows(store, "SELECT count(*) FROM change")
    assert sum(line[9] for line in lines) == changes
    assert len(lines) == changes - sum(count - 1 for _, _, count in floods)


def test_failed_absent_and_empty_are_told_apart(simulated):
    store, crawls = simulated
    states = {"lost": "absent", "empty": "empty", "unreadable": "failed"}
    for how, state in states.items():
        told = rows(
            store,
            "SELECT DISTINCT c.captured_at FROM observation o JOIN capture c ON c.id = o.capture_id"
            " WHERE o.role = 'goal' AND o.state = ? AND c.truncated IS NULL ORDER BY 1",
            state,
        )
        truly = {
            day(seen.day, second)
            for seen in crawls
            for capture, second, _ in seen.homes
            if capture == how or (how == "empty" and capture == "whole" and not seen.truth.goal)
        }
        assert {at for (at,) in told} == truly, how
    # what showed no page has no observation, and is a capture all the same
    for how in ("failed", "gone", "moved"):
        assert any(how in (seen.home, seen.other) for seen in crawls)
    nothing = rows(
        store, "SELECT count(*) FROM observation o JOIN capture c ON c.id = o.capture_id WHERE c.status >= 300"
    )
    assert nothing == [(0,)]
