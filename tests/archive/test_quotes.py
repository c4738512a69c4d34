"""What stands in a page is found in its bytes, and what does not stand there is not."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import quotes
from archive.quotes import Body, fold, locate, resolve, stands

PAGE = (
    '<title>A &lt;b&gt; C</title><!-- Plan --><script>if (a<b) {"name": "Plan"}</script>'
    "<p>Wilde&nbsp;<b>Ganz</b>en,\n  Plan &amp; co &eacute;&#233;&#xE9; caf&eacute</p>"
    "<img alt='Save the Children logo.jpg' src=/a?x=1&copy=2 title=\"l'&Eacute;tat\">"
    "<td>CARE Nederland</td><td>Cordaid</td>"
)


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        ("Wilde Ganzen", "Wilde&nbsp;<b>Ganz</b>en"),
        ("Ganzen, Plan & co", "Ganz</b>en,\n  Plan &amp; co"),
        ("ééé café", "&eacute;&#233;&#xE9; caf&eacute"),
        ("e\u0301e\u0301", "&eacute;&#233;"),
        ("A <b> C", "A &lt;b&gt; C"),
        ("Save the Children logo.jpg", "Save the Children logo.jpg"),
        ("/a?x=1&copy=2", "/a?x=1&copy=2"),
        ("l'État", "l'&Eacute;tat"),
        ("CARE Nederland Cordaid", "CARE Nederland</td><td>Cordaid"),
        ('"name": "Plan"', '"name": "Plan"'),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "utf-16le", "gb18030"])
def test_quote_is_found_through_tags_references_and_white_space(quote: str, source: str, charset: str) -> None:
    body = PAGE.encode({"windows-1252": "cp1252"}.get(charset, charset))
    found = locate(body, charset, quote)
    assert found is not None
    assert body[slice(*found)].decode(charset) == source
    assert stands(body, charset, *found, quote)


@pytest.mark.parametrize("quote", ["Plan B", "Wilde Gans", "logo.jpg/a?x", "", "  "])
def test_what_is_not_there_is_not_found(quote: str) -> None:
    assert locate(PAGE.encode(), "utf-8", quote) is None


def test_hidden_text_is_no_text() -> None:
    body = PAGE.encode()
    found = Body(body, "utf-8").locate("Plan", where="text")
    assert found is not None
    assert found[0] == body.index(b"Plan &amp;")


def test_search_begins_where_it_is_told() -> None:
    body = b"\xef\xbb\xbf<p>\xc3\xa9 Plan</p><p>Plan</p>"
    first = locate(body, "utf-8", "Plan")
    assert first == (9, 13)
    assert locate(body, "utf-8", "Plan", after=first[1]) == (20, 24)
    assert locate(body, "utf-8", "Plan", after=24) is None


@pytest.mark.parametrize(("start", "end"), [(0, 4), (3, 9), (4, 9), (-1, 3), (7, 3), (3, 900)])
def test_range_that_says_more_or_less_does_not_stand(start: int, end: int) -> None:
    body = b"<p>Plan is</p>"
    assert stands(body, "utf-8", 3, 7, "Plan")
    assert not stands(body, "utf-8", start, end, "Plan")


def test_range_in_a_stateful_charset_is_read_from_the_start() -> None:
    body = "<p>日本 語</p>".encode("iso2022-jp")
    found = locate(body, "iso-2022-jp", "本語")
    assert found is not None
    assert stands(body, "iso-2022-jp", *found, "本語")


def test_references_mean_what_html_says() -> None:
    assert resolve("&#128;") == ("€", 6)
    assert resolve("&#0;") == ("\ufffd", 4)
    assert resolve("&#xD800;") == ("\ufffd", 8)
    assert resolve("&#" + "9" * 9000) == ("\ufffd", 9002)
    assert resolve("&notit;") == ("¬", 4)
    assert resolve("&unknown;") == ("&unknown;", 9)


#: what a page can hold: no lone surrogates, no NUL, and no carriage return, which a parser turns into a line feed
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=60)
CHARSETS = st.sampled_from(["utf-8", "utf-16le", "gb18030"])


@given(before=TEXT, quote=TEXT.filter(fold), after=TEXT, charset=CHARSETS, bold=st.integers(0, 60))
def test_whatever_text_is_put_in_a_page_is_found_again(
    before: str, quote: str, after: str, charset: str, bold: int
) -> None:
    shown = html.escape(quote[:bold]) + "<b class='x'>" + html.escape(quote[bold:])
    body = f"<p>{html.escape(before)}</p><p>{shown}</b></p>{html.escape(after)}".encode(charset)
    found = locate(body, charset, quote)
    assert found is not None
    assert stands(body, charset, *found, quote)
    assert not stands(body, charset, *found, quote + "x")


@given(before=TEXT, quote=TEXT.filter(fold), charset=CHARSETS)
def test_whatever_value_is_put_in_an_attribute_is_found_again(before: str, quote: str, charset: str) -> None:
    body = f'<img title="{html.escape(before)}" alt="{html.escape(quote)}">'.encode(charset)
    found = Body(body, charset).locate(quote, where="attribute")
    assert found is not None
    assert stands(body, charset, *found, quote)


@given(
    body=st.binary(max_size=200),
    start=st.integers(-5, 210),
    end=st.integers(-5, 210),
    quote=TEXT,
    charset=st.sampled_from(
        ["utf-8", "windows-1252", "iso-2022-jp", "shift_jis", "utf-16be", "replacement", "nonsense"]
    ),
)
def test_any_bytes_can_be_asked(body: bytes, start: int, end: int, quote: str, charset: str) -> None:
    stands(body, charset, start, end, quote)
    found = locate(body, charset, quote)
    assert found is None or 0 <= found[0] <= found[1] <= len(body)


@pytest.mark.parametrize(
    "piece",
    ['<a "', "<", "&aaaaaaaa", "<a b=", "<!--", "<title>", "e\u0301", "<a " + "=" * 40, "\u0301", "<script>", "é b "],
)
def test_a_megabyte_of_one_thing_is_read_in_one_go(piece: str) -> None:
    whole = Body((piece * (1_000_000 // len(piece.encode()))).encode(), "utf-8")
    began = time.perf_counter()
    for nth in range(20):
        whole.locate("é" + "x" * nth)
    assert time.perf_counter() - began < 10


def test_quote_behind_a_reference_to_white_space_has_its_own_place():
    page = b"<p>A&nbsp;Een en Plan.</p>"
    assert locate(page, "utf-8", "Plan") == (page.index(b"Plan"), page.index(b"Plan.") + 4)


_PIECES = st.sampled_from(
    ["<p>", "</p>", "<b title='a b'>", "a b", "a", " ", "<!-- a -->", "<script>a b</script>", "&amp;", "e\u0301", "<", ">",
     "a&nbsp;b", "<title>", "</title>", "\u0301"]
)  # fmt: skip


@given(
    st.lists(_PIECES, max_size=60),
    st.sampled_from(["a b", "a", "e\u0301", "& a", "b a"]),
    st.sampled_from(["text", "attribute", "any"]),
)
def test_what_stands_near_the_beginning_is_found_where_it_is_found_in_all(
    pieces: list[str], quote: str, where: quotes.Where
) -> None:
    body = "".join(pieces).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotes, "_HEAD_CHARS", 40)
        patch.setattr(quotes, "_MARGIN_CHARS", 8)
        quickly = quotes.Body(body, "utf-8").locate(quote, where=where)
        patch.setattr(quotes, "_HEAD_CHARS", 1 << 30)
        assert quotes.Body(body, "utf-8").locate(quote, where=where) == quickly
