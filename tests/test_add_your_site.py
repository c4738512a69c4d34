"""docs/add-your-site.md, followed to the letter: a site of another kind than ours, and a kind of fact nobody reads yet."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.front_door import CONTACT, bewaar, crawl, environment
from tests.machine import program
from tests.site_server import Site, page

# What they share takes long to make: once is enough.
pytestmark = pytest.mark.xdist_group("add-your-site")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add-your-site.md").read_text(encoding="utf-8")
FIRST, SECOND = PAGE.split("## A kind of fact that nobody reads yet")
#: each command block, and the block right behind it that shows some of what it prints
STEPS = re.findall(r"```sh\n(.*?)```(?:\n\n```\n(.*?)```)?", FIRST, re.DOTALL)
DATACLASS, MODULE = re.findall(r"```python\n(.*?)```", SECOND, re.DOTALL)
LABELS = re.findall(r"```toml\n(.*?)```", SECOND, re.DOTALL)[0]
#: in the page; another test may serve there
PORT = "8765"
_BORDER = re.compile(r"\s+")


def as_pattern(line: str) -> re.Pattern[str]:
    """A line of the page, its white space however wide, and anything at all for its three dots."""
    words = re.escape(_BORDER.sub(" ", line.strip())).replace(r"\.\.\.", ".*")
    return re.compile(words)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Where the page was followed, and what each of its command blocks printed."""
    program("sqlite3", "sqlite3")
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    place = tmp_path_factory.mktemp("ten-minutes")
    # One shell, as its reader has one: the site goes on being served in it.
    listening = f"for _ in $(seq 200); do (: > /dev/tcp/127.0.0.1/{port}) 2> /dev/null && break; read -rt .05 <> <(:) || :; done"
    script = ["trap 'kill $(jobs -p)' EXIT", 'echo "::step::"']
    for number, (block, _shown) in enumerate(STEPS):
        script += [block.replace(PORT, port), *([listening] if number == 0 else []), 'echo "::step::"']
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(script)], capture_output=True, text=True, cwd=place, timeout=300,
        env=environment() | {"PATH": path}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return place, done.stdout.replace(port, PORT).split("::step::\n")[1:-1]


def test_every_command_of_the_page_is_run_and_most_are_shown_to_print_something() -> None:
    assert len(STEPS) == FIRST.count("```sh")
    assert sum(bool(shown) for _block, shown in STEPS) >= 7


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_a_step_prints_what_the_page_shows(followed: tuple[Path, list[str]], number: int) -> None:
    printed = [_BORDER.sub(" ", line.strip()) for line in followed[1][number].splitlines()]
    for line in STEPS[number][1].splitlines():
        assert any(as_pattern(line).match(each) for each in printed), f"{line!r} is not in\n" + "\n".join(printed)


def test_the_facts_come_out_with_their_proof(followed: tuple[Path, list[str]]) -> None:
    archive = followed[0] / "archive-data"
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--dry-run", "--profile", "current", "--archive", archive)
    listed = query(archive, "SELECT name, year, place, state FROM member ORDER BY name")
    assert listed == [
        ("Gull Rock Choir", 2026, "Skarness", "current"),
        ("Lantern Street Voices", 2004, "Port Ellery", "current"),
        ("Seawall Singers", 1951, "Harwick", "current"),
        ("Tidemark Chorale", 1968, "Dunmouth", "ended"),
    ]
    assert query(archive, "SELECT DISTINCT rule FROM sponsor") == [("profile-selector",)]


