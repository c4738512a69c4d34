"""Logos that look the same: found over files, sites and organisations, offered to people, and never merged."""

from __future__ import annotations

from archive import digests
from archive.store.lookalikes import lookalikes, recognised, unnamed
from tests.archive.shown_logos import FILES, URL, Bytes, derive, nameless, show, wall
from tests.archive.store_builders import (
    image,
    reading,
    rows,
    sponsor,
    write,
)


def test_organisations_with_one_logo_are_asked_about_and_stay_two(store):
    show(store, 0, ("Plan", "png"), ("Oxfam Novib", "small"), ("Cordaid", "other"))
    derive(store)
    asked = rows(store, "SELECT organisation_id, other_id, reason, score > 90 FROM suggestion")
    assert asked == [("oxfam-novib", "plan", "same logo", 1)]
    assert rows(store, "SELECT why FROM review WHERE kind = 'alias'") == [("shown with the same picture",)]
    assert rows(store, "SELECT count(*) FROM current_sponsor") == [(3,)]


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
