"""Wrong input gives one clear line and exit code 2, whatever it is."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.front_door import CONTACT, bewaar, crawl, refused, start_afresh
from tests.site_server import Site, page, tree


def test_no_such_site_suggests_one(archive: Path) -> None:
    line = refused("crawl", "better_care_netwerk", "--archive", archive)
    assert "better_care_netwerk" in line
    assert "did you mean better_care_network" in line


def test_what_is_asked_wrongly_makes_no_archive(tmp_path: Path) -> None:
    for wrong in (["nosuch"], ["http://example.test/", "--delay", "inf"], ["http://example.test/", "--max-bytes", "x"]):
        done = bewaar("crawl", *wrong, "--archive", tmp_path / "new", "--contact", CONTACT, code=2)
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "new").exists()


def test_nothing_to_crawl_says_what_to_give(archive: Path) -> None:
    assert "give a SITE or URL" in refused("crawl", "--archive", archive)


@pytest.mark.parametrize("url", ["http://", "ftp://example.org/", "http://user:secret@example.org/", "http://a:99999/"])
def test_a_url_that_is_none_is_refused(archive: Path, url: str) -> None:
    assert url in refused("crawl", url, "--archive", archive)


def test_nobody_to_contact(tmp_path: Path) -> None:
    line = refused("crawl", "http://127.0.0.1:9/", "--archive", tmp_path / "new")
    assert "--contact" in line
    line = refused("crawl", "http://127.0.0.1:9/", "--archive", tmp_path / "other", "--contact", "call me\r\nX: y")
    assert "neither a mail address" in line


def test_an_unreadable_profile_is_named_by_file_line_and_key(archive: Path) -> None:
    profile = archive / "sites" / "mine.toml"
    profile.write_text('seeds = ["http://example.org/"]\ndelay = 3\n')
    line = refused("crawl", "mine", "--archive", archive)
    assert f"{profile} line 2: delay: no such key" in line
    profile.write_text("seeds = [\n")
    assert f"{profile} line" in refused("crawl", "mine", "--archive", archive)


def test_a_directory_of_something_else_is_not_an_archive(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"x")
    for verb in ("crawl", "serve", "rebuild", "status", "verify"):
        what = ("http://127.0.0.1:9/", "--contact", CONTACT) if verb == "crawl" else ()
        assert "not an archive" in refused(verb, *what, "--archive", tmp_path / "photos")
    assert "no such directory" in refused("status", "--archive", tmp_path / "nowhere")


def test_a_newer_archive_is_refused_and_left_alone(archive: Path) -> None:
    marker = archive / "bewaar.toml"
    marker.write_text("format = 99\n")
    before = sorted(path.name for path in archive.rglob("*"))
    for verb in ("crawl", "serve", "rebuild", "verify"):
        what = ("http://127.0.0.1:9/", "--contact", CONTACT) if verb == "crawl" else ()
        assert "newer than this version" in refused(verb, *what, "--archive", archive)
    assert sorted(path.name for path in archive.rglob("*")) == before


def test_a_site_that_is_being_crawled_is_refused(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.1) as site:
        first = start_afresh("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        while len(site.asked) < 2:
            time.sleep(0.02)
        line = refused("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT)
        assert "is being crawled already by process" in line
        assert str(first.pid) in line
        first.terminate()
        first.communicate(timeout=30)


def test_a_port_that_is_taken(archive: Path) -> None:
    with Site({"/": page("x")}) as site:
        crawl(site.url(), archive)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused("serve", "--archive", archive, "--port", str(port))


def test_serving_an_archive_without_a_database_says_what_to_do(archive: Path) -> None:
    line = refused("serve", "--archive", archive)
    assert "archive.db" in line


@pytest.mark.parametrize("text", ["", "# nothing\n", "http://example.org/\nnot a url\n"])
def test_a_seed_file_must_hold_urls(archive: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "seeds").write_text(text)
    assert str(tmp_path / "seeds") in refused("crawl", "--seeds", tmp_path / "seeds", "--archive", archive)


@pytest.mark.parametrize("line", ["ftp://example.org/", "example.org", "http://", "http://user:secret@example.org/"])
def test_a_bad_line_of_a_seed_file_is_named_by_its_number(archive: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "seeds").write_text(f"# mine\n\nhttp://example.org/\n{line}\n")
    assert f"{tmp_path / 'seeds'} line 4: {line!r}" in refused(
        "crawl", "--seeds", tmp_path / "seeds", "--archive", archive
    )


def test_an_unknown_option_and_command(archive: Path) -> None:
    assert "--no-such-option" in refused("crawl", "--no-such-option", "--archive", archive)
    assert "'keep'" in refused("keep")
    assert "--max-pages" in refused("crawl", "http://127.0.0.1:9/", "--max-pages", "0", "--archive", archive)


@pytest.mark.parametrize("wrong", ["http://exa mple/", "http://a<b/", 'http://a"b/'])
def test_an_impossible_host_is_no_seed(tmp_path: Path, wrong: str) -> None:
    assert "is not an http(s) URL" in refused("crawl", wrong, "--contact", CONTACT, "--archive", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_size_that_is_none_says_what_one_is(tmp_path: Path) -> None:
    complaint = refused(
        "crawl", "http://a.test/", "--max-bytes", "lots", "--contact", CONTACT, "--archive", tmp_path / "a"
    )
    assert '"200 MiB"' in complaint
