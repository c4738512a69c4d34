"""English and Dutch: who is spoken to in which, no page mixes them, and no cache hands one to readers of the other."""

from __future__ import annotations

import asyncio
import re

import pytest

from archive.browse.serve import build as build_datasette
from archive.report.words import Words
from tests.archive.browse_archive import build_with_takedown
from tests.archive.browse_server import running


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_with_takedown(tmp_path_factory.mktemp("language") / "archive")


@pytest.fixture(scope="module")
def public(built):
    with running(build_datasette(built.archive, public=True)) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "dutch"),
    [
        ("/-/capture/nothing", 404, "Niet in dit archief"),
        ("/-/capture/{pdf}", 451, "om iemands privacy te beschermen"),
        ("/-/nothing", 404, "Die pagina is er niet."),
        ("/archive/capture/99999", 404, "Die pagina is er niet."),
        ("/archive?sql=" + "x", 400, "niet te beantwoorden"),
        ("/-/capture/{home}", 200, "1 mei 2016"),
        ("/-/changes", 200, "niet meer vermeld"),
        ("/", 200, "Sponsors van nu"),
    ],
)
def test_a_dutch_reader_is_spoken_to_in_dutch(client, built, path, status, dutch):
    answer = client.get(path.format(**built.ids), headers={"accept-language": "nl-NL,nl;q=0.9,en;q=0.5"})
    assert answer.status_code == status
    assert dutch in answer.text
    assert '<html lang="nl">' in answer.text
    assert answer.headers["content-language"] == "nl"
    assert "Accept-Language" in answer.headers["vary"]


def test_who_may_not_see_is_told_so_in_dutch(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"page_version": {"allow": False}}}}}
    with running(datasette) as client:
        answer = client.get("/-/search?q=x", headers={"accept-language": "nl"})
    assert answer.status_code == 403
    assert "<h1>Niet toegestaan</h1>" in answer.text
    assert "Dit mag u niet zien." in answer.text


def test_a_report_names_what_it_read_in_the_visitors_words():
    words = Words("nl")
    assert words.say("member") == "lid"
    assert words.finding("drift", (2, "member", "section vanished")).endswith(
        "eerst pagina member, een lijst is verdwenen."
    )


# --- choosing


def test_a_choice_goes_before_what_the_browser_says_and_is_kept(client):
    chosen = client.get("/?lang=nl", headers={"accept-language": "en"})
    assert '<html lang="nl">' in chosen.text
    assert chosen.headers["set-cookie"] == "bewaar_lang=nl; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    kept = client.get("/-/search", headers={"accept-language": "en", "cookie": "other=1; bewaar_lang=nl"})
    assert '<html lang="nl">' in kept.text
    assert "set-cookie" not in kept.headers
    assert '<html lang="en">' in client.get("/-/search?lang=en", headers={"cookie": "bewaar_lang=nl"}).text
    client.cookies.clear()


@pytest.mark.parametrize("given", ["de", "", "nl;q=0", "xx;q=9", "nl;q=x", "*", "\xe9", ";;;,,,", "n" * 5000])
def test_english_is_spoken_where_neither_is_asked_for(client, given):
    answer = client.get("/", headers={"accept-language": given.encode("latin-1")})
    assert '<html lang="en">' in answer.text
    assert answer.headers["content-language"] == "en"


@pytest.mark.parametrize("query", ["lang=", "lang=de", "lang=nl&lang=%00", "lang=%3Cscript%3E", "x=%ff&lang=zz"])
def test_what_is_no_language_is_none(client, query):
    answer = client.get(f"/-/search?{query}", headers={"cookie": 'bewaar_lang="; evil=<script>'})
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "switch"),
    [
        ("/", "?lang=nl"),
        ("/-/search?q=pleegzorg&x=1", "?q=pleegzorg&amp;x=1&amp;lang=nl"),
        ("/archive/page_version?lang=nl", "?lang=nl&amp;_lang=nl"),  # a column of that table is called so
        ("/-/web/2016/http://never.test/?lang=fr", "/?lang=nl"),  # the question mark is the archived address's
        ("/-/nothing", "?lang=nl"),
    ],
)
def test_every_page_has_a_way_to_the_other_language(client, path, switch):
    html = client.get(path).text
    assert f'<a href="{switch}" hreflang="nl" lang="nl"' in html
    assert '<html lang="en">' in html


