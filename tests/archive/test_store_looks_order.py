"""What is found by looks does not depend on the order in which things were written."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from archive import digests
from archive.model import Crawl, Link
from archive.store import Store, compare
from tests.archive.shown_logos import FILES, Bytes, nameless, wall
from tests.archive.store_builders import (
    crawl,
    image,
    members,
    open_store,
    reading,
    rows,
    sponsor,
)

NAMES = ("http://example.test/1.png", "http://example.test/2.png", "http://example.test/a/1.png")
facts = st.one_of(
    st.builds(nameless, st.sampled_from(NAMES)),
    st.builds(lambda name, url: sponsor(name, logo_url=url), st.sampled_from(["A", "B"]), st.sampled_from(NAMES)),
)


@st.composite
def crawls(draw: st.DrawFn, number: int, site: str) -> list:
    made = [reading(number, wall(*draw(st.lists(facts, max_size=3))), members("M"), site=site)]
    for second in range(draw(st.integers(0, 4))):
        url = draw(st.sampled_from(NAMES))
        what = draw(st.sampled_from([*FILES, "moved", "revisit"]))
        if what == "moved":
            link = Link(draw(st.sampled_from(NAMES)), "R", "location")
            made.append(image(number, url, "", status=302, links=[link], second=second + 10, site=site))
        elif what == "revisit":
            of = draw(st.sampled_from(["png", "other"]))
            said = {"type": "revisit", "payload_digest": None, "declared_digest": digests.sha256(FILES[of])}
            said["refers_to"] = draw(st.sampled_from([None, image(0, url, "", second=10).capture.record_id]))
            made.append(image(number, url, "", second=second + 10, site=site, **said))
        else:
            made.append(image(number, url, FILES[what], second=second + 10, site=site))
    return made


CRAWLS = [crawl(0), crawl(1), crawl(2), crawl(1, "other")]


def fill(store: Store, made, dice: random.Random | None) -> None:
    batches: list[tuple[Crawl, list]] = []
    for of, readings in zip(CRAWLS, made, strict=True):
        shuffled = dice.sample(readings, len(readings)) if dice else readings
        cut = dice.randint(0, len(shuffled)) if dice else 0
        batches += [(of, shuffled[:cut]), (of, shuffled[cut:])]
    if dice:
        dice.shuffle(batches)
    for of, readings in batches:
        store.write_crawl(of)
        store.write_readings(of.id, readings)
        if dice and dice.random() < 0.5:
            store.derive(of.site, read=Bytes())
    for _ in range(2):
        store.derive("example", anchors=["home"], read=Bytes())
        store.derive("other", read=Bytes())


@settings(deadline=None, max_examples=60)
@given(
    made=st.tuples(*(crawls(number, "example") for number in range(3)), crawls(1, "other")),
    seed=st.integers(0, 1 << 30),
)
def test_order_does_not_matter_to_looks(made, seed):
    dumps = []
    for dice in (None, random.Random(seed)):
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
            store.write_site("other", name="Other")
            fill(store, made, dice)
            dumps.append(compare.dump(store.db.conn))
            looked = {row[0] for row in rows(store, "SELECT id FROM payload WHERE look IS NOT NULL")}
            assert looked == {row[0] for row in rows(store, "SELECT payload_id FROM picture")}
            assert {row[0] for row in rows(store, "SELECT payload_id FROM logo_file")} <= looked
            assert not rows(store, "PRAGMA foreign_key_check")
            seen = dict(rows(store, "SELECT id, phash FROM payload WHERE phash IS NOT NULL"))
            near = {
                (one, other)
                for one in seen
                for other in seen
                if one != other and (int(seen[one], 16) ^ int(seen[other], 16)).bit_count() <= 6
            }
            assert {tuple(row) for row in rows(store, "SELECT payload_id, other_id FROM alike")} == near
    assert list(compare.differences(*dumps)) == []
