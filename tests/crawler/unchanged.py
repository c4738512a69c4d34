"""Sites that are crawled again, unchanged, and what the files then hold of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from archive.layout import Archive
from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar
from tests.site_server import Site

MEMBERS = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"
FILLER = "".join(f"<p>{n * n % 9973} {n ^ 77}</p>" for n in range(2000))
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
LONG_AGO = "Sun, 05 Jan 2020 10:00:00 GMT"
PROFILE = """
seeds = ["{url}"]
delay_s = 0
dedup = "{dedup}"
{more}
"""


def types(archive: Path) -> list[Counter[str]]:
    """How many records of each type with an HTTP message, file by file, robots.txt apart."""
    return [
        Counter(
            record.type
            for record in read_records(path)
            if record.type in {"response", "revisit"} and not (record.url or "").endswith("/robots.txt")
        )
        for path in sorted((archive / "warcs").glob("*.warc.gz"))
    ]


def profile(archive: Path, site: Site, dedup: str, more: str = "") -> str:
    made = Archive.create(archive)
    (made.sites / "own.toml").write_text(PROFILE.format(url=site.url(), dedup=dedup, more=more))
    return "own"


def crawl_own(archive: Path, *options: str, code: int | None = 0) -> dict[str, object]:
    done = bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT, "--json", *options, code=code)
    found: dict[str, object] = json.loads(done.stdout)
    return found
