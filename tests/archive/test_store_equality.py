"""The same records give the same rows, whatever the order, the batches and the repetitions in which they come."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from archive import digests
from archive.model import Crawl, Link, Problem, Reading, Section, UrlList
from archive.store import Store, compare
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.store_builders import (
    absent,
    crawl,
    found,
    goals,
    image,
    member,
    members,
    open_store,
    reading,
    sponsor,
    write,
)

LOGO = "http://example.test/logo.png"
NEWS = "http://example.test/news"
NAMES = ("A", "B", "Plan Nederland", "plan nederland", "PN", "Plan Nederlands")

sections = st.one_of(
    st.lists(st.sampled_from(NAMES), unique=True, max_size=4).map(lambda names: members(*names)),
    st.lists(st.sampled_from(["Veilig opgroeien", "Veilig op te groeien", "Meer geld"]), unique=True).map(
        lambda texts: goals(*texts)
    ),
    st.sampled_from(
        [
            absent("member"),
            Section("goal", "failed"),
            found("sponsor", [sponsor("S", logo_url=LOGO, beneficiary="a"), sponsor("", logo_url=LOGO)]),
            found("member", [member("A"), member("B", tier="candidate", confidence=0.4), member("C", chair=True)]),
        ]
    ),
)


@st.composite
def crawl_readings(draw: st.DrawFn, number: int, site: str) -> list[Reading]:
    made = []
    for second in range(draw(st.integers(1, 5))):
        url, key = draw(st.sampled_from([("http://example.test/", "home"), ("http://b.test/", "home"), (NEWS, "news")]))
        status = draw(st.sampled_from([200, 200, 200, 404, 503, 301, None]))
        shown = {section.role: section for section in draw(st.lists(sections, max_size=3))}
        links = [Link("http://example.test/x", "L", "a@href", draw(st.sampled_from([None, "x", "y"])))]
        one = reading(
            number,
            *(shown.values() if status == 200 else ()),
            url=url,
            key=key if draw(st.booleans()) or status == 200 else None,
            status=status,
            second=second,
            text=draw(st.sampled_from(["one", "two"])),
            links=links,
            site=site,
        )
        if draw(st.booleans()):
            one = replace(one, urls=draw(st.sampled_from([UrlList("needs", ((LOGO,),)), UrlList("needs", ())])))
        if draw(st.booleans()):
            one = replace(one, problems=(Problem("slow", "took long"),))
        made.append(one)
        if draw(st.booleans()):
            made.append(image(number, LOGO, draw(st.sampled_from(["p", "q"])), second=second + 30, site=site))
        if draw(st.booleans()):
            digest = digests.sha256(f"{url} one".encode())
            refers = draw(
                st.sampled_from([{"refers_to": reading(1, second=0).capture.record_id}, {}, {"refers_to_url": NEWS}])
            )
            made.append(
                reading(
                    number,
                    url=url,
                    key=key,
                    second=second + 60,
                    text=None,
                    site=site,
                    type="revisit",
                    payload_digest=None,
                    declared_digest=digest,
                    **refers,
                )
            )
    return made


archives = st.tuples(
    *(crawl_readings(number, "example") for number in range(4)), *(crawl_readings(number, "other") for number in (1, 2))
)
CRAWLS = [crawl(number) for number in range(4)] + [crawl(number, "other") for number in (1, 2)]


scopes = st.builds(
    lambda role, wording, place: {"role": role, **wording, **place},
    st.sampled_from(["member", "sponsor", "goal"]),
    st.sampled_from([{"raw": "A"}, {"raw": "b"}, {"subject": "plan-nederland"}, {"raw": "Meer geld"}, {"raw": "S"}]),
    st.sampled_from([{}, {"site": "example"}, {"site": "example", "page": "news"}, {"site": "other"}]),
)
effects = st.sampled_from(
    [
        {"confirm": True},
        {"reject": True},
        {"correct": {"value": "Plan NL", "year": 1999}},
        {"correct": {"organisation": "a"}},
        {"name": "Cordaid"},
        {"split": ["A", "Z"]},
    ]
)
decisions = st.one_of(
    st.builds(lambda scope, value: {"action": "override", "scope": scope, "value": value}, scopes, effects),
    st.sampled_from(
        [
            {"action": "alias", "scope": "B", "value": "A"},
            {"action": "alias", "scope": "a", "value": "Nobody's name"},
            {"action": "distinct", "scope": "Plan Nederland", "value": "Plan NL"},
            {"action": "undo", "scope": "0"},
        ]
    ),
)


def fill(store: Store, made: tuple[list[Reading], ...], dice: random.Random | None) -> None:
    """Write the crawls in order and whole; with *dice* in any order, cut anywhere, some twice, derived in between."""
    batches: list[tuple[Crawl, list[Reading]]] = []
    for of, readings in zip(CRAWLS, made, strict=True):
        if dice is None:
            batches.append((of, readings))
            continue
        shuffled = dice.sample(readings, len(readings))
        cut = dice.randint(0, len(shuffled))
        batches += [(of, shuffled[:cut]), (of, shuffled[cut:]), (of, dice.sample(shuffled, cut))]
    if dice is not None:
        dice.shuffle(batches)
        store.write_crawl(replace(CRAWLS[0], status="running", finished_at=None))
    for of, readings in batches:
        store.write_crawl(of)
        store.write_readings(of.id, readings)
        if dice is not None and dice.random() < 0.3:
            store.derive(of.site, anchors=["news"] if of.site == "example" else [])
    if dice is not None:
        store.write_crawl(replace(CRAWLS[0], status="running", finished_at=None))
    for _ in range(2):
        store.derive("example", anchors=["home"], names={"plan-nederland": "Plan Nederland"}, expected={"member": 3})
        store.derive("other")


@settings(deadline=None, max_examples=25)
@given(made=archives, seed=st.integers(0, 1 << 30), decided=st.lists(decisions, max_size=4))
def test_order_batches_and_repetitions_do_not_matter(made, seed, decided):
    dumps = []
    for dice in (None, random.Random(seed)):
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
            store.write_site("other", name="Other")
            for number, decision in enumerate(decided):
                append_decision(
                    Path(folder) / "a.jsonl", who="x", decision_id=str(number), made_at="2026-01-01", **decision
                )
            store.load_decisions(Path(folder))
            fill(store, made, dice)
            dumps.append(compare.dump(store.db.conn))
            # the caller of a rebuild is spared derived rows that nothing stands behind
            assert not store.db.conn.execute("PRAGMA foreign_key_check").fetchall()
    assert list(compare.differences(*dumps)) == []


def test_dump_tells_databases_apart(tmp_path):
    dumps = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with Store(tmp_path / name / "archive.db", KINDS) as store:
            store.write_site("example", name="Example")
            write(store, 0, reading(0, members("A", name)))
            store.derive("example")
            dumps.append(compare.dump(store.db.conn))
    tables = {table for table, _, _ in compare.differences(*dumps)}
    assert {"fact", "section_version", "evidence", "presence", "organisation", "name_trigram"} <= tables
    assert "capture" not in tables
    assert {sign for _, sign, _ in compare.differences(*dumps)} == {"-", "+"}
