"""Logos from the wire to the rows: crawled twice, live and rebuilt, in any order."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store import Store, open_read_only
from archive.store.compare import differences, dump
from archive.store.proof import RowsChecked, verify_rows
from crawler.files import ingest_file
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.rebuild import rebuild
from tests.archive.picture_files import mark, png_of_nothing, saved
from tests.archive.raw_records import record, write_warc
from tests.crawler.ingests import info, rows, take
from tests.front_door import crawl
from tests.site_server import Answer, Site, page


def wall(*files: tuple[str, str]) -> Answer:
    """The last is shown by a style sheet that the page's style sheet imports."""
    *files, (styled, _) = files
    shown = "".join(f'<a href="http://{name or "x"}.test/"><img src="{path}" alt="{name}"></a>' for name, path in files)
    shown += f'<a href="http://{styled}.test/" class="logo logo-{styled}"></a>'
    return page(f"<link rel=stylesheet href=/stijl.css><h1>Netwerk</h1><h2>Sponsors</h2><div>{shown}</div>")


def file(data: bytes, kind: str = "image/png", **headers: str) -> Answer:
    return 200, {"Content-Type": kind, **headers}, data


PLAN, LANTERN = mark(300, 140, seed=11), mark(280, 160, seed=12)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 45"><path d="M0 0h9"/></svg>'

FIRST = {
    "/": wall(("Plan", "/plan.png"), ("Lantaarn", "/lantaarn.png"), ("Bom", "/bom.png"), ("Weg", "/weg.png"),
              ("Vorm", "/vorm.svg"), ("Same", "/same.png")),
    "/stijl.css": (200, {"Content-Type": "text/css"}, b"@import url(css/meer.css); .logo { width: 9em }"),
    "/css/meer.css": (200, {"Content-Type": "text/css"}, b".logo-Same { background: url('../same.png') no-repeat }"),
    "/plan.png": file(saved(PLAN, "PNG")),
    "/lantaarn.png": file(saved(LANTERN, "PNG")),
    "/same.png": file(saved(mark(200, 100, seed=13), "PNG")),
    "/bom.png": file(png_of_nothing(12_000, 12_000)),
    "/weg.png": file(b"<!doctype html><title>Niet gevonden</title>"),
    "/vorm.svg": file(gzip.compress(SVG, mtime=0), "image/svg+xml", **{"Content-Encoding": "gzip"}),
}  # fmt: skip
SECOND = FIRST | {
    "/": wall(("Plan", "/nieuw/plan-2.jpg"), ("Lantaarn", "/lantaarn.png"), ("Bom", "/bom.png"), ("Weg", "/weg.png"),
              ("Vorm", "/vorm.svg"), ("Same", "/same.png")),
    "/nieuw/plan-2.jpg": file(saved(PLAN.resize((200, 93)), "JPEG"), "image/jpeg"),
    "/lantaarn.png": file(saved(mark(280, 160, seed=14), "PNG")),
}  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logos") / "a"
    with Site(FIRST) as site:
        crawl(site.url(), root, code=None)
        site.pages = SECOND
        crawl(site.url(), root, code=None)
    return root


