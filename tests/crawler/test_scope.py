from __future__ import annotations

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crawler.domains
import crawler.neighbours
import crawler.robots_txt
import crawler.scope
from crawler.domains import registered_domain
from crawler.scope import Scope, ScopeRules
from crawler.seen import seen_key


def test_examples_in_docstrings_hold():
    for module in (crawler.domains, crawler.neighbours, crawler.robots_txt, crawler.scope):
        assert doctest.testmod(module).failed == 0


def rule(url: str, hop: str = "L", hops: str = "", **rules: object) -> str:
    """What decided, with + for accepted and - for refused."""
    seeds = rules.pop("seeds", ("http://a.example/docs/start.html",))
    verdict = Scope(ScopeRules(seeds=seeds, **rules)).judge(url, hop, hops)  # type: ignore[arg-type]
    return ("+" if verdict.accepted else "-") + verdict.rule


@pytest.mark.parametrize(
    ("extent", "url", "expected"),
    [
        ("page", "https://www.a.example/docs/start.html", "+page"),
        ("page", "http://a.example/docs/other.html", "-outside-page"),
        ("prefix", "http://a.example/docs/deeper/x", "+prefix"),
        ("prefix", "https://www.a.example/docs/", "+prefix"),
        ("prefix", "http://a.example/docsets/", "-outside-prefix"),
        ("prefix", "http://a.example/", "-outside-prefix"),
        ("host", "http://a.example", "+host"),
        ("host", "https://www.A.example:443/x", "+host"),
        ("host", "http://a.example./x", "+host"),
        ("host", "http://a.example:8080/x", "-outside-host"),
        ("host", "http://b.a.example/x", "-outside-host"),
        ("host", "http://evil.example/?http://a.example/", "-outside-host"),
        ("host", "http://a.example.evil.example/", "-outside-host"),
        ("domain", "http://b.a.example/x", "+domain"),
        ("domain", "http://b.example/x", "-outside-domain"),
        ("domain", "http://b.a.example:8080/x", "-outside-domain"),
    ],
)
def test_extent(extent, url, expected):
    assert rule(url, extent=extent) == expected


@pytest.mark.parametrize("extent", ["page", "prefix", "host", "domain"])
def test_seed_and_its_variants_are_in_every_scope(extent):
    assert rule("http://a.example/docs/start.html", "", extent=extent) == "+seed"
    assert rule("https://www.a.example/docs/start.html", "R", extent=extent) == f"+{extent}"


def test_extra_hosts_are_in_scope_whole():
    for extent in ("page", "prefix", "host", "domain"):
        assert rule("https://www.b.example/x", extent=extent, hosts=("b.example",)) == f"+{extent}"
    assert rule("http://b.example:81/x", hosts=("b.example",)) == "-outside-host"
    assert rule("http://b.example:81/x", hosts=("b.example:81",)) == "+host"


def test_ports_and_addresses_are_hosts_of_their_own():
    seeds = ("http://127.0.0.1:8080/", "http://[::1]:81/")
    assert rule("http://127.0.0.1:8080/x", seeds=seeds) == "+host"
    assert rule("http://127.0.0.1/x", seeds=seeds) == "-outside-host"
    assert rule("http://[::1]:81/x", seeds=seeds) == "+host"
    assert rule("http://127.0.0.2:8080/x", seeds=seeds, extent="domain") == "-outside-domain"


def test_domains_on_shared_suffixes_are_strangers():
    assert rule("http://b.github.io/", seeds=("http://a.github.io/",), extent="domain") == "-outside-domain"
    assert rule("http://b.co.uk/", seeds=("http://a.co.uk/",), extent="domain") == "-outside-domain"
    assert registered_domain("www.kinderen.test") == "kinderen.test"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://a.example/x", "-scheme"),
        ("mailto:a@a.example", "-scheme"),
        ("", "-scheme"),
        ("http://", "-malformed"),
        ("http://[::", "-malformed"),
        ("http://a.example:99999/", "-malformed"),
        ("http://user:secret@a.example/", "-credentials"),
        ("http://a.example/" + "x" * 2083, "-url-length"),
        ("http://a.example/" + "x/" * 33, "-path-segments"),
        ("http://a.example/a/b/a/b/a/b", "-path-repetition"),
        ("http://a.example/x/img/img/img/1.png", "-path-repetition"),
        ("http://a.example/a/b/a/b/c", "+host"),
        ("http://a.example////x", "+host"),
        ("http://a.example/?" + "&".join(f"a{i}=1" for i in range(41)), "-query-parameters"),
        ("http://a.example/?" + "&".join(f"a{i}=1" for i in range(40)), "+host"),
    ],
)
def test_traps_are_named(url, expected):
    assert rule(url) == expected


def test_excludes_say_which_and_spare_seeds():
    exclude = (r"\.zip$", r"/docs/")
    assert rule("http://a.example/x.zip", exclude=exclude) == r"-exclude \.zip$"
    assert rule("http://other.example/x.zip", "E", exclude=exclude) == r"-exclude \.zip$"
    assert rule("http://a.example/docs/start.html", exclude=exclude) == "+seed"


def test_trackers_are_fetched_unless_the_profile_skips_them():
    url = "https://www.counter.example/hit.js"
    assert rule(url, "E", "L") == "+requisite"
    assert rule(url, "E", "L", tracker_hosts=frozenset({"counter.example"})) == "-tracker"
    assert rule("https://encounter.example/", "E", tracker_hosts=frozenset({"counter.example"})) == "+requisite"


@pytest.mark.parametrize(
    ("hop", "hops", "expected"),
    [("L", "LL", "-hops"), ("L", "L", "+host"), ("E", "LL", "+host"), ("R", "LLR", "+host"), ("L", "MML", "+host")],
)
def test_only_links_count_as_hops(hop, hops, expected):
    assert rule("http://a.example/x", hop, hops, max_hops=2) == expected


