"""A body's charset is found as browsers find it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.decoding import decode, decode_as, encoding_of


@pytest.mark.parametrize(
    ("body", "content_type", "text", "charset"),
    [
        (b"\xef\xbb\xbfcaf\xc3\xa9", "text/html; charset=iso-8859-1", "café", "utf-8"),
        (b"\xff\xfea\0b\0", None, "ab", "utf-16le"),
        (b"\xfe\xff\0a\0b", None, "ab", "utf-16be"),
        (b"caf\xe9", "text/html; charset=ISO-8859-1", "café", "windows-1252"),
        (b"caf\xe9", 'text/html;charset="latin1"', "café", "windows-1252"),
        (b"\x80\x81", "text/html;charset=us-ascii", "€\x81", "windows-1252"),
        (b"caf\xc3\xa9", None, "café", "utf-8"),
        (b"caf\xe9", None, "café", "windows-1252"),
        (b"caf\xc3\xa9", "text/html; charset=nonsense", "café", "utf-8"),
        (b"\xc5\xa1", "text/html; charset=utf8", "š", "utf-8"),
        (b"\x82\xa0", "text/html; charset=Shift_JIS", "あ", "shift_jis"),
        (b"x", "text/html; charset=hz-gb-2312", "\ufffd", "replacement"),
        (b"", None, "", "utf-8"),
    ],
)
def test_charset_is_the_one_a_browser_would_use(body: bytes, content_type: str | None, text: str, charset: str) -> None:
    assert decode(body, content_type) == (text, charset)


@pytest.mark.parametrize(
    ("meta", "charset"),
    [
        (b"<meta charset=iso-8859-2>", "iso-8859-2"),
        (b"<META CHARSET = 'koi8-r' />", "koi8-r"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "windows-1251"),
        (b'<meta content="text/html; charset=windows-1251" http-equiv=content-type>', "windows-1251"),
        (b'<meta content="text/html; charset=windows-1251">', "windows-1252"),
        (b'<meta name="x" content="charset=windows-1251">', "windows-1252"),
        (b"<!-- <meta charset=koi8-r> --><meta charset=iso-8859-5>", "iso-8859-5"),
        (b"<!--><meta charset=koi8-r>", "koi8-r"),
        (b'<a title="<meta charset=koi8-r>"><meta charset=iso-8859-5>', "iso-8859-5"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<metadata charset=koi8-r>", "windows-1252"),
        (b" " * 1024 + b"<meta charset=koi8-r>", "windows-1252"),
    ],
)
def test_meta_is_read_as_the_standard_prescans_it(meta: bytes, charset: str) -> None:
    assert decode(meta + b"\xe9", None)[1] == charset


def test_header_goes_before_meta() -> None:
    assert decode(b"<meta charset=koi8-r>\xe9", "text/html; charset=windows-1252")[1] == "windows-1252"


@pytest.mark.parametrize("label", ["l1", "ASCII", " iso-8859-1\n", "x-cp1252"])
def test_labels_are_folded(label: str) -> None:
    assert encoding_of(label) == "windows-1252"


@given(
    st.binary(max_size=300),
    st.none()
    | st.text(max_size=40)
    | st.sampled_from(
        [
            "x; charset=" + c
            for c in (
                "utf-16",
                "gbk",
                "big5",
                "euc-jp",
                "iso-2022-jp",
                "shift_jis",
                "euc-kr",
                "windows-874",
                "windows-1255",
                "x-user-defined",
            )
        ]
    ),
)
def test_anything_is_decoded(body: bytes, content_type: str | None) -> None:
    text, charset = decode(body, content_type)
    text.encode()  # no lone surrogates
    assert encoding_of(charset) == charset
    assert decode_as(body, charset) == text