def test_a_table_page_has_a_dutch_frame_around_english_contents(client):
    answer = client.get("/archive/capture?_lang=nl")
    assert '<html lang="nl">' in answer.text
    assert re.search(r'<main [^>]*lang="en"', answer.text)
    assert answer.headers["content-language"] == "nl, en"
    assert client.get("/archive/page_version.json?lang=nl&_shape=array").json()
    assert client.get("/archive/page_version.json?lang=en&_shape=array").json() == []
    client.cookies.clear()


def test_what_one_visitor_was_told_is_not_told_to_the_next(built):
    """Templates are compiled at the first visit."""
    paths, told = ("/-/about", "/", "/-/changes"), {}
    for order in (("nl", "en", "nl"), ("en",)):
        with running(build_datasette(built.archive)) as client:
            for number, one in enumerate(order):
                for path in paths:
                    html = client.get(path, headers={"accept-language": one}).text
                    told.setdefault((path, one), {})[order, number] = re.sub(r"[\d.]+ ms|:\d+/", "", html)
    for path in paths:
        assert len(told[path, "en"]) == len(told[path, "nl"]) == 2
        assert len(set(told[path, "en"].values())) == len(set(told[path, "nl"].values())) == 1


def test_two_visitors_at_once_are_not_mixed(built):
    async def ask() -> list[str]:
        datasette = build_datasette(built.archive)
        wanted = [("en", "nl")[n % 2] for n in range(8)]
        answers = await asyncio.gather(*(datasette.client.get("/", headers={"accept-language": one}) for one in wanted))
        return [
            (one, answer.headers["content-language"], "Latest changes" in answer.text)
            for one, answer in zip(wanted, answers, strict=True)
        ]

    assert all(given == told and english == (given == "en") for given, told, english in asyncio.run(ask()))


# --- caches


def test_a_shared_cache_is_told_what_a_page_depends_on(public, built):
    for path in ("/", "/archive/capture", built.path("home"), built.path("home", "snapshot")):
        answer = public.get(path)
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))
    for path in (built.path("home", "raw"), "/archive/capture.json", "/-/changes.atom"):
        assert "Accept-Language" not in public.get(path).headers.get("vary", "")


def test_who_made_a_choice_is_shown_nothing_that_others_may_be(public):
    answer = public.get("/", headers={"cookie": "bewaar_lang=nl"})
    assert '<html lang="nl">' in answer.text
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_page_that_keeps_a_choice_is_for_one_visitor(public):
    answer = public.get("/?lang=nl")
    assert "set-cookie" in answer.headers
    assert answer.headers["cache-control"] == "private, no-cache"
    public.cookies.clear()


def test_an_archived_page_is_in_nobodys_language_and_its_banner_in_the_visitors(client, built):
    answer = client.get(built.path("home", "snapshot"), headers={"accept-language": "nl"})
    assert "content-language" not in answer.headers
    assert '<div lang="nl"' in answer.text
    assert "Gearchiveerde kopie van 1 mei 2016 12:00:01 (UTC), niet de site van nu." in answer.text


def test_a_feed_is_in_the_language_of_its_address_whoever_asks(client):
    for headers in ({"accept-language": "nl"}, {"cookie": "bewaar_lang=nl"}):
        assert ": changes</title>" in client.get("/-/changes.atom", headers=headers).text
    dutch = client.get("/-/changes.atom?lang=nl")
    assert ": wijzigingen</title>" in dutch.text
    assert 'xml:lang="nl"' in dutch.text
    assert "(lid) niet meer vermeld" in dutch.text
    assert "set-cookie" not in dutch.headers
    assert client.get("/-/changes.json?lang=nl").json()["language"] == "nl"
    page = client.get("/-/changes", headers={"accept-language": "nl"}).text
    assert 'href="/-/changes.atom?lang=nl"' in page
