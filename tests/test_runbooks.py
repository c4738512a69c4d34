"""docs/tutorial.md and docs/runbooks.md, typed block by block as somebody does who reads them."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.disk import Disk, Fault
from tests.faults import WARC
from tests.front_door import COMMAND, bewaar, environment
from tests.site_server import Site, page, tree

# What they share takes long to make: once is enough.
pytestmark = pytest.mark.xdist_group("runbooks")

DOCS = Path(__file__).parents[1] / "docs"
MEMBERS = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"


def blocks(name: str) -> dict[str, list[str]]:
    """By heading."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading = part.partition("\n")[0]
        found[heading] = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    return found


@dataclass
class Desk:
    """Where somebody sits: a directory, and a terminal in it."""

    place: Path
    site: Site

    def type(self, block: str, **instead: str) -> str:
        """Ends at the first command that fails. What it printed."""
        replaced = {"https://example.org/": self.site.url(), "/media/backup": str(self.place / "backup"), **instead}
        for written, meant in replaced.items():
            block = block.replace(written, meant)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", block], capture_output=True, text=True, cwd=self.place,
            env=environment() | {"PATH": path}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    @property
    def archive(self) -> Path:
        return self.place / "archive-data"


def website() -> Site:
    return Site(tree(7) | {"/": page(f'{MEMBERS}<a href="/p2">more</a><a href="/p3">more</a>', title="Example")})


@pytest.fixture(scope="module")
def tutored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, dict[str, str]]]:
    """The tutorial was followed to its end; what each step printed."""
    with website() as site:
        desk = Desk(tmp_path_factory.mktemp("tutorial"), site)
        (desk.place / "backup").mkdir()
        said = {}
        for heading, typed in blocks("tutorial.md").items():
            if heading.startswith("5"):
                said[heading] = _look(desk, *typed)
                continue
            said[heading] = "".join(desk.type(block) for block in typed)
            # No test waits for its own site.
            for profile in desk.archive.glob("sites/*.toml"):
                if "delay_s" not in (text := profile.read_text(encoding="utf-8")):
                    profile.write_text(f"delay_s = 0\n{text}", encoding="utf-8")
        yield desk, said


def _look(desk: Desk, block: str) -> str:
    """`bewaar serve`, until Ctrl-C."""
    assert block == "bewaar serve\n"
    serving = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], cwd=desk.place, stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert serving.stdout
    try:
        with urllib.request.urlopen(serving.stdout.readline().strip(), timeout=30) as front:
            return str(front.read().decode())
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(20) == 0


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("1", "archive-data"),
        ("2", "example"),
        ("3", "3 members"),
        ("4", "0 wrong"),
        ("5", "Alpha Trust"),
        ("6", "OnCalendar"),
        ("7", "example.wacz"),
    ],
)
def test_a_step_of_the_tutorial_says_what_it_should(tutored: tuple[Desk, dict[str, str]], step: str, said: str) -> None:
    _, printed = tutored
    (heading,) = [heading for heading in printed if heading.startswith(step)]
    assert said in printed[heading]
    assert len(printed) == 7


@pytest.fixture
def desk(tutored: tuple[Desk, dict[str, str]], tmp_path: Path) -> Desk:
    """As after the tutorial, for a mishap of its own."""
    before, _ = tutored
    for name in ("archive-data", "backup"):
        shutil.copytree(before.place / name, tmp_path / name)
    return Desk(tmp_path, before.site)


def runbook(beginning: str) -> list[str]:
    (found,) = [typed for heading, typed in blocks("runbooks.md").items() if heading.startswith(beginning)]
    return found


def test_after_a_full_disk_the_crawl_goes_on(desk: Desk, tmp_path: Path) -> None:
    (beside := tmp_path / "beside").mkdir()
    disk = Disk(desk.place, beside)
    full = Fault("w", WARC, n=3, errno=errno.ENOSPC, times=0)
    stopped = disk.run("crawl", "example", "--archive", desk.archive, fault=full, cwd=desk.place)
    assert stopped.returncode == 4, stopped.stderr
    (block,) = runbook("The disk is full")
    assert "0 wrong" in desk.type(block)
    with sqlite3.connect(desk.archive / "archive.db") as db:
        assert {row[0] for row in db.execute("SELECT status FROM crawl WHERE finished_at IS NOT NULL")} >= {"finished"}
        assert db.execute("SELECT count(*) FROM crawl WHERE status = 'running'").fetchone() == (0,)


