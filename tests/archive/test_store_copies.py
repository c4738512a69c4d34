"""One record in two files is two captures, of which one counts."""

from __future__ import annotations

from pathlib import Path

from archive.layout import KEPT
from archive.model import Place, Reading
from archive.store import Store
from tests.archive.store_builders import crawl, found, member, open_store, reading, rows

FILES = tuple(f"{KEPT}{digit * 64}.warc.gz" for digit in "ab")


def plan(name: str) -> tuple:
    return (found("member", [member(name, organisation="plan")]),)


def taken_in(number: int, name: str, file: str) -> Reading:
    return reading(number, *plan(name), place=Place(file, number * 1_000, 900))


def write_all(store: Store, *readings: Reading) -> None:
    for one in readings:
        number = int(one.capture.record_id[-13:-7])
        store.write_crawl(crawl(number))
        store.write_readings(crawl(number).id, [one])
    store.derive("example", anchors=["home"])


def test_a_copy_neither_names_an_organisation_nor_counts_as_a_sighting(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        write_all(
            store,
            taken_in(0, "Plan Nederland", FILES[0]),
            taken_in(1, "Plan NL", FILES[0]),
            taken_in(1, "Plan NL", FILES[1]),
            taken_in(2, "Plan", FILES[0]),
            taken_in(2, "Plan", FILES[1]),
        )
        assert rows(store, "SELECT count(*), count(copy_of_id) FROM capture") == [(5, 2)]
        # each once, so the earliest
        assert rows(store, "SELECT id, name FROM organisation") == [("plan", "Plan Nederland")]
        aliases = rows(store, "SELECT alias, sightings FROM organisation_alias ORDER BY alias")
        assert aliases == [("Plan", 1), ("Plan NL", 1)]
        assert rows(store, "SELECT sightings FROM presence") == [(3,)]


def test_what_only_a_copy_shows_still_names_its_organisation(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = reading(0, text="Other", place=Place(FILES[0], 0, 900))
        write_all(store, first, taken_in(0, "Plan Nederland", FILES[1]))
        assert rows(store, "SELECT count(*), count(copy_of_id) FROM capture") == [(2, 1)]
        assert rows(store, "SELECT id, name FROM organisation") == [("plan", "Plan Nederland")]
