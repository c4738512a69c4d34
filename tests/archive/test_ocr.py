"""Names read off logos that nothing names: suggestions, for real Tesseract, and never a row."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from archive.gallery.suggestions import read_names, suggest
from archive.layout import Archive
from archive.pictures.ocr import Letters
from archive.store import open_read_only
from archive.store.compare import dump
from tests.archive.picture_files import mark, png_of_nothing, saved
from tests.archive.store_builders import open_store
from tests.front_door import COMMAND, bewaar, crawl, environment
from tests.site_server import Site, page

pytestmark = pytest.mark.skipif(
    shutil.which("tesseract") is None and not os.environ.get("CI"), reason="Tesseract is not installed"
)


def logo(
    text: str, *, size: int = 36, ink: object = (20, 60, 120), ground: object = "white", mode: str = "RGB"
) -> bytes:
    """A word mark beside a disc."""
    font = ImageFont.load_default(size)
    width = round(font.getlength(text))
    image = Image.new(mode, (width + 3 * size, 2 * size), ground)
    pen = ImageDraw.Draw(image)
    pen.ellipse((size // 4, size // 3, size // 4 + size, size // 3 + size), fill=ink)
    pen.text((2 * size, size // 3), text, font=font, fill=ink)
    return saved(image, "PNG")


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (logo("Stichting Lantaarn"), "Stichting Lantaarn"),
        (logo("Wilde Ganzen", size=18), "Wilde Ganzen"),
        (logo("KERK IN ACTIE", ink="white", ground=(150, 20, 40)), "KERK IN ACTIE"),
        (logo("Pleegzorg", ink=(255, 255, 255, 255), ground=(0, 0, 0, 0), mode="RGBA"), "Pleegzorg"),
        (logo("Children First", size=90), "Children First"),
    ],
    ids=["dark", "small", "light", "on-nothing", "large"],
)
def test_letters_are_read(letters, data, text):
    found = letters.read(data)
    assert found is not None
    assert text in found.text
    assert 0.6 <= found.confidence <= 1


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.new("RGB", (90, 40), "white"), "PNG"),
        logo("Stichting")[:400],
        png_of_nothing(20_000, 20_000),
        b"<svg/>",
        b"",
        saved(mark(300, 120, seed=1).resize((300, 1)), "PNG"),
    ],
    ids=["white", "cut", "nothing", "svg", "empty", "line"],
)
def test_what_has_no_letters_suggests_nothing(letters, data):
    assert letters.read(data) is None


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ocr") / "a"
    files = {
        "/f/1.png": logo("Stichting Lantaarn"),
        "/f/2.png": saved(mark(300, 140, seed=5), "PNG"),
        "/f/plan.png": logo("Plan"),
        "/f/abc-fonds.png": saved(Image.open(_file(logo("Plan", size=72))).resize((180, 72)), "PNG"),
        "/f/lamp.png": saved(mark(300, 140, seed=5).resize((150, 70)), "PNG"),
    }
    shown = "".join(f'<img src="{path}">' for path in files)
    pages = {"/": page(f"<h2>Sponsors</h2><div>{shown}</div>")}
    with Site(pages | {path: (200, {"Content-Type": "image/png"}, data) for path, data in files.items()}) as site:
        crawl(site.url(), root, code=None)
    return root


def _file(data: bytes):
    from io import BytesIO

    return BytesIO(data)


def test_only_logos_that_nothing_names_are_read(archive: Path) -> None:
    db = open_read_only(archive / "archive.db")
    before = dump(db.conn)
    found = list(read_names(db.conn, archive / "warcs"))
    assert [(one.kind, one.role) for one in found] == [("read", "sponsor")]
    assert "Stichting Lantaarn" in found[0].suggestion
    assert dump(db.conn) == before
    assert db.execute("SELECT count(*) FROM fact WHERE value LIKE '%Lantaarn%'").fetchone() == (0,)
    db.close()


def test_what_looks_the_same_is_suggested(archive: Path) -> None:
    db = open_read_only(archive / "archive.db")
    found = {(one.kind, one.subject[:6], one.suggestion) for one in suggest(db.conn)}
    db.close()
    assert ("recognised", "sha256", "lamp") in found
    assert ("same logo", "abc-fo", "plan") in found
    assert len(found) == 2


def test_the_command_prints_rows(archive: Path) -> None:
    rows = json.loads(bewaar("logos", "--ocr", "--json", "--archive", archive).stdout)
    assert {row["kind"] for row in rows} >= {"recognised", "read"}
    assert all(0 < row["confidence"] <= 1 and row["record_id"].startswith("<urn:uuid:") for row in rows)
    lines = bewaar("logos", "--archive", archive).stdout.splitlines()
    assert len(lines) == len([row for row in rows if row["kind"] != "read"])


def test_it_says_that_there_is_nothing_to_suggest(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    Archive.create(root)
    with open_store(root):
        pass
    done = bewaar("logos", "--archive", root)
    assert done.stdout == ""
    assert "nothing to suggest" in done.stderr
    assert json.loads(bewaar("logos", "--json", "--archive", root).stdout) == []


def test_without_tesseract_it_says_what_to_install(archive: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "logos", "--ocr", "--archive", archive], capture_output=True, text=True,
        env=environment() | {"PATH": str(Path(sys.executable).parent)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "apt-get install tesseract-ocr tesseract-ocr-nld" in done.stderr
    assert "Traceback" not in done.stderr
