"""Pictures made small: what is sent, what is kept on disk and for how long, and what is never sent again."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from archive.browse.serve import build as build_datasette
from archive.pictures.thumbnails import BOX, make_thumbnail
from archive.store import Store
from archive.store.decisions import append_decision
from archive.store.hides import count_hidden
from archive.withholding.decide import Asked, check, withhold
from crawler.items import KINDS
from tests.archive.browse_archive import HOST, LOGOS, Building, build, response
from tests.archive.browse_server import running
from tests.archive.picture_files import mark, png_of_nothing, saved

BIG = saved(mark(900, 600), "PNG")
BOMB = png_of_nothing(20_000, 20_000)
PICTURES = {
    "big": (BIG, "image/png"),
    "liar type": (BIG, "text/html"),
    "bomb": (BOMB, "image/png"),
    "cut": (BIG[:400], "image/png"),
    "no picture": (b"<script>alert(1)</script>", "image/png"),
    "svg2": (b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>', "image/svg+xml"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("thumbnails") / "archive")
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        more = Building(built, store, datetime(2019, 5, 1, 12, tzinfo=UTC))
        for name, (body, mime) in PICTURES.items():
            more.add(name, f"{HOST}/pictures/{name}".replace(" ", "-"), response(body, mime))
        more.finish()
    return built


def kept(built) -> list[Path]:
    return sorted(path for path in built.archive.thumbnails.rglob("*") if path.is_file())


def test_a_large_picture_is_sent_small_with_the_headers_of_what_is_archived(client, built):
    answer = client.get(built.path("big", "thumbnail"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(BytesIO(answer.content)) as image:
        assert image.format == "WEBP"
        assert image.size == (300, 200)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["x-robots-tag"] == "noindex"
    again = client.get(built.path("big", "thumbnail"), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_is_by_its_bytes_that_a_picture_is_one(client, built):
    assert client.get(built.path("liar type", "thumbnail")).headers["content-type"] == "image/webp"


@pytest.mark.parametrize("name", ["bomb", "cut", "no picture", "svg2", "svg", "pdf", "home"])
def test_what_cannot_be_made_small_is_sent_as_it_is(client, built, name):
    answer = client.get(built.path(name, "thumbnail"))
    assert (answer.status_code, answer.headers["location"]) == (302, built.path(name, "raw"))


def test_pages_show_thumbnails_and_a_logo_through_time_with_its_sizes(client, built):
    home = client.get("/").text
    assert f'src="{built.path("Plan Vooruit 2")}/thumbnail"' in home
    html = client.get("/-/organisation/stichting-lantaarn").text
    sources = re.findall(r'<img src="([^"]+)"', html)
    assert all(client.get(source).headers["content-type"] == "image/webp" for source in sources)
    assert re.search(r"2016-05-01 – 2018-05-01<br>\d+ x \d+, image/png", html)


def test_it_is_read_from_disk_the_second_time(client, built):
    path = built.path("ground", "thumbnail")
    first = client.get(path).content
    warcs = built.archive.warcs.rename(built.archive.root / "away")
    try:
        assert client.get(path).content == first
        assert client.get(built.path("ground", "raw")).status_code == 404
    finally:
        warcs.rename(built.archive.warcs)


def test_a_digest_that_is_wrong_is_told_and_nothing_is_kept(built):
    before = kept(built)
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        digest = store.db.conn.execute(
            "SELECT p.digest FROM payload p JOIN capture c ON c.payload_id = p.id WHERE c.record_id LIKE ?",
            [f"%{built.ids['lazy']}%"],
        ).fetchone()[0]
        wrong = "sha256:" + "0" * 64
        store.db.conn.execute("UPDATE payload SET digest = ? WHERE digest = ?", [wrong, digest])
        store.db.conn.commit()
        try:
            with running(build_datasette(built.archive)) as client:
                assert client.get(built.path("lazy", "thumbnail")).status_code == 502
        finally:
            store.db.conn.execute("UPDATE payload SET digest = ? WHERE digest = ?", [digest, wrong])
            store.db.conn.commit()
    assert kept(built) == before


def test_permissions_are_asked_for(built):
    from archive.browse.metadata import before_one

    datasette = build_datasette(built.archive)
    denied = {"databases": {"archive": {"tables": {"payload": {"allow": False}}}}}
    (datasette._metadata_local if before_one() else datasette.config).update(denied)
    with running(datasette) as client:
        assert client.get(built.path("big", "thumbnail")).status_code == 403


def test_where_nothing_can_be_kept_it_is_made_each_time(built):
    before = kept(built)
    with running(build_datasette(built.archive, thumbnails_mb=0)) as client:
        assert client.get(built.path("lazy", "thumbnail")).headers["content-type"] == "image/webp"
    away = built.archive.state.rename(built.archive.root / "elsewhere")
    built.archive.state.write_text("no folder can be made here")
    try:
        with running(build_datasette(built.archive)) as client:
            assert client.get(built.path("lazy", "thumbnail")).headers["content-type"] == "image/webp"
    finally:
        built.archive.state.unlink()
        away.rename(built.archive.state)
    assert kept(built) == before


def test_what_is_taken_down_is_never_sent_again_and_is_deleted(built):
    whole = [built.path("Stichting Lantaarn", view) for view in ("raw", "record")]
    path, url = built.path("Stichting Lantaarn", "thumbnail"), f"{HOST}/images/{LOGOS['Stichting Lantaarn']}"
    line = built.archive.decisions / "taken.jsonl"
    with running(build_datasette(built.archive)) as client:
        small = client.get(path).content
        assert any(small in file.read_bytes() for file in kept(built))
        tags = {at: client.get(at).headers["etag"] for at in (path, *whole)}
        append_decision(line, who="Jo", action="takedown", scope=url)
        try:
            assert client.get(path).status_code == 451
            for at, tag in tags.items():
                assert client.get(at, headers={"If-None-Match": tag}).status_code == 451
            assert client.get(path, headers={"If-None-Match": "*"}).status_code == 451
            assert not any(small in file.read_bytes() for file in kept(built))
            assert client.get(built.path("big", "thumbnail")).status_code == 200, "others are made again"
            assert kept(built)
        finally:
            line.unlink()
        assert client.get(path).content == small


def test_withholding_deletes_them_while_nothing_is_served(built):
    with running(build_datasette(built.archive)) as client:
        client.get(built.path("big", "thumbnail"))
    assert kept(built)
    asked = Asked("http://elders.test/", "privacy")
    withhold(built.archive, [asked], "Jo", hides=[count_hidden(built.archive, [check(asked)])])
    assert kept(built) == []


# --- what is made


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "1", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_made_small(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    with Image.open(
        BytesIO(make_thumbnail(saved(mark(700, 90).convert("L" if mode == "I;16" else mode).convert(mode), kind)))
    ) as image:
        assert image.size[0] == BOX[0]


def test_what_is_transparent_stays_so_and_what_is_small_stays_small():
    with Image.open(BytesIO(make_thumbnail(saved(mark(60, 30, mode="RGBA", ground=(0, 0, 0, 0)), "PNG")))) as image:
        assert image.size == (60, 30)
        assert image.getchannel("A").getextrema() == (0, 255)


def test_hostile_pictures_cost_little(tmp_path):
    """One that would fill 1.2 GB once decoded, and the largest that is decoded; in a process of its own."""
    (tmp_path / "bomb.png").write_bytes(BOMB)
    (tmp_path / "large.png").write_bytes(png_of_nothing(4_500, 4_500))
    code = f"""
import time, re
from pathlib import Path
from archive.pictures.thumbnails import make_thumbnail
data = [Path({str(tmp_path)!r}, name).read_bytes() for name in ("bomb.png", "large.png")]
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before, began = peak(), time.process_time()
assert make_thumbnail(data[0]) is None
assert make_thumbnail(data[1])
print((peak() - before) // 1024, time.process_time() - began)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert int(said[0]) < 110, "MB"
    assert float(said[1]) < 5, "seconds of CPU"


def test_nothing_raises_whatever_the_bytes():
    for cut in range(0, len(BIG), 397):
        make_thumbnail(BIG[:cut])
        make_thumbnail(BIG[:cut] + bytes(50) + BIG[cut + 50 :])
