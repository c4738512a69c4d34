"""`bewaar ingest` of much, `make soak`: what it needs does not grow with what it is given."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive.raw_records import HTTP, record

pytestmark = pytest.mark.soak

#: bytes of records; BEWAAR_SOAK_MB makes it less where there is less time or room
SIZE = int(os.environ.get("BEWAAR_SOAK_MB", "5000")) * 1_000_000
#: of it, a page of so many bytes to each picture of so many
PAGE_BYTES, PICTURE_BYTES = 40_000, 360_000
#: of the whole, against a tenth of it
MOST_GROWTH = 1.2
_MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(json.dumps([done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


def write_site(path: Path, size: int) -> None:
    """Pages that differ, each with a menu that all have, and pictures that nothing packs."""
    chance = random.Random(size)
    menu = "".join(f'<li><a href="/part-{n}/">Part {n}</a></li>' for n in range(100))
    written = number = 0
    with path.open("wb") as file:
        while written < size:
            number += 1
            said = "".join(
                f"<p>Line {n} of page {number}: {chance.random()}. See <a href='/p/{chance.randrange(10**6)}'>more</a>.</p>"
                for n in range(PAGE_BYTES // 90)
            )
            page = f"<title>Page {number}</title><ul>{menu}</ul><h1>Page {number}</h1>{said}".encode()
            picture = HTTP.replace(b"text/html", b"image/png") + chance.randbytes(PICTURE_BYTES)
            for one in (
                record("response", f"http://site.test/p/{number}", HTTP + page),
                record("response", f"http://site.test/i/{number}.png", picture),
            ):
                file.write(gzip.compress(one, 1))
                written += len(one)


def peak_kb(directory: Path, size: int) -> int:
    """Of the largest of the processes that take in a file of that size."""
    directory.mkdir()
    write_site(directory / "site.warc.gz", size)
    bewaar = [sys.executable, "-m", "crawler.cli"]
    init = [*bewaar, "init", "--contact", "soak@example.org", "--operator", "soak"]
    subprocess.run(init, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-c", _MEASURE, *bewaar, "ingest", "site.warc.gz"]
    said = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True).stdout
    code, peak = json.loads(said)
    assert code == 0
    return int(peak)


def test_the_memory_of_an_ingest_is_flat(tmp_path: Path) -> None:
    tenth, whole = peak_kb(tmp_path / "tenth", SIZE // 10), peak_kb(tmp_path / "whole", SIZE)
    print(f"{SIZE / 1e9:.2f} GB: peak {whole / 1000:.0f} MB; a tenth of it: {tenth / 1000:.0f} MB")
    assert whole <= tenth * MOST_GROWTH
