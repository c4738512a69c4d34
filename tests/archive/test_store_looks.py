"""Logos by their looks: what each is, which are one, and what is offered to people and never merged."""

from __future__ import annotations

import gzip
import random
import tempfile
import zlib
from pathlib import Path

import brotli
import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archive import digests
from archive.model import UNNAMED, Crawl, Link
from archive.store import Store, compare
from archive.store.lookalikes import lookalikes, recognised, unnamed
from archive.store.payloads import look_at_payload
from archive.store.schema import migrations
from archive.store.tables import FIRST_SCHEMA
from crawler.items import KINDS
from tests.archive.picture_files import mark, saved
from tests.archive.store_builders import (
    changes,
    crawl,
    day,
    found,
    image,
    members,
    open_store,
    reading,
    rows,
    spans,
    sponsor,
    write,
)

URL = "http://example.test/logo.png"


def one_of(seed: int) -> Image.Image:
    return mark(300, 140, seed=seed)


#: a logo in three files, and three others
FILES = {
    "png": saved(one_of(1), "PNG"),
    "small": saved(one_of(1).resize((150, 70)), "PNG"),
    "jpeg": saved(one_of(1), "JPEG", quality=70),
    "other": saved(one_of(2), "PNG"),
    "third": saved(one_of(3), "PNG"),
    "svg": b'<svg width="30" height="20"/>',
    "html": b"<!doctype html><title>404</title>",
    "cut": saved(one_of(4), "PNG")[:300],
}
HELD = {digests.sha256(data): data for data in (*FILES.values(), b"")}


