"""A time stamp authority, which answers every test as it should to begin with, and a package to be stamped."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import signing
from archive.layout import Archive
from tests.archive.raw_records import HTTP, record, write_warc
from tests.authority import Authority
from tests.front_door import bewaar


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture(autouse=True)
def _as_it_was(authority: Authority) -> None:
    authority.answer, authority.wait_s = authority.grant, 0.0
    authority.queries.clear()


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("key")
    subprocess.run(signing.HOW_TO_MAKE_A_KEY.split(), check=True, cwd=place)
    return place / "key.pem"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive.create(tmp_path_factory.mktemp("kept") / "archive")
    write_warc(archive.warcs / "one.warc.gz", record("response", "http://one.test/", HTTP))
    return archive


@pytest.fixture(scope="session")
def signed(archive: Archive, key: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A signed package without a time stamp."""
    output = tmp_path_factory.mktemp("signed") / "x.wacz"
    bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key)
    return output.read_bytes()


@pytest.fixture
def package(signed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "x.wacz"
    path.write_bytes(signed)
    return path
