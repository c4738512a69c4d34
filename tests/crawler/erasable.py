"""An archive with a secret in every form in which one is kept, for the tests of `bewaar erase`."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from archive.browse.publication import Publication
from archive.layout import Archive
from archive.warc.reader import open_files
from crawler.ingestion import ingest
from tests.archive.raw_records import REVISIT_PROFILE, record, write_warc
from tests.archive.wacz_files import wacz
from tests.crawler.ingests import info
from tests.front_door import bewaar, crawl
from tests.site_server import Answer, Site, page

SECRET = "Jan Jansen was born on 12 May 1980 in Harwick"
QUERY = "/find?name=jan-jansen-harwick&year=1980"
MEMBERS = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"
#: what the other hosts' files hold
OTHERS = "http://others.test"
DOSSIER = f"{OTHERS}/dossier"
DAY, LATER = "2020-01-01T10:00:00Z", "2020-02-01T10:00:00Z"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
DOSSIER_BODY = f"<title>Dossier</title><p>{SECRET}</p>{MEMBERS}".encode()
OPEN_BODY = f"<title>Open</title><p>Anybody may read this.</p>{MEMBERS}".encode()


def pages() -> dict[str, Answer]:
    jan = page(f"<p>{SECRET}.</p><h2>Members</h2><ul><li>Jansen and Daughter Trust</li></ul>", title="Jan")
    links = f'<a href="/people/jan">a</a><a href="/copy">b</a><a href="{QUERY}">c</a><a href="/report.pdf">d</a>'
    return {
        "/": page(f'{MEMBERS}{links}<a href="/packed">e</a><a href="/other">f</a>', title="Home"),
        "/people/jan": jan,
        "/copy": jan,
        QUERY: page('<p>One found.</p><a href="/from-there">on</a>', title="Found"),
        "/from-there": page("<p>On.</p>", title="On"),
        "/report.pdf": (
            200,
            {"Content-Type": "application/pdf"},
            b"%PDF-1.4\n\x00\xff(" + SECRET.encode() + b")\n%%EOF",
        ),
        "/packed": (
            200,
            {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"},
            gzip.compress(jan[2], mtime=0),
        ),
        "/other": page(f"<p>Nothing of anybody.</p>{MEMBERS}", title="Other"),
    }


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def others(folder: Path, home: bytes) -> list[Path]:
    """A plain file, one that is one gzip stream, a package, and an ARC file: each holds the dossier, and more."""
    first = "<urn:uuid:20000000-0000-4000-8000-00000000000%d>"

    def captures(number: int) -> list[bytes]:
        response = first % number
        return [
            info(),
            record("response", f"{OTHERS}/open", HTTP + OPEN_BODY + b"%d" % number, date=DAY),
            record("response", DOSSIER, HTTP + DOSSIER_BODY, date=DAY, record_id=response, payload_digest=_digest(DOSSIER_BODY)),
            record("request", DOSSIER, b"GET /dossier HTTP/1.1\r\n\r\n", date=DAY, concurrent_to=response,
                   **{"Content-Type": "application/http; msgtype=request"}),
            record("resource", f"urn:view:{DOSSIER}", b"\x89PNG" + SECRET.encode(), date=DAY, **{"Content-Type": "image/png"}),
            record("revisit", f"{OTHERS}/again", HTTP, date=LATER, refers_to=response, refers_to_target_uri=DOSSIER,
                   refers_to_date=DAY, payload_digest=_digest(DOSSIER_BODY), profile=REVISIT_PROFILE),
            record("response", f"{OTHERS}/last", HTTP + OPEN_BODY + b"last %d" % number, date=LATER),
        ]  # fmt: skip

    plain = write_warc(folder / "plain.warc", *captures(1))
    stream = folder / "stream.warc.gz"
    stream.write_bytes(gzip.compress(b"".join(captures(2))))
    members = [gzip.compress(one) for one in captures(3)]
    listed = []
    for number, name in ((1, "open"), (2, "dossier"), (6, "last")):
        at = {
            "filename": "data.warc.gz",
            "offset": str(sum(map(len, members[:number]))),
            "length": str(len(members[number])),
        }
        about = {"url": f"{OTHERS}/{name}", "status": "200", **at}
        listed.append(b"test,others)/%s 20200101100000 %s\n" % (name.encode(), json.dumps(about).encode()))
    listed[-1] = listed[-1].replace(b"20200101100000", b"20200201100000")
    shown = [{"format": "json-pages-1.0", "id": "pages"}]
    shown += [{"url": f"{OTHERS}/open", "ts": DAY}, {"url": DOSSIER, "ts": DAY, "text": SECRET}]
    package = wacz(folder / "package.wacz", {
        "archive/data.warc.gz": b"".join(members),
        "indexes/index.cdx": b"".join(sorted(listed)),
        "pages/pages.jsonl": b"".join(json.dumps(one).encode() + b"\n" for one in shown),
    })  # fmt: skip
    about_old = b"1 0 Somebody\nURL IP-address Archive-date Content-type Archive-length\n"
    blocks = [
        (b"filedesc://old.arc 0.0.0.0 20080430204825 text/plain", about_old),
        (b"%s 192.0.2.7 20080430204826 text/html" % DOSSIER.encode(), HTTP + DOSSIER_BODY),
        (b"%s/old 192.0.2.7 20080430204827 text/html" % OTHERS.encode(), HTTP + OPEN_BODY + b"old"),
    ]
    arc = folder / "old.arc.gz"
    arc.write_bytes(b"".join(gzip.compress(b"%s %d\n%s\n" % (line, len(block), block)) for line, block in blocks))
    return [plain, stream, package, arc]


def build(folder: Path) -> tuple[Path, str]:
    """The archive, and the address of its site."""
    root = folder / "archive"
    with Site(pages()) as site:
        home = site.url()
        for _ in range(2):
            crawl(home, root)
    plain, stream, package, arc = others(folder, DOSSIER_BODY)
    bewaar("ingest", plain, package, arc, "--archive", root)
    # Earlier versions took in a stream, of which nobody can find the records again.
    with patch("archive.intake._check_members"):
        assert ingest(root, [stream]).damage
    (root / "exports" / "facts.csv").write_text(f"name\n{SECRET}\n")
    (root / "reports" / "page.html").write_text(SECRET)
    _strew(Archive.open(root), home)
    return root, home


def _strew(archive: Archive, home: str) -> None:
    """What else may hold it: a copy for the public, a torn tail, a golden page, a log; and a signature."""
    Publication(archive, public=True).refresh()
    own = next(path for path in archive.sealed_warcs() if path.name.startswith("127"))
    # What a picture shows cannot be found in the bytes of its thumbnail: all of them go.
    folder = archive.thumbnails / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "fedcba9876543210").write_bytes(b"a thumbnail")
    own.with_name(f"{own.name}.torn").write_text(f"half a record: {SECRET}")
    page = archive.pages / "example" / "jan"
    page.mkdir(parents=True)
    (page / "page.html").write_text(SECRET)
    (page / "page.json").write_text(json.dumps({"url": f"{home}people/jan"}))
    (archive.logs / "old.log").write_text(f"GET {home.rstrip('/')}{QUERY}\n{SECRET}\nall is well\n")
    (archive.root / "manifest-sha256.txt.asc").write_text("a signature")


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    """All bytes of the directory, also unpacked: gzip members, the files of a zip, bodies."""
    for path in sorted(found for found in root.rglob("*") if found.is_file()):
        data = path.read_bytes()
        yield path.name, data
        yield from _unpacked(path.name, data)
        if path.suffix == ".wacz":
            with zipfile.ZipFile(path) as packed:
                for name in packed.namelist():
                    yield f"{path.name}!{name}", packed.read(name)
                    yield from _unpacked(f"{path.name}!{name}", packed.read(name))


def _unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """What any gzip stream in *data* unpacks to, wherever it begins, and those in that."""
    at = data.find(b"\x1f\x8b\x08")
    while at >= 0:
        inflate = zlib.decompressobj(31)
        try:
            inside = inflate.decompress(data[at:])
        except zlib.error:
            inside = b""
        if inside:
            yield f"{name} at {at}", inside
            yield from _unpacked(f"{name} at {at}", inside)
        at = data.find(b"\x1f\x8b\x08", len(data) - len(inflate.unused_data) if inflate.eof else at + 1)


def holders(root: Path, *words: str) -> list[str]:
    return [name for name, data in everything(root) for word in words if word.encode() in data]


def raw_records(archive: Archive) -> dict[str, dict[str, tuple[bytes, bytes]]]:
    """By file and record id: the header and the block, as they stand."""
    found: dict[str, dict[str, tuple[bytes, bytes]]] = {}
    for path in (*archive.sealed_warcs(), *archive.arcs(), *archive.waczs()):
        for file in open_files(path):
            with file:
                for one, cursor in file.scan():
                    key = one.id if not file.is_arc else (one.url or "filedesc")
                    found.setdefault(file.name, {})[key] = (cursor.header, b"".join(one.block.chunks()))
    return found
