"""Members in tables: the titles of the columns say where names, towns and years stand, whatever their order."""

from __future__ import annotations

from typing import Any

import pytest

from archive.model import Page
from crawler.extract import extract
from crawler.tree import parse


def members(table: str, lang: str = "en") -> list[tuple[Any, ...]]:
    body = f"<!doctype html><html lang={lang}><h2>{'Leden' if lang == 'nl' else 'Members'}</h2><table>{table}</table>"
    page = Page("https://league.test/", body.encode(), body, "utf-8")
    sections = {section.role: section for section in extract(page, parse(body))}
    return [(fact.value, fact.place, fact.year) for fact in sections["member"].facts]


LAMP = [("Lamp Society", "Kent", 1999), ("Wick Society", "Sussex", 2004)]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (
            (
                "<caption>Members by county</caption><tr><th>County<th>Society<th>Joined in"
                "<tr><th scope=row>Kent<td>Lamp Society<td>1999<tr><th scope=row>Sussex<td>Wick Society<td>2004"
            ),
            LAMP,
        ),
        (
            (
                "<thead><tr><td>No.<td>Since<td>Town<td>Lamp club</thead>"
                "<tr><td>1<td>1 May 1999<td>Kent<td>Lamp Society<tr><td>2<td>2004<td>Sussex<td>Wick Society"
            ),
            LAMP,
        ),
        # The head spans two columns, of which the first numbers the rows.
        (
            "<tr><th colspan=2>Society<th>Town<tr><td>1<td>Lamp Society<td>Kent<tr><td>2<td>Wick Society<td>Sussex",
            [("Lamp Society", "Kent", None), ("Wick Society", "Sussex", None)],
        ),
        # No cell is marked as a title; two that say what they are make a head.
        (
            "<tr><td>Town<td>Name<tr><td>Kent<td>Lamp Society<tr><td><td>Wick Society",
            [("Lamp Society", "Kent", None), ("Wick Society", None, None)],
        ),
        # A year of the founding is none of joining, where there is a column for that.
        (
            "<tr><th>Name<th>Founded<th>Member since<tr><td>Lamp Society<td>1871<td>1999<tr><td>Wick Society<td>1902<td>",
            [("Lamp Society", None, 1999), ("Wick Society", None, None)],
        ),
        # Titles that say nothing: as a list is read.
        (
            "<tr><th>Lamp<th>Lit<tr><td>Lamp Society<td>daily<tr><td>Wick Society<td>at night",
            [("Lamp Society", None, None), ("Wick Society", None, None)],
        ),
        # Of columns that are known none is the year of joining.
        (
            "<tr><th>Name<th>Town<th>Employees<tr><td>Lamp Society<td>Kent<td>1950<tr><td>Wick Society<td>Oxford<td>2010",
            [("Lamp Society", "Kent", None), ("Wick Society", "Oxford", None)],
        ),
        # A committee has members too.
        ("<tr><th>Name<th>Town<tr><td>Anna Bakker<td>Kent<tr><td>Jan de Vries<td>Sussex", []),
    ],
    ids=[
        "caption",
        "titles in a head of td",
        "spanning title",
        "unmarked titles",
        "founding",
        "employees",
        "nothing said",
        "people",
    ],
)
def test_columns_are_known_by_their_titles(table: str, found: list[tuple[Any, ...]]) -> None:
    assert members(table) == found


@pytest.mark.parametrize("span", ["0", "-1", "x", "²", "9" * 5000, "100"])
def test_no_colspan_confuses_the_count_for_long(span: str) -> None:
    rows = "<tr><th>Name<th>Town<tr><td>Lamp Society<td>Kent<tr><td>Wick Society<td>Sussex"
    head = rows.replace("<th>Name", f"<th colspan={span}>Name")
    assert [name for name, _place, _year in members(head)] == ["Lamp Society", "Wick Society"]


def test_dutch_titles_are_known_too() -> None:
    table = (
        "<tr><th>Plaats<th>Vereniging<th>Lid sinds<tr><td>Oss<td>Kaarsenbond<td>1999<tr><td>Ede<td>Lontvrienden<td>2004"
    )
    assert members(table, "nl") == [("Kaarsenbond", "Oss", 1999), ("Lontvrienden", "Ede", 2004)]