def test_requisites_come_from_any_host_or_not():
    assert rule("http://cdn.example/x.css", "E", "LL") == "+requisite"
    assert rule("http://cdn.example/x.css", "E", "", extent="page") == "+requisite"
    assert rule("http://cdn2.example/x.css", "R", "LLER") == "+requisite"
    assert rule("http://cdn.example/x.css", "E", "LL", requisites_from="scope") == "-requisites-from"
    assert rule("http://a.example/x.css", "E", "LL", requisites_from="scope") == "+host"
    assert rule("http://cdn.example/page", "L", "LLE") == "-outside-host"


def test_chains_of_embeds_and_redirects_end():
    assert rule("http://a.example/x", "E", "L" + "E" * 6) == "-embed-hops"
    assert rule("http://a.example/x", "E", "EEEEEEL") == "+host"
    assert rule("http://a.example/x", "R", "L" + "R" * 20) == "-redirect-hops"
    assert rule("http://a.example/s.xml", "M", "M" * 5) == "-sitemap-hops"
    assert not rule("http://a.example/s.xml", "M", "M" * 4).startswith("-")
    assert rule("http://a.example/x", "R", "L" + "R" * 19) == "+host"


def test_seed_redirect_is_captured_and_others_are_judged():
    assert rule("http://parked.example/", "R", "") == "+seed-redirect"
    assert rule("http://parked.example/2", "R", "R") == "+seed-redirect"
    assert rule("http://parked.example/", "R", "L") == "-outside-host"
    assert rule("http://parked.example/more", "L", "R") == "-outside-host"
    assert rule("http://parked.example/logo.png", "E", "R") == "+requisite"


def test_sitemap_above_the_prefix_is_read():
    assert rule("http://a.example/sitemap.xml", "M", "", extent="prefix") == "+sitemap"
    assert rule("http://a.example/sitemap.xml", "M", "", extent="page") == "-outside-page"
    assert rule("http://b.example/sitemap.xml", "M", "", extent="prefix") == "-outside-prefix"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h/?b=1&a=2", "http://h/?a=2&b=1"),
        ("http://h", "http://h/"),
        ("http://h:80/x", "http://h/x"),
        ("https://h:443?x", "https://h/?x"),
        ("http://h/x#top", "http://h/x"),
        ("http://h/%7ex", "http://h/~x"),
        ("http://h/x?utm_source=a&fbclid=b", "http://h/x"),
        ("http://h/x?PHPSESSID=123&p=1", "http://h/x?p=1"),
        ("http://h/x.js?_=1764359000123", "http://h/x.js?_=1764359999999"),
        ("http://h/x?nocache=0.7341652839&p=1", "http://h/x?p=1&rand=123456789"),
        ("http://h/x;jsessionid=12AB?p=1", "http://h/x?p=1"),
        ("http://h/a;SessionID=12AB!7/x", "http://h/a/x"),
        ("http://h/(S(abc))/x.aspx", "http://h/x.aspx"),
        ("http://h/(X(1)S(lit3py55t21z5v55vlm25s55))/x", "http://h/%28A%28q-_%29F%28r%29%29/x"),
        ("http://h/(lit3py55t21z5v55vlm25s55)/x.aspx", "http://h/x.aspx"),
        ("http://h/a/./b/../c", "http://h/a/c"),
        ("http://münchen.example/ü", "http://xn--mnchen-3ya.example/%C3%BC"),
    ],
)
def test_seen_once(one, other):
    assert seen_key(one) == seen_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h/x", "https://h/x"),
        ("http://h/x", "http://www.h/x"),
        ("http://h:443/x", "http://h/x"),
        ("https://h:80/x", "https://h/x"),
        ("http://h/x", "http://h/X"),
        ("http://h/x", "http://h/x/"),
        ("http://h/?p=1", "http://h/?p=2"),
        ("http://h/?next=http://h:80/a", "http://h/?next=http://h/a"),
        ("http://h/?my_utm_source=1", "http://h/"),
        ("http://h/?_=12&rand=1.5", "http://h/"),
        ("http://h/(S)-ibuprofen/x", "http://h/x"),
        ("http://h/f(x(1))/x", "http://h/x"),
        ("http://h/(abcdefghijklmnopqrstuvwx)/x", "http://h/x"),
    ],
)
def test_seen_apart(one, other):
    assert seen_key(one) != seen_key(other)


URLS = st.text() | st.builds(
    "".join,
    st.lists(
        st.sampled_from(["http://", "a.example", "/", "?", "&", "%", "@", ":", "[", "]", ";", "..", "\ud800", "é"])
    ),
)


@given(URLS, st.sampled_from(["", "L", "E", "R", "M", "X"]), st.text("LERM", max_size=30))
def test_judging_never_raises(url, hop, hops):
    for extent in ("page", "prefix", "host", "domain"):
        verdict = Scope(ScopeRules(seeds=("http://a.example/",), extent=extent, tracker_hosts=frozenset({"x"}))).judge(
            url, hop, hops
        )
        assert verdict.rule


@given(URLS)
def test_seen_key_is_stable(url):
    assert seen_key(seen_key(url)) == seen_key(url) or not url.startswith("http")


def test_judging_a_hostile_path_is_quick():
    scope = Scope(ScopeRules(seeds=("http://a.example/",)))
    started = time.process_time()
    for i in range(100):
        scope.judge(f"http://a.example/{i}/" + "a/b/" * 500, "L", "L" * 1000)
        scope.judge(f"http://a.example/{i}/" + "a" * 200_000, "L", "")
    assert time.process_time() - started < 1
