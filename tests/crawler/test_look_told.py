"""What is told and proposed of a site that was looked at, and what is no address to look at."""

from __future__ import annotations

import doctest
import socket
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import crawler.look.add
import crawler.look.platforms
import crawler.look.printable
import crawler.look.sitemaps
import crawler.look.telling
from archive.errors import WrongUse
from archive.layout import Archive
from archive.whole import write_new
from crawler.look.add import add_site, complete_url
from crawler.look.estimate import estimate
from crawler.look.founding import archive_for
from crawler.look.many import read_lines
from crawler.look.proposal import propose
from crawler.look.sitemaps import Sitemap
from crawler.look.survey import PageSeen, Step, Survey
from crawler.look.verdict import what_is_wrong
from crawler.sites.profile import Profile
from tests.front_door import CONTACT, bewaar


@pytest.mark.parametrize(
    "module",
    [crawler.look.add, crawler.look.platforms, crawler.look.printable, crawler.look.sitemaps, crawler.look.telling],
    ids=lambda module: module.__name__,
)
def test_examples_in_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


URL = "https://a.test/"
PLAIN = PageSeen(URL, 1000, "A", "en", text_chars=900, links=("https://a.test/b", "https://a.test/c"))


def seen(*steps: Step, home: PageSeen | None = PLAIN, **more: Any) -> Survey:
    return Survey(URL, steps or (Step(URL, 200, "text/html"),), home, **more)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step(URL, 401), "asks for a user and a password"),
        (Step(URL, 403), "it refuses us: ask its webmaster"),
        (Step(URL, 404), "no such page: check the address"),
        (Step(URL, 418), "it refuses: check the address"),
        (Step(URL, 429), "with a longer --delay"),
        (Step(URL, 500), "the server has a fault: try again later"),
        (Step(URL, 503), "busy or being repaired"),
        (Step(URL, 200, "application/pdf"), "no web page but application/pdf"),
        (Step(URL, 204), "HTTP status 204 instead of a page"),
        (Step(URL, 302, location="https://a.test/x"), "redirected again and again, last to https://a.test/x"),
        (Step(URL, None, error="dns: no results"), "no such host: check the spelling"),
        (Step(URL, None, error="timeout: none came"), "does not answer in time"),
        (Step(URL, None, error="tls: certificate expired"), "its certificate is not valid: tell its webmaster"),
        (Step(URL, None, error="address: 10.0.0.1 is private"), "inside a private network, which is refused"),
        (Step(URL, None, error="oddity: never seen"), "cannot be fetched: oddity: never seen"),
    ],
)
def test_every_way_a_site_can_fail_has_its_words(step: Step, said: str) -> None:
    assert said in (what_is_wrong(seen(step, home=None), None) or "")


def test_a_robots_txt_that_is_down_forbids_and_one_elsewhere_counts_too() -> None:
    down = what_is_wrong(seen(home=None), "its robots.txt cannot be had: HTTP status 503")
    assert down is not None
    assert "nothing may be asked (RFC 9309): try again later" in down
    gone = seen(home=None, robots_error="tls: certificate expired")
    assert "its certificate is not valid" in (what_is_wrong(gone, "its robots.txt cannot be had: x") or "")


def test_a_page_with_a_login_beside_its_text_is_a_site() -> None:
    assert what_is_wrong(seen(), None) is None
    assert what_is_wrong(seen(home=replace(PLAIN, asks_password=True)), None) is None
    assert what_is_wrong(seen(home=replace(PLAIN, text_chars=20, scripts=2, links=("x",) * 9)), None) is not None
    # Short, and no scripts: there is no more to it.
    assert what_is_wrong(seen(home=replace(PLAIN, text_chars=20)), None) is None


@pytest.mark.parametrize(
    ("asked", "found", "seed", "scope"),
    [
        ("https://a.test/", "https://www.a.test/nl/home", "https://www.a.test/", "host"),
        ("http://a.test/", "https://a.test/", "https://a.test/", "host"),
        ("https://a.test/choir/", "https://a.test/choir/", "https://a.test/choir/", "prefix"),
        ("https://a.test/", "https://sites.test/choirs/a/", "https://sites.test/choirs/a/", "prefix"),
        ("https://a.test/", "https://b.test/", "https://b.test/", "host"),
    ],
)
def test_where_a_crawl_begins_and_how_far_it_goes(asked: str, found: str, seed: str, scope: str) -> None:
    way = (Step(asked, 301, location=found), Step(found, 200, "text/html")) if asked != found else (Step(asked, 200),)
    page = Survey(asked, way, PLAIN)
    text = propose(page, estimate(page, 1.0), name="a", date="2026-11-28", settings={})
    profile = Profile.model_validate({"name": "a", **tomllib.loads(text)})
    assert (profile.seeds, profile.scope) == ((seed,), scope)


