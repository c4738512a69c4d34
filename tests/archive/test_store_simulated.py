"""A hundred crawls of a site that changes, fails, vanishes and comes back: what the database answers for every day, and
every change it tells, against an oracle that knows what each crawl saw and goes through it crawl by crawl."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from archive.store.questions import QUESTIONS
from archive.store.subjects import fold
from tests.archive.simulated_history import answer, listing_changes, logos_replaced, page_changes, vanished, words_of
from tests.archive.simulated_site import LISTS, SHOWS, Seen, World, readings
from tests.archive.store_builders import SITE, START, crawl, day, open_store, rows

CRAWLS = 100


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
