"""Fixtures that several tests of this room use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from multiprocessing import spawn
from pathlib import Path

import pytest

from archive.layout import Archive
from tests.crawler.ingests import page
from tests.crawler.others_files import DAY_1, DAY_2, DAY_3, crawl_file
from tests.front_door import CONTACT
from tests.stand_in import stand_in


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An empty one, that says who answers for its crawls. A module that needs another has an `archive` of its own."""
    Archive.create(tmp_path / "a", contact=CONTACT)
    return tmp_path / "a"


@pytest.fixture(scope="module")
def forks() -> Iterator[None]:
    """What multiprocessing spawns from this process is a fork of the stand-in."""
    before = spawn.get_executable()
    spawn.set_executable(stand_in(os.getpid()).program)
    yield
    spawn.set_executable(before)


@pytest.fixture
def copied(demo: tuple[Path, str], tmp_path: Path) -> Path:
    """The demo's archive, to be changed. Who uses it belongs to the xdist group ``demo``."""
    return shutil.copytree(demo[0], tmp_path / "archive")


@pytest.fixture
def three_days(tmp_path: Path) -> Path:
    """A file of others: one page, whose members come and go."""
    return crawl_file(
        tmp_path / "three-days.warc.gz",
        (DAY_1, page("Alpha Trust", "Beta Trust")),
        (DAY_2, page("Alpha Trust", "Beta Trust", "Gamma Trust")),
        (DAY_3, page("Alpha Trust", "Gamma Trust")),
    )


@pytest.fixture(scope="session")
def with_secret(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The archive of `erasable`, which nobody changes, and the address of its site."""
    from tests.crawler.erasable import build

    return build(tmp_path_factory.mktemp("erase"))
