"""Tables as CSV, JSON lines, Parquet, a database and a described package, read by others' programs."""

from __future__ import annotations

import csv
import doctest
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import frictionless
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.export import files
from archive.formulas import escape, unescape
from archive.store.decisions import append_decision
from tests.archive.export_archive import FORMULA, HIDDEN, NASTY, SECRET, build, export
from tests.front_door import bewaar


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return build(tmp_path_factory.mktemp("export") / "archive")


@pytest.fixture(scope="module")
def database(archive):
    with closing(sqlite3.connect(f"file:{archive.database}?mode=ro", uri=True)) as connection:
        yield connection


@pytest.fixture
def taken_down(tmp_path):
    archive = build(tmp_path / "archive")
    append_decision(archive.decisions / "a.jsonl", who="Jo", why="op verzoek", action="takedown", scope=HIDDEN)
    return archive


def rows(connection, table: str) -> list[tuple]:
    return sorted(connection.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr)


# --- CSV


def test_csv_holds_every_row_and_no_formula(archive, database, tmp_path):
    done = export(archive, tmp_path / "out", "--candidates")
    names = {path.stem for path in (tmp_path / "out").glob("*.csv")}
    assert {"capture", "presence", "member", "current_member", "broken_link"} <= names
    assert not names & {"decision", "event", "problem", "listed", "name_trigram"}
    for name in names:
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *body = csv.reader(file)
        assert header == [row[1] for row in database.execute(f'PRAGMA table_info("{name}")')]
        assert not [cell for row in body for cell in row if cell[:1] in tuple("=+-@\t\r")], name
        expected = [["" if v is None else str(v) for v in row] for row in database.execute(f'SELECT * FROM "{name}"')]
        assert sorted([unescape(cell) for cell in row] for row in body) == sorted(expected), name
    assert {file["name"]: sum(file["rows"].values()) for file in done["files"]}["member.csv"] == 6
    assert "apostrophe" in (tmp_path / "out" / "README.md").read_text()


@given(st.text())
def test_an_escaped_cell_is_no_formula_and_can_be_taken_back(text):
    assert escape(text)[:1] not in tuple("=+-@\t\r\n")
    assert unescape(escape(text)) == text


def test_examples_of_escaping_hold():
    assert doctest.testmod(files).failed == 0


# --- JSON lines, Parquet