class Bytes:
    """The payloads of the tests, and which were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, place, digest):
        self.asked.append(digest)
        return HELD.get(digest)


def nameless(url: str, value: str | None = None, position: int = 0):
    value = value or url.rpartition("/")[2]
    return sponsor(value, position, organisation=None, confidence=UNNAMED, name_source="file", logo_url=url)


def wall(*facts):
    return found("sponsor", facts)


def show(store: Store, number: int, *names_and_files: tuple[str, str], at: str = URL) -> None:
    """One crawl in which each sponsor stands beside a file of `FILES`, under an URL of its own."""
    facts = [sponsor(name, logo_url=f"{at}?{name}") for name, _ in names_and_files]
    pictures = [
        image(number, f"{at}?{name}", FILES[file], second=30 + place)
        for place, (name, file) in enumerate(names_and_files)
    ]
    write(store, number, reading(number, wall(*facts)), *pictures)


def derive(store: Store, read=None):
    return store.derive("example", anchors=["home"], read=read or Bytes())


def test_a_logos_type_size_and_look_stand_with_its_payload(store):
    show(store, 0, ("A", "png"), ("B", "svg"))
    write(store, 1, image(1, "http://example.test/photo.png", FILES["third"]))
    read = Bytes()
    derive(store, read)
    assert rows(store, "SELECT media_type, width, height, look FROM payload WHERE look IS NOT NULL ORDER BY 1") == [
        ("image/png", 300, 140, "seen"),
        ("image/svg+xml", 30, 20, "drawing"),
    ]
    assert rows(store, "SELECT length(phash), mime FROM payload WHERE phash IS NOT NULL") == [(16, "image/png")]
    assert sorted(read.asked) == sorted(digests.sha256(FILES[name]) for name in ("png", "svg"))
    again = Bytes()
    derive(store, again)
    assert again.asked == []


def test_organisations_with_one_logo_are_asked_about_and_stay_two(store):
    show(store, 0, ("Plan", "png"), ("Oxfam Novib", "small"), ("Cordaid", "other"))
    derive(store)
    asked = rows(store, "SELECT organisation_id, other_id, reason, score > 90 FROM suggestion")
    assert asked == [("oxfam-novib", "plan", "same logo", 1)]
    assert rows(store, "SELECT why FROM review WHERE kind = 'alias'") == [("shown with the same picture",)]
    assert rows(store, "SELECT count(*) FROM current_sponsor") == [(3,)]


def test_type_is_what_the_bytes_say_whatever_the_server_says(store):
    write(store, 0, reading(0, wall(sponsor("A", logo_url=URL))), image(0, URL, FILES["jpeg"], mime="image/png"))
    derive(store)
    assert rows(store, "SELECT mime, media_type FROM payload WHERE look = 'seen'") == [("image/png", "image/jpeg")]


def test_another_file_of_the_same_picture_is_no_change(store):
    for number, file in enumerate(["png", "png", "small", "jpeg", "png", "other", "other"]):
        show(store, number, ("A", file))
    derive(store)
    assert rows(store, "SELECT first_seen, last_seen FROM logo ORDER BY 1") == [
        (day(0, 30), day(4, 30)),
        (day(5, 30), day(6, 30)),
    ]
    assert rows(
        store,
        "SELECT p.media_type, p.width, f.first_seen, f.last_seen FROM logo_file f JOIN payload p ON p.id = f.payload_id"
        " ORDER BY f.first_seen",
    ) == [
        ("image/png", 300, day(0, 30), day(1, 30)),
        ("image/png", 150, day(2, 30), day(2, 30)),
        ("image/jpeg", 300, day(3, 30), day(3, 30)),
        ("image/png", 300, day(4, 30), day(4, 30)),
        ("image/png", 300, day(5, 30), day(6, 30)),
    ]
    assert [change[0] for change in changes(store)] == ["logo replaced"]
    before, after = rows(store, "SELECT before, after FROM change")[0]
    assert (before, after) == (digests.sha256(FILES["png"]), digests.sha256(FILES["other"]))


def test_where_nobody_can_tell_another_file_is_another_logo(store):
    for number, file in enumerate(["png", "svg", "svg", "cut"]):
        show(store, number, ("A", file))
    derive(store)
    assert [change[0] for change in changes(store)] == ["logo replaced", "logo replaced"]


def test_a_logo_nothing_names_is_the_same_under_another_file_name_and_size(store):
    for number, (name, file) in enumerate([("1.png", "png"), ("1007.png", "small"), ("x/22.jpg", "jpeg")]):
        url = f"http://example.test/{name}"
        write(store, number, reading(number, wall(nameless(url))), image(number, url, FILES[file]))
    derive(store)
    assert rows(store, "SELECT subject, value, sightings, state FROM presence") == [
        (digests.sha256(FILES["png"]), "22.jpg", 3, "current")
    ]
    assert changes(store) == []


def test_two_logos_that_nothing_names_are_two_under_one_file_name(store):
    urls = [f"http://example.test/{folder}/1.png" for folder in "ab"]
    facts = [nameless(url, position=place) for place, url in enumerate(urls)]
    pictures = [
        image(0, url, FILES[file], second=30 + place)
        for place, (url, file) in enumerate(zip(urls, ("png", "other"), strict=True))
    ]
    write(store, 0, reading(0, wall(*facts)), *pictures)
    derive(store)
    assert len(rows(store, "SELECT DISTINCT subject FROM presence")) == 2


def test_a_logo_nothing_names_is_the_same_in_a_crawl_that_did_not_keep_it(store):
    url = "http://example.test/1.png"
    for number in range(3):
        pictures = [image(number, url, FILES["png"])] if number != 1 else []
        write(store, number, reading(number, wall(nameless(url), sponsor("B"))), *pictures)
    derive(store)
    assert spans(store, "sponsor") == [("1.png", "current", None, 0, 2, None), ("B", "current", None, 0, 2, None)]


def test_a_logo_never_kept_goes_by_its_files_name(store):
    write(store, 0, reading(0, wall(nameless("http://example.test/1.png"))))
    derive(store)
    assert rows(store, "SELECT subject FROM presence") == [("1 png",)]


def test_a_named_sponsor_keeps_its_name_whatever_it_looks_like(store):
    show(store, 0, ("A", "png"), ("B", "png"))
    derive(store)
    assert [row[0] for row in rows(store, "SELECT subject FROM presence ORDER BY 1")] == ["a", "b"]


def test_a_logo_that_cannot_be_seen_is_a_problem_told_once(store):
    for number in range(3):
        show(store, number, ("A", "html"), ("B", "cut"), ("C", "png"))
    for _ in range(2):
        derive(store)
    assert rows(store, "SELECT crawl_id, url, what, detail FROM problem ORDER BY url") == [
        (crawl(0).id, f"{URL}?A", "logo cannot be read", "its bytes are no picture"),
        (crawl(0).id, f"{URL}?B", "logo cannot be read", "its bytes are damaged or cut short"),
    ]


def test_what_cannot_be_read_now_is_looked_at_the_next_time(store):
    show(store, 0, ("A", "png"))
    derive(store, lambda place, digest: None)
    assert rows(store, "SELECT count(*) FROM payload WHERE look IS NOT NULL") == [(0,)]
    derive(store)
    assert rows(store, "SELECT count(*) FROM payload WHERE look = 'seen'") == [(1,)]


def test_logo_is_looked_at_behind_a_redirect(store):
    moved = Link("http://example.test/moved.png", "R", "location")
    write(
        store,
        0,
        reading(0, wall(sponsor("A", logo_url=f"{URL}#x"))),
        image(0, URL, "", status=302, links=[moved], second=31),
        image(0, moved.url, FILES["png"], second=32),
    )
    derive(store)
    assert rows(store, "SELECT x.url, p.look FROM picture x JOIN payload p ON p.id = x.payload_id") == [
        (f"{URL}#x", "seen")
    ]


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress, brotli.compress])
def test_a_coded_logo_is_looked_at_decoded(encode):
    assert look_at_payload(encode(FILES["svg"])).media_type == "image/svg+xml"


def test_a_coded_bomb_is_too_large():
    assert look_at_payload(gzip.compress(bytes(30 << 20))).outcome == "too large"


def test_an_older_database_is_brought_up_to_date_and_filled(tmp_path):
    path = tmp_path / "archive.db"
    with open_store(tmp_path) as store:
        show(store, 0, ("A", "png"))
        derive(store)
        expected = compare.dump(store.db.conn)
        wanted = {
            table: [row[1] for row in rows(store, f'PRAGMA table_info("{table}")')]
            for table in compare.tables(store.db.conn)
        }
    old = sqlite_utils.Database(tmp_path / "old.db")
    for statement in FIRST_SCHEMA:
        old.execute(statement)
    old_columns = {
        table: [row[1] for row in old.execute(f'PRAGMA table_info("{table}")')]
        for table in compare.tables(old.conn)
        if table in wanted
    }
    old.execute("ATTACH ? AS new", [str(path)])
    for table, columns in old_columns.items():
        listed = ", ".join(f'"{column}"' for column in columns)
        old.execute(f'INSERT INTO main."{table}" ({listed}) SELECT {listed} FROM new."{table}"')
    old.execute("CREATE TABLE _sqlite_migrations AS SELECT * FROM new._sqlite_migrations WHERE name = 'first_schema'")
    old.conn.commit()
    old.close()
    pending = [m.name for m in migrations.pending(sqlite_utils.Database(tmp_path / "old.db"))]
    assert pending == [
        *("pictures", "drift", "extractor_version", "curation", "copies", "reports", "source"),
        *("erased", "described", "styles"),
    ]
    with Store(tmp_path / "old.db", KINDS) as store:
        assert rows(store, "SELECT subject, media_type FROM logo l JOIN payload p ON p.id = l.payload_id") == [
            ("a", None)
        ]
        derive(store)
        assert list(compare.differences(expected, compare.dump(store.db.conn))) == []


def test_the_same_picture_is_found_over_files_sites_and_organisations(store):
    store.write_site("other", name="Other")
    show(store, 0, ("A", "png"), ("C", "third"))
    show(store, 1, ("A", "small"))
    url = "http://other.test/7.jpg"
    shown = reading(0, wall(sponsor("Stichting A", logo_url=url)), site="other", url="http://other.test/")
    write(store, 0, shown, image(0, url, FILES["jpeg"], site="other"), site="other")
    derive(store)
    store.derive("other", read=Bytes())
    found_rows = rows(
        store,
        "SELECT url, site_id, name, width FROM same_logo WHERE digest = ? ORDER BY first_seen, url",
        digests.sha256(FILES["small"]),
    )
    assert found_rows == [
        (f"{URL}?A", "example", "A", 300),
        (url, "other", "Stichting A", 300),
        (f"{URL}?A", "example", "A", 150),
    ]


def test_organisations_that_look_the_same_are_offered_and_not_merged(store):
    show(store, 0, ("Plan", "png"), ("Plan Nederland", "jpeg"), ("Other", "other"), ("Twin", "other"))
    derive(store)
    offered = [(found.organisation, found.other, found.distance == 0) for found in lookalikes(store.db.conn)]
    assert sorted(offered)[:1] == [("other", "twin", True)]
    assert sorted(offered)[1][:2] == ("plan", "plan-nederland")
    assert len(offered) == 2
    assert rows(store, "SELECT count(*) FROM organisation") == [(4,)]


def test_a_logo_nothing_names_is_recognised_by_anothers(store):
    url = "http://example.test/1.png"
    named = sponsor("Plan", logo_url=URL)
    write(
        store,
        0,
        reading(0, wall(named, nameless(url, position=1))),
        image(0, URL, FILES["png"]),
        image(0, url, FILES["small"], second=31),
    )
    derive(store)
    [found_one] = recognised(store.db.conn)
    assert (found_one.organisation, found_one.role, found_one.subject) == (
        "plan",
        "sponsor",
        digests.sha256(FILES["png"]),
    )
    [logo] = unnamed(store.db.conn)
    assert (logo.value, logo.digest) == ("1.png", digests.sha256(FILES["small"]))
    assert list(lookalikes(store.db.conn)) == []


# Whatever the order

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