def test_a_look_that_robots_txt_draws_out_says_so() -> None:
    slow = Survey(URL, robots_status=200, crawl_delay_s=240.0)
    assert "its robots.txt asks for 240 seconds between two requests" in (what_is_wrong(slow, "not fetched") or "")


@pytest.mark.parametrize(
    ("sitemaps", "pages", "from_sitemaps"),
    [
        ((), 3, False),
        ((Sitemap("s", 404),), 3, False),
        ((Sitemap("s", 200, pages=2),), 3, False),
        ((Sitemap("s", 200, pages=70),), 70, True),
        # Four are named, two were read: the other two are taken for as large.
        ((Sitemap("i", 200, sitemaps=4), Sitemap("a", 200, pages=10), Sitemap("b", 200, pages=30)), 80, True),
    ],
)
def test_pages_are_estimated_from_sitemaps_or_links(
    sitemaps: tuple[Sitemap, ...], pages: int, from_sitemaps: bool
) -> None:
    guess = estimate(seen(sitemaps=sitemaps, crawl_delay_s=4.0), 1.0)
    assert (guess.pages, guess.from_sitemaps) == (pages, from_sitemaps)
    assert (guess.delay_s, guess.time_s, guess.html_bytes) == (4.0, 4.0 * pages, 1000 * pages)


@pytest.mark.parametrize(
    "title", ['"]\nseeds = ["http://evil.test/', "\x1b[2J\u202eevil\r\n# x", "''' \\u0000 \\", "", "a" * 9999]
)
def test_no_title_breaks_out_of_the_profile(title: str) -> None:
    links = (f"https://{title[:20]}.a.test/",)
    hostile = replace(PLAIN, title=title, language='x"y', cms=title, description=title, links=links)
    page = seen(home=hostile)
    text = propose(page, estimate(page, 1.0), name="a", date="2026-11-28", settings={})
    found = tomllib.loads(text)
    assert found["seeds"] == [URL]
    assert set(found) <= {"title", "home", "seeds", "description"}
    assert set(found.get("description", {})) <= {"title", "description"}
    assert "description" in found or not title
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    "text", ["ftp://a.test/", "a b", "example", "http://", "mailto:a@b.test", "https://u:p@a.test/", ""]
)
def test_what_is_no_web_address(text: str) -> None:
    with pytest.raises(WrongUse, match="not a web address"):
        complete_url(text)


def test_a_file_without_an_address_is_wrong_use(tmp_path: Path) -> None:
    for content, said in ((b"# none\n", "holds no web address"), (b"http://a.test/\n\xff\n", "line 2: not UTF-8")):
        (tmp_path / "sites.txt").write_bytes(content)
        with pytest.raises(WrongUse, match=said):
            read_lines(tmp_path / "sites.txt")


def test_two_addresses_of_one_name_are_told_apart_by_a_name_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "sites.txt"
    path.write_text("a.test/choir/\na.test/band/\na.test/band/ band\n")
    first, second, third = read_lines(path)
    assert (first.name, first.url, first.wrong) == ("a_test", "https://a.test/choir/", None)
    assert second.wrong == f"its name, a_test, is taken by {path} line 1; write another name behind the address"
    assert (third.name, third.wrong) == ("band", None)


def test_a_host_that_nobody_knows_is_told_before_anything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    done = add_site(archive, "https://exmaple.test/")
    assert (done.outcome, done.why) == ("not added", "no such host: exmaple.test; check the spelling of the address")
    assert not archive.sealed_warcs()


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    write_new(path, "one")
    with pytest.raises(FileExistsError):
        write_new(path, "two")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.toml", "one")]


def test_without_an_archive_or_a_contact_nothing_is_asked(tmp_path: Path) -> None:
    done = bewaar("sites", "add", "http://a.test/", "--archive", tmp_path / "none", code=2)
    assert f"`bewaar init --archive {tmp_path / 'none'}` makes one" in done.stderr
    assert not (tmp_path / "none").exists()
    Archive.create(tmp_path / "a")
    with pytest.raises(WrongUse, match="says no contact, and nothing is asked of a site without one"):
        archive_for(tmp_path / "a", None)
    with pytest.raises(WrongUse, match="--contact: 'call me' is neither a mail address"):
        archive_for(tmp_path / "b", "call me")
    assert not (tmp_path / "b").exists()
