"""What the database should tell of a simulated site: an oracle that goes through what was seen, crawl by crawl."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.archive.simulated_site import LEAVES, SHOWS, Seen
from tests.archive.store_builders import day


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