def query(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(archive / "archive.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


# A kind of fact that nobody reads yet


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to which the page's three things were added, and nothing else."""
    tree = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("archive", "crawler", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=left_out)
    for name in ("pyproject.toml",):
        shutil.copy(ROOT / name, tree / name)
    items = tree / "crawler" / "items.py"
    before, kinds = items.read_text("utf-8").split("#: every kind of fact, in the order they are shown\n")
    assert kinds.rstrip().endswith(")")
    items.write_text(
        f"{before}{DATACLASS}\n\n#: every kind of fact, in the order they are shown\n{kinds.rstrip()[:-1]}    Publication,\n)\n",
        "utf-8",
    )
    (tree / "crawler" / "extract" / "publications.py").write_text(MODULE, "utf-8")
    with (tree / "crawler" / "extract" / "languages" / "en.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{LABELS}")
    return tree


def in_checkout(tree: Path, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, cwd=tree, timeout=300,
        env=environment() | {"PYTHONPATH": str(tree)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@contextmanager
def served(tree: Path, archive: Path) -> Iterator[httpx.Client]:
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "serve", "--archive", str(archive), "--port", "0"], text=True, cwd=tree,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment() | {"PYTHONPATH": str(tree)},
    )  # fmt: skip
    try:
        assert process.stdout
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address
        with httpx.Client(base_url=address[0], timeout=60, follow_redirects=True) as client:
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def listing(*titles: str) -> str:
    items = "".join(
        f'<li><a href="/{n}.pdf">{title}</a> (20{n}), {n}0 pages</li>' for n, title in enumerate(titles, 11)
    )
    return f"<h1>League</h1><h2>What we publish</h2><ul>{items}</ul>"


@pytest.fixture(scope="module")
def kept(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive crawled once before the kind was known and twice after, and the URL of its page."""
    archive = tmp_path_factory.mktemp("kind") / "archive"
    with Site({"/": page(listing("Breathing in Parts", "A Hall of Echoes"))}) as site:
        crawl(site.url(), archive)
        options = ("--archive", archive, "--contact", CONTACT, "--delay", "0")
        site.pages["/"] = page(listing("Breathing in Parts", "A Hall of Echoes", "Songs for Ferries"))
        in_checkout(checkout, "crawler.cli", "crawl", site.url(), *options)
        site.pages["/"] = page(listing("Breathing in Parts", "Songs for Ferries"))
        in_checkout(checkout, "crawler.cli", "crawl", site.url(), *options)
        return archive, site.url()


def test_a_kind_without_a_golden_page_fails_the_tests(checkout: Path, kept: tuple[Path, str]) -> None:
    run = ("pytest", "-q", "-p", "no:cacheprovider", "tests/crawler/test_golden.py", "tests/crawler/test_extract_pages.py",
           "-k", "extractor or publications or league")  # fmt: skip
    failed = in_checkout(checkout, *run, code=1).stdout
    assert "['publication'] == []" in failed
    saved = in_checkout(
        checkout, "crawler.cli", "savepage", kept[1], "--archive", kept[0], "--site", "league", "--page", "publications"
    )
    assert "publication 2" in saved.stdout
    truth = json.loads((checkout / "tests" / "pages" / "league" / "publications" / "page.json").read_text("utf-8"))
    assert truth["publication"] == ["Breathing in Parts", "Songs for Ferries"]
    assert " passed" in in_checkout(checkout, *run).stdout


def test_views_timeline_and_changes_follow_from_a_kind(checkout: Path, kept: tuple[Path, str]) -> None:
    archive, _url = kept
    # What was crawled before the kind was known is read for it too.
    in_checkout(checkout, "crawler.cli", "rebuild", "--archive", archive)
    assert query(archive, "SELECT name, year, pages, state, sightings FROM publication ORDER BY name") == [
        ("A Hall of Echoes", 2012, 120, "ended", 2),
        ("Breathing in Parts", 2011, 110, "current", 3),
        ("Songs for Ferries", 2012, 120, "current", 2),
    ]
    current = query(archive, "SELECT name FROM current_publication ORDER BY name")
    assert current == [("Breathing in Parts",), ("Songs for Ferries",)]
    changes = query(archive, "SELECT kind, subject FROM change WHERE role = 'publication' ORDER BY id")
    assert changes == [
        ("first listed", "songs for ferries"),
        ("no longer listed", "a hall of echoes"),
    ]
    in_checkout(checkout, "crawler.cli", "verify", "--rows", "--archive", archive)
    in_checkout(checkout, "crawler.cli", "rebuild", "--dry-run", "--archive", archive)


def test_a_kind_has_its_datasette_page(checkout: Path, kept: tuple[Path, str]) -> None:
    archive, _url = kept
    in_checkout(checkout, "crawler.cli", "rebuild", "--archive", archive)
    with served(checkout, archive) as client:
        rows = client.get("/archive/current_publication.json?_shape=array").json()
        assert sorted((row["name"], row["pages"]) for row in rows) == [
            ("Breathing in Parts", 110),
            ("Songs for Ferries", 120),
        ]
        html = client.get("/archive/publication").text
        assert "What pages list as publication, from when to when." in html
        assert "Songs for Ferries" in html
        assert re.search(r'href="/-/capture/[^"]+"', html)
        # Its facets, as every kind has them.
        assert "_facet=state" in html or "facet-results" in html


def test_a_profile_speaks_of_a_new_kind_as_of_the_others(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "league.toml").write_text(
        'seeds = ["https://league.test/"]\n[labels]\npublication = ["On our shelf"]\n'
    )
    body = "<h3>On our shelf</h3><ul><li>Tides (1999), 80 pages</li><li>Gulls (2001), 12 pages</li></ul>"
    (tmp_path / "page.html").write_text(f"<!doctype html><html lang=en>{body}")
    read = ("crawler.cli", "extract", tmp_path / "page.html", "--archive", tmp_path, "--site", "league", "--json")

    def found() -> list[tuple[Any, ...]]:
        facts = json.loads(in_checkout(checkout, *read).stdout)
        return [(f["value"], f["year"], f["pages"], f["rule"]) for f in facts if f["role"] == "publication"]

    assert found() == [
        ("Tides (1999), 80 pages", 1999, 80, "labelled-list"),
        ("Gulls (2001), 12 pages", 2001, 12, "labelled-list"),
    ]
    (tmp_path / "sites" / "league.toml").write_text(
        'seeds = ["https://league.test/"]\n[selectors]\npublication = "li:first-child"\n'
    )
    assert found() == [("Tides (1999), 80 pages", 1999, 80, "profile-selector")]


def test_a_kind_without_an_extractor_is_told_at_once(checkout: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(checkout / "crawler", tree / "crawler")
    shutil.copytree(checkout / "archive", tree / "archive")
    (tree / "crawler" / "extract" / "publications.py").unlink()
    failed = in_checkout(tree, "crawler.extract", code=1).stderr
    assert "publication: a kind of fact in crawler.items.KINDS has one extractor" in failed