def test_json_lines_are_the_rows(archive, database, tmp_path):
    export(archive, tmp_path / "out", "--format", "jsonl", "--tables", "fact,member,goal", "--candidates")
    for name in ("fact", "member", "goal"):
        lines = (tmp_path / "out" / f"{name}.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
        assert sorted((tuple(json.loads(line).values()) for line in lines), key=repr) == rows(database, name)


def test_parquet_has_the_rows_their_types_and_what_the_columns_mean(archive, database, tmp_path):
    done = export(archive, tmp_path / "out", "--format", "parquet", "--candidates")
    for file in done["files"]:
        table = pq.read_table(tmp_path / "out" / file["name"])
        name = file["name"].removesuffix(".parquet")
        found = [tuple(row.values()) for row in table.to_pylist()]
        assert sorted(found, key=repr) == rows(database, name), name
        assert all(field.metadata[b"description"] for field in table.schema), name
        assert table.schema.metadata[b"digest"].decode() == done["digest"]
    assert str(pq.read_schema(tmp_path / "out" / "member.parquet").field("chair").type) in {"int64", "string"}
    assert str(pq.read_schema(tmp_path / "out" / "capture.parquet").field("status").type) == "int64"


# --- a database


def test_the_database_stands_alone_with_keys_indexes_and_search(archive, database, tmp_path):
    done = export(archive, tmp_path / "out", "--format", "sqlite", "--search", "--candidates")
    path = tmp_path / "out" / "dataset.db"
    assert path.stat().st_mode & 0o222 == 0
    assert [file.name for file in sorted(path.parent.iterdir())] == ["CITATION.cff", "README.md", "dataset.db"]
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as public:
        assert public.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert public.execute("PRAGMA foreign_key_check").fetchall() == []
        for table, count in done["files"][0]["rows"].items():
            assert len(rows(public, table)) == count
            assert rows(public, table) == rows(database, table), table
        assert public.execute("SELECT count(*) FROM sqlite_master WHERE name = 'capture_resource'").fetchone() == (1,)
        hits = public.execute("SELECT rowid FROM page_version_fts WHERE page_version_fts MATCH 'formule'").fetchall()
        assert len(hits) == 3
        about = dict(public.execute("SELECT * FROM dataset"))
        assert about["digest"] == done["digest"]
        assert about["digest"] in about["citation"]
        described = {
            row[:2] for row in public.execute("SELECT table_name, column_name, says FROM description") if row[2]
        }
        for table in done["files"][0]["rows"]:
            for column in public.execute(f"PRAGMA table_info({table})"):
                assert (table, column[1]) in described
        keys = public.execute("PRAGMA foreign_key_list(presence)").fetchall()
        assert {key[2] for key in keys} == {"site", "organisation", "fact", "capture"}


def test_chosen_tables_alone_have_keys_among_themselves_only(archive, tmp_path):
    export(archive, tmp_path / "out", "--format", "sqlite", "--tables", "capture,current_member,crawl", "--no-indexes")
    with closing(sqlite3.connect(tmp_path / "out" / "dataset.db")) as public:
        tables = {row[0] for row in public.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables - {"sqlite_stat1"} == {"capture", "current_member", "crawl", "dataset", "description"}
        assert {key[2] for key in public.execute("PRAGMA foreign_key_list(capture)")} == {"crawl", "capture"}
        assert public.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
        ).fetchone() == (0,)


# --- a data package


def test_frictionless_finds_the_package_valid_and_every_column_described(archive, tmp_path):
    export(archive, tmp_path / "out", "--format", "datapackage", "--candidates")
    descriptor = tmp_path / "out" / "datapackage.json"
    report = frictionless.validate(str(descriptor))
    assert report.valid, report.flatten(["type", "note", "rowNumber", "fieldName"])
    assert report.stats["tasks"] > 30
    for resource in json.loads(descriptor.read_text())["resources"]:
        assert resource["description"]
        assert all(field["description"].endswith(".") for field in resource["schema"]["fields"]), resource["name"]
    resources = {resource["name"]: resource for resource in json.loads(descriptor.read_text())["resources"]}
    assert resources["capture"]["schema"]["primaryKey"] == ["id"]
    assert {"fields": "original_id", "reference": {"resource": "", "fields": "id"}} in resources["capture"]["schema"][
        "foreignKeys"
    ]


def test_a_row_that_leads_nowhere_makes_the_package_invalid(archive, tmp_path):
    export(archive, tmp_path / "out", "--format", "datapackage")
    path = tmp_path / "out" / "crawl.csv"
    path.write_text(path.read_text().replace("example,", "nobody,", 1))
    types = {row[0] for row in frictionless.validate(str(tmp_path / "out" / "datapackage.json")).flatten(["type"])}
    assert "foreign-key" in types
    assert types & {"hash-count", "byte-count"}


# --- what is not in it


@pytest.mark.parametrize("format_", ["csv", "jsonl", "sqlite", "datapackage"])
def test_what_is_taken_down_or_guessed_or_the_operators_is_in_no_byte(taken_down, tmp_path, format_):
    more = ("--search",) if format_ == "sqlite" else ()
    done = export(taken_down, tmp_path / "out", "--format", format_, *more)
    data = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    for hidden in (SECRET, "geheime", HIDDEN, "Gok", "op verzoek"):
        assert hidden.encode() not in data, hidden
    assert b"Cordaid" in data
    assert done["withholding"] == 1
    if format_ == "datapackage":
        assert frictionless.validate(str(tmp_path / "out" / "datapackage.json")).valid


def test_a_package_of_columns_of_text_is_written_too(taken_down, tmp_path):
    export(taken_down, tmp_path / "out", "--format", "parquet", "--tables", "page_version")
    texts = pq.read_table(tmp_path / "out" / "page_version.parquet").column("text").to_pylist()
    assert len(texts) == 4
    assert not [text for text in texts if SECRET in text]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--tables", "decision"), "decision: the operator's own table"),
        (("--tables", "nothing"), "no table or view 'nothing'; there are: site,"),
        (("--tables", "a,,b"), "--tables 'a,,b'"),
        (("--format", "gexf", "--tables", "fact"), "--tables goes with tables"),
        (("--nodes", "hosts"), "--nodes goes with --format graphml or gexf, not with csv"),
        (("--no-indexes",), "--no-indexes goes with --format sqlite, not with csv"),
        (("--search",), "--search goes with --format sqlite"),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(archive, tmp_path, options, says):
    assert says in export(archive, tmp_path / "out", *options, code=2)["error"]
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_there_is_left_alone(archive, tmp_path):
    (tmp_path / "out").mkdir()
    assert "exists already" in export(archive, tmp_path / "out", code=2)["error"]


def test_every_export_says_how_to_cite_it(archive, tmp_path):
    done = export(archive, tmp_path / "out", "--tables", "site")
    readme, cff = ((tmp_path / "out" / name).read_text() for name in ("README.md", "CITATION.cff"))
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", done["digest"])
    assert done["digest"] in readme
    assert done["digest"] in cff
    assert done["citation"] in readme
    assert 'name: "Archief & Zoon"' in cff
    assert "captures from 2026-01-01 to 2026-01-03" in readme


def test_words_of_any_kind_come_through(archive, tmp_path):
    export(archive, tmp_path / "out", "--tables", "goal,member")
    with (tmp_path / "out" / "goal.csv").open(encoding="utf-8", newline="") as file:
        assert NASTY in next(iter(list(csv.DictReader(file))))["value"]
    with (tmp_path / "out" / "member.csv").open(encoding="utf-8", newline="") as file:
        assert {f"'{FORMULA}", "''@naam"} <= {row["name"] for row in csv.DictReader(file)}


def test_without_a_place_it_goes_into_the_archives_exports(tmp_path):
    archive = build(tmp_path / "archive")
    done = bewaar("export", "--archive", archive.root, "--json", "--tables", "fact")
    out = Path(json.loads(done.stdout)["directory"])
    assert out.parent == archive.exports
    assert (out / "fact.csv").exists()
