"""Logos in timelines: found in the crawl that shows them, through redirects, and told once."""

from __future__ import annotations

from archive.model import Link
from tests.archive.store_builders import (
    FOOTER,
    changes,
    derive,
    found,
    image,
    members,
    reading,
    rows,
    sponsor,
    write,
)

LOGO = "http://example.test/logo.png"


def test_logo_is_the_nearest_capture_of_its_url_in_the_same_crawl(store):
    wall = found("sponsor", [sponsor("A", logo_url=LOGO)])
    for number, picture in enumerate(["old", "old", "new", "old"]):
        far = image(number, LOGO, f"far {number}", second=4000)
        write(store, number, reading(number, wall), image(number, LOGO, picture), far)
    derive(store, "home")
    runs = rows(
        store,
        "SELECT l.subject, substr(l.first_seen, 1, 10), substr(l.last_seen, 1, 10), p.mime FROM logo l"
        " JOIN payload p ON p.id = l.payload_id ORDER BY l.first_seen",
    )
    assert runs == [
        ("a", "2026-01-01", "2026-01-02", "image/png"),
        ("a", "2026-01-03", "2026-01-03", "image/png"),
        ("a", "2026-01-04", "2026-01-04", "image/png"),
    ]
    assert [change[:2] for change in changes(store)] == [("logo replaced", "sponsor"), ("logo replaced", "sponsor")]


def test_logo_is_told_once_though_every_page_shows_it(store):
    head = found("identity", [sponsor("Head", logo_url=LOGO)])
    pages = [
        reading(0, head, members(str(n)), url=f"{FOOTER}/{n}", key=f"n{n}", second=n, hops="L") for n in range(1, 9)
    ]
    write(store, 0, reading(0, head), *pages, image(0, LOGO, "p"))
    store.derive("example")
    assert rows(store, "SELECT page_key, subject FROM logo") == [("home", "head")]


def test_logo_is_found_through_redirects_and_a_circle_of_them_ends(store):
    wall = found("sponsor", [sponsor("A", logo_url=f"{LOGO}#x"), sponsor("B", logo_url="http://example.test/circle")])
    moved = Link("http://example.test/moved.png", "R", "location")
    write(
        store,
        0,
        reading(0, wall),
        image(0, LOGO, "", status=302, links=[moved], second=31),
        image(0, moved.url, "picture", second=32),
        image(
            0,
            "http://example.test/circle",
            "",
            status=302,
            second=33,
            links=[Link("http://example.test/circle", "R", "location")],
        ),
    )
    derive(store, "home")
    assert rows(
        store,
        "SELECT l.subject, c.redirect_to, r.url FROM logo l JOIN capture c ON c.id = l.capture_id"
        " JOIN resource r ON r.id = c.resource_id",
    ) == [("a", None, moved.url)]


def test_sponsor_without_a_name_is_known_by_its_picture(store):
    for number in range(2):
        url = f"http://example.test/{number}.png"
        nameless = found("sponsor", [sponsor("", logo_url=url)])
        write(store, number, reading(number, nameless), image(number, url, "the same picture"))
    derive(store, "home")
    assert rows(store, "SELECT substr(subject, 1, 7), sightings, state FROM presence") == [("sha256:", 2, "current")]
