"""A site behind a login, and what must never be found of it: secrets in any file of an archive."""

from __future__ import annotations

import base64
import gzip
import os
import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_to_bytes

from archive.layout import Archive
from tests.front_door import CONTACT
from tests.site_server import Answer, Site, page
from tests.wire_run import Event, read_events, read_warc

USER = "archivist"
PASSWORD = "Zon/der+Zorg & päis"
SESSION = "f3a9c1d27b5e48a0"
KEY = "K3y-9f8e7d6c5b4a"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
#: what no file may hold
SECRETS = (PASSWORD, SESSION, KEY, f"{USER}:{PASSWORD}")
ENVIRONMENT = {"SITE_PASSWORD": PASSWORD, "SITE_SESSION": SESSION, "SITE_KEY": KEY}

PROFILE = """
seeds = ["{url}"]
contact = "archivist@example.org"
delay_s = 0
{more}

[[send]]
to = "{to}"
user = "archivist"
password = {{ env = "SITE_PASSWORD" }}
headers = {{ X-Api-Key = {{ env = "SITE_KEY" }}, X-Plain = "of-no-harm" }}
cookies = {{ SESSION = {{ env = "SITE_SESSION" }}, consent = "all" }}
"""


def declare(archive: Path, url: str, *, to: str | None = None, more: str = "") -> str:
    """Write a profile with all kinds of secrets; its name."""
    made = Archive.create(archive, contact=CONTACT)
    (made.sites / "members.toml").write_text(PROFILE.format(url=url, to=to or url, more=more))
    return "members"


class LoginSite(Site):
    """All but the front page asks for password, key and session, and sets a session of its own, a new one each time."""

    def __init__(self, pages: Mapping[str, Answer], *, slow_s: float = 0.0) -> None:
        super().__init__(pages, slow_s=slow_s)
        #: sessions it has set
        self.sessions: list[str] = []

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        status, given, body = super()._answer(path, headers)
        if path in {"/", "/robots.txt"}:
            return status, given, body
        held = {part.strip() for part in headers.get("Cookie", "").split(";")}
        sessions = {f"SESSION={value}" for value in (SESSION, *self.sessions)}
        if headers.get("Authorization") != f"Basic {BASIC}" or headers.get("X-Api-Key") != KEY or not held & sessions:
            return 401, {"Content-Type": "text/plain", "WWW-Authenticate": "Basic realm=members"}, b"who are you?"
        self.sessions.append(os.urandom(12).hex())
        return status, {**given, "Set-Cookie": f"SESSION={self.sessions[-1]}; Path=/; HttpOnly"}, body


def members(count: int) -> dict[str, Answer]:
    """A front page, and members' pages behind it that are linked in a row."""
    pages: dict[str, Answer] = {"/": page('<a href="/m1">in</a>', title="public")}
    listed = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"
    for number in range(1, count + 1):
        links = "".join(f'<a href="/m{child}">x</a>' for child in (2 * number, 2 * number + 1) if child <= count)
        pages[f"/m{number}"] = page(f"{listed}<p>for members only</p>{links}", title=f"member page {number}")
    return pages


def events_of(archive: Path) -> list[Event]:
    """The exchanges in all sealed files, read with nothing but gzip."""
    files = sorted((archive / "warcs").glob("*.warc.gz"))
    return [event for file in files for event in read_events(read_warc(unpacked(file.read_bytes())))]


def ranges_of(event: Event) -> list[tuple[str, int, int]]:
    """What the metadata record of *event* names as masked: in which record or field, from where to where."""
    found = []
    for line in event.about.get("redaction", ()):
        said = dict(part.split("=") for part in line.split("; "))
        assert list(said) == ["record", "offset", "length", "why"]
        found.append((said["record"], int(said["offset"]), int(said["offset"]) + int(said["length"])))
    return found


def check_redactions(event: Event) -> int:
    """How many ranges the metadata record of *event* names; each must be masked."""
    blocks = {"request": event.request, "response": event.response, "revisit": event.response}
    for name in ("interimResponse", "surplusBytes"):
        blocks[name] = unquote_to_bytes(event.about.get(name, [""])[0])
    for record, start, stop in ranges_of(event):
        assert start < stop
        assert (blocks[record] or b"")[start:stop] == b"x" * (stop - start)
    return len(ranges_of(event))


def spellings(secret: str) -> Iterator[bytes]:
    data = secret.encode()
    yield data
    for before in (b"", b"a", b"ab"):
        # The digits at either end depend on what stands beside it.
        yield base64.b64encode(before + data)[4 if before else 0 : -4]
        yield base64.urlsafe_b64encode(before + data)[4 if before else 0 : -4]
    yield quote(secret).encode()
    yield quote(secret, safe="").encode()
    yield lower(quote(secret, safe="")).encode()
    yield quote_plus(secret).encode()


def lower(quoted: str) -> str:
    """With the hexadecimal digits of percent-encoding in lower case, as some write them."""
    return re.sub("%..", lambda found: found[0].lower(), quoted)


def files_holding(archive: Path, *secrets: str) -> list[tuple[str, bytes]]:
    """Files in *archive* with one of *secrets*, in any spelling, unpacked too; and the spelling."""
    needles = {needle for secret in secrets for needle in spellings(secret)}
    assert all(len(needle) >= 6 for needle in needles)
    return [
        (str(path.relative_to(archive)), needle)
        for path in archive.rglob("*")
        if path.is_file()
        for data in _contents(path)
        for needle in needles
        if needle in data
    ]


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if ".gz" in path.name:
        yield unpacked(data)
        yield bodies_in(unpacked(data))
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as db:
            yield "\n".join(db.iterdump()).encode()


def unpacked(data: bytes) -> bytes:
    """Every gzip member in *data*, as far as it goes."""
    found = b""
    while data:
        inflate = zlib.decompressobj(31)
        try:
            found += inflate.decompress(data)
        except zlib.error:
            break
        data = inflate.unused_data
    return found


def bodies_in(records: bytes) -> bytes:
    """What is gzip itself in *records*."""
    found, at = b"", -1
    while (at := records.find(b"\x1f\x8b\x08", at + 1)) >= 0:
        with suppress(zlib.error):
            found += zlib.decompressobj(31).decompress(records[at:])
    return found


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)