def test_a_damaged_file_is_replaced_by_that_of_the_copy(desk: Desk) -> None:
    file = max((desk.archive / "warcs").glob("example-*.warc.gz"), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    named = bewaar("audit", "--all", "--archive", desk.archive, code=1)
    assert file.name in named.stdout + named.stderr
    (block,) = runbook("A file is damaged")
    assert "0 wrong" in desk.type(block, **{"the-file-it-named.warc.gz": file.name})
    assert (desk.place / "damaged" / file.name).read_bytes() == bytes(data)


def test_what_stands_around_the_damage_is_read_as_ever(desk: Desk) -> None:
    """What the runbook says of an archive without a copy."""
    file = max((desk.archive / "warcs").glob("example-*.warc.gz"), key=lambda path: path.stat().st_size)
    with sqlite3.connect(desk.archive / "archive.db") as db:
        places = db.execute(
            "SELECT c.warc_offset, c.warc_length, c.id FROM capture c JOIN warc w ON w.id = c.warc_id "
            "WHERE w.path = ? ORDER BY 1",
            (file.name,),
        ).fetchall()
    offset, length, _ = places[len(places) // 2]
    data = bytearray(file.read_bytes())
    data[offset + length // 2] ^= 1
    file.write_bytes(data)
    said = bewaar("verify", "--archive", desk.archive, code=1)
    assert str(offset) in said.stdout + said.stderr
    bewaar("rebuild", "--archive", desk.archive, code=1)
    with sqlite3.connect(desk.archive / "archive.db") as db:
        found = db.execute(
            "SELECT count(*) FROM capture c JOIN warc w ON w.id = c.warc_id WHERE w.path = ?", (file.name,)
        ).fetchone()
    assert len(places) - 1 <= found[0] <= len(places)


def test_a_redesign_is_read_again_after_the_profile_was_mended(desk: Desk) -> None:
    (block,) = runbook("The site was redesigned")
    said = desk.type(block)
    assert "derived again" in said
    assert "This crawl is well" in said


def test_the_archive_moves_to_another_machine_whole(desk: Desk) -> None:
    (block,) = runbook("Move to a new machine")
    said = desk.type(block)
    assert "0 wrong" in said
    assert str(desk.place / "new-machine") in said
    sealed = {path.name: path.read_bytes() for path in (desk.archive / "warcs").glob("*.warc.gz")}
    assert {name: (desk.place / "new-machine" / "warcs" / name).read_bytes() for name in sealed} == sealed


def test_another_institution_gets_all_of_it(desk: Desk) -> None:
    pack, receive = runbook("Hand it over")
    desk.type(pack)
    assert (desk.place / "facts" / "datapackage.json").is_file()
    assert "0 wrong" in desk.type(receive)
    with sqlite3.connect(desk.place / "received" / "archive.db") as db:
        assert db.execute("SELECT count(*) FROM current_member").fetchone() == (3,)


def test_what_a_court_orders_is_erased_here_and_in_the_copy(desk: Desk) -> None:
    (hide,) = runbook("Somebody demands")
    assert "captures of 1 URL" in desk.type(hide)
    look, erase, elsewhere = runbook("A court orders")
    assert "records of" in desk.type(look)
    said = desk.type(erase)
    assert "0 wrong" in said
    assert "tombstones of what was erased" in said
    assert "0 wrong" in desk.type(elsewhere)
    for archive in (desk.archive, desk.place / "backup" / "archive"):
        with sqlite3.connect(archive / "archive.db") as db:
            assert db.execute("SELECT count(*) FROM resource WHERE url LIKE '%/p2'").fetchone() == (0,)
            assert db.execute("SELECT count(DISTINCT url) FROM erased WHERE url LIKE '%/p2'").fetchone() == (1,)
