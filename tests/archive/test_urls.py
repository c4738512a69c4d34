from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.urls import urlkey

S32 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.Example.NL/P/215/?b=2&a=1", "nl,example)/p/215?a=1&b=2"),
        ("https://www2.example.nl:443/a/../b/./c//d/", "nl,example)/b/c/d"),
        ("http://example.nl:8080", "nl,example:8080)/"),
        ("https://example.nl:80/", "nl,example:80)/"),
        ("http://jan:geheim@example.nl/x#top", "nl,example)/x"),
        ("http://example.nl/x?", "nl,example)/x"),
        ("http://example.nl/%7Ea%2fB/é%20é", "nl,example)/~a/b/%c3%a9%20%c3%a9"),
        ("http://example.nl/%252525zz%25", "nl,example)/%25zz%25"),
        ("http://example.nl/?q=a+b%20c&Q=%E9", "nl,example)/?q=%e9&q=a+b%20c"),
        ("http://example.nl/x?c&b=&b&a=1&a=0", "nl,example)/x?a=0&a=1&b&b=&c"),
        ("http://bücher.example/", "example,xn--bcher-kva)/"),
        ("http://192.0.2.7/x", "7,2,0,192)/x"),
        ("http://3232235777/", "1,1,168,192)/"),
        ("http://[2001:DB8::1]:8080/", "2001:db8::1:8080)/"),
        (f"http://example.nl/x?PHPSESSID={S32}&z=1", "nl,example)/x?z=1"),
        (f"http://example.nl/x?sid={S32}", "nl,example)/x"),
        ("http://example.nl/x?cfid=1&cftoken=2&a", "nl,example)/x?a"),
        ("http://example.nl/(S(0123456789abcdefghijklmn))/b.aspx?x", "nl,example)/b.aspx?x"),
        ("http://example.nl/a\tb\n", "nl,example)/ab"),
        ("example.nl/x", "nl,example)/x"),
        ("http://http://example.nl/", "nl,example)/"),
        ("dns:Example.nl", "dns:example.nl"),
        ("urn:UUID:1", "urn:uuid:1"),
        ("metadata://demo/report.json", "demo)/report.json"),
        ("http://example.nl:80a/", "http://example.nl:80a/"),
        ("", "-"),
        (" ", "-"),
    ],
)
def test_urlkeys(url: str, key: str) -> None:
    assert urlkey(url) == key


hosts = st.sampled_from(
    [
        "e.nl",
        "www.e.nl",
        "Ex.E.NL:80",
        "e.nl:443",
        "e.nl:8080",
        "www.nl",
        "a..b",
        "u:p@e.nl",
        "192.0.2.7",
        "é.nl",
        "e%41.nl",
    ]
)
pieces = st.sampled_from(
    [*"aB/?&=;:@+~()[|\\ é%", "//", "..", "%2e", "%41", "%2f", "%23", "%zz", "%C3%A9", "#", "www.", "http://", f"sid={S32}", "aspx"]
)  # fmt: skip


@given(st.sampled_from(["http://", "https://"]), hosts, st.sampled_from(["/", "/a", "?"]), st.lists(pieces, max_size=8))
def test_keys_are_those_the_indexes_of_others_use(scheme: str, host: str, start: str, rest: list[str]) -> None:
    surt = pytest.importorskip("surt")
    url = scheme + host + start + "".join(rest)
    if url.count(S32) < 2:  # of one session id given twice, they take out the last and we take out both
        assert urlkey(url) == surt.surt(url)


@given(st.text() | st.text().map(lambda text: f"http://{text}") | st.text().map(lambda text: f"http://e.nl/{text}"))
def test_any_text_has_a_key_that_fits_a_line(text: str) -> None:
    key = urlkey(text)
    assert key
    assert all("!" <= character <= "~" for character in key)


@given(st.text(st.characters(codec="utf-8")))
def test_a_key_is_the_same_for_the_spellings_of_one_address(path: str) -> None:
    from urllib.parse import quote

    path = path.strip().translate({ord(c): None for c in "\t\r\n?#%"}).replace("\\", "")
    assert urlkey(f"http://e.nl/{path}") == urlkey(f"HTTPS://www.E.nl:443/{quote(path)}")


def test_escapes_upon_escapes_take_no_time() -> None:
    assert urlkey("http://e.nl/" + "%25" * 50_000 + "41").startswith("nl,e)/")
    assert urlkey("http://e.nl/%" + "25" * 50_000 + "41") == "nl,e)/a"
    assert urlkey("http://" + "é" * 50_000)