def query(archive: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(archive / "archive.db")
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def test_every_logo_has_type_and_size_and_the_hostile_are_problems(archive: Path) -> None:
    found = query(
        archive,
        "SELECT x.url, p.look, p.media_type, p.width, p.height FROM picture x JOIN payload p ON p.id = x.payload_id",
    )
    assert sorted((str(url).split("/", 3)[3], *rest) for url, *rest in found) == [
        ("bom.png", "too large", "image/png", 12_000, 12_000),
        ("lantaarn.png", "seen", "image/png", 280, 160),
        ("lantaarn.png", "seen", "image/png", 280, 160),
        ("nieuw/plan-2.jpg", "seen", "image/jpeg", 200, 93),
        ("plan.png", "seen", "image/png", 300, 140),
        ("same.png", "seen", "image/png", 200, 100),
        ("vorm.svg", "drawing", "image/svg+xml", 90, 45),
        ("weg.png", "no picture", None, None, None),
    ]
    problems = query(archive, "SELECT url, detail FROM problem WHERE what = 'logo cannot be read' ORDER BY url")
    assert [(str(url).rpartition("/")[2], detail) for url, detail in problems] == [
        ("bom.png", "it is too large to be decoded"),
        ("weg.png", "its bytes are no picture"),
    ]


def test_only_another_picture_is_a_logo_replaced(archive: Path) -> None:
    assert query(archive, "SELECT kind, subject FROM change WHERE kind = 'logo replaced'") == [
        ("logo replaced", "lantaarn")
    ]
    runs = query(
        archive,
        "SELECT subject, count(DISTINCT l.id), count(*) FROM logo l JOIN logo_file f ON f.logo_id = l.id"
        " WHERE role = 'sponsor' GROUP BY 1 ORDER BY 1",
    )
    assert runs == [("bom", 1, 1), ("lantaarn", 2, 2), ("plan", 1, 2), ("same", 1, 1), ("vorm", 1, 1), ("weg", 1, 1)]
    # What did not change was kept as a revisit: its look comes from the original.
    assert query(archive, "SELECT count(*) FROM capture c JOIN resource r ON r.id = c.resource_id"
                          " WHERE r.url LIKE '%/same.png' AND c.record_type = 'revisit'") == [(1,)]  # fmt: skip


def test_a_logo_that_a_linked_style_sheet_shows_is_proven_by_both(archive: Path) -> None:
    shown = query(
        archive,
        "SELECT f.name_source, f.rule, f.confidence, e.quote, s.quote, s.url FROM fact_source e JOIN fact f ON"
        " f.id = e.fact_id JOIN style_source s ON s.fact_id = f.id AND s.observation_id = e.observation_id"
        " WHERE f.value = 'same'",
    )
    assert len(shown) == 2
    for name_source, rule, confidence, element, styled, url in shown:
        assert (name_source, rule, confidence) == ("file", "linked-style", 0.63)
        assert (element, styled) == ("logo logo-Same", ".logo-Same { background: url('../same.png') no-repeat }")
        assert str(url).endswith("/css/meer.css")
    db = open_read_only(archive / "archive.db")
    checked = RowsChecked()
    assert list(verify_rows(db, archive / "warcs", checked)) == []
    assert checked.rules == 2
    db.close()


STYLE = "@import 'sheet'; .logo-lamp { background: url(lamp.png) } /* café */ .logo-plan { background: url(plané.png) }"


def others(folder: Path, day: int) -> list[Path]:
    """A page of that day in one file, its style sheets in another."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: "
    wall = "".join(f'<a class="logo logo-{name}" href="http://{name}.test/"></a>' for name in ("plan", "lamp", "zon"))
    html = f"<link rel=stylesheet href=/css/main.css><h2>Sponsors</h2><div>{wall}</div>".encode()
    coded = b"text/css; charset=iso-8859-1\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(STYLE.encode("latin-1"))
    answers = {
        "": b"text/html\r\n\r\n" + html,
        "css/main.css": coded,
        "css/sheet": b"text/css\r\n\r\n.logo-zon { background: url(/zon.png) }",
    }
    made = [
        record("response", f"http://network.test/{path}", head + answer, date=f"2020-01-0{day}T10:00:0{second}Z")
        for second, (path, answer) in enumerate(answers.items())
    ]
    names = (folder / f"page-{day}.warc.gz", folder / f"sheets-{day}.warc.gz")
    return [write_warc(names[0], info(), made[0]), write_warc(names[1], info(), *made[1:])]


def test_page_and_sheets_of_others_give_the_same_rows_in_any_order_and_are_proven(tmp_path: Path) -> None:
    files = [path for day in (1, 2) for path in others(tmp_path, day)]
    roots = []
    for number, order in enumerate(([0, 1, 2, 3], [3, 0, 2, 1], [1, 2])):
        archive = Archive.create(tmp_path / f"a{number}")
        for at in order:
            take(archive, [files[at]])
        roots.append(archive.root)
    one, other, half = map(rows, roots)
    assert list(differences(one, other)) == []
    assert half["style_evidence"] == []
    db = sqlite3.connect(roots[0] / "archive.db")
    shown = db.execute(
        "SELECT value, s.url, s.byte_start FROM style_source s WHERE captured_at < '2020-01-02' ORDER BY 1"
    )
    assert shown.fetchall() == [
        ("lamp", "http://network.test/css/main.css", 17),
        ("plané", "http://network.test/css/main.css", 69),
        ("zon", "http://network.test/css/sheet", 0),
    ]
    assert list(verify_rows(open_read_only(roots[0] / "archive.db"), roots[0] / "warcs")) == []
    db.execute("UPDATE style_evidence SET byte_start = byte_start + 1 WHERE quote LIKE '.logo-plan%'")
    db.commit()
    (found, again) = verify_rows(open_read_only(roots[0] / "archive.db"), roots[0] / "warcs")
    assert found.what.startswith(
        f"fact {found.row}: expected the rule '.logo-plan {{ background: url(plané.png) }}' at bytes 70-"
    )
    assert found.file != again.file
    db.close()


def test_live_equals_rebuilt_in_any_order(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(archive, copy)
    for path in copy.glob("archive.db*"):
        path.unlink()
    rebuild(Archive.open(copy)).close()
    files = sorted((copy / "warcs").glob("*.warc.gz"))
    assert len(files) == 2
    with Store(tmp_path / "backwards.db", KINDS) as backwards:
        ingests = Ingests(Archive.open(copy), backwards)
        for path in reversed(files):
            ingest_file(ingests, path)
            ingests.derive()
    live = open_read_only(archive / "archive.db")
    for other in (copy / "archive.db", tmp_path / "backwards.db"):
        rebuilt = open_read_only(other)
        assert list(differences(dump(live.conn), dump(rebuilt.conn))) == []
        rebuilt.close()
    live.close()
