"""Logos by their looks: what each is, which are one, and which cannot be seen."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import sqlite_utils

from archive import digests
from archive.model import Link
from archive.store import Store, compare
from archive.store.payloads import look_at_payload
from archive.store.schema import migrations
from archive.store.tables import FIRST_SCHEMA
from crawler.items import KINDS
from tests.archive.shown_logos import FILES, URL, Bytes, derive, nameless, show, wall
from tests.archive.store_builders import (
    changes,
    crawl,
    day,
    image,
    open_store,
    reading,
    rows,
    spans,
    sponsor,
    write,
)


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
