"""Text and values are told from markup, wherever tags are bent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import markup
from archive.markup import Markup

PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "/",
                "=",
                '"',
                "'",
                " ",
                "\n",
                "a",
                "é",
                "\0",
                "<a ",
                "</a ",
                "<p>",
                "<!--",
                "-->",
                "<?",
                "</ ",
            ),
            *("<script", "</script>", "<title>", "</title>", "<ſcript>", "<textarea x=y>", "</TEXTAREA>", "<style>"),
            *(' alt="b c"', " d='e f'", " x = 1", "y=2", " =", "==", '"=', "<b=", "<img src=a.png>", 'z=""'),
        ]
    ),
    max_size=40,
).map("".join)


@given(PIECES)
def test_each_part_stands_where_it_is_said_to(text: str) -> None:
    found = Markup(text)
    for parts, starts in (found.texts, found.values):
        assert starts == sorted(starts)
        assert [text[start : start + len(part)] for part, start in zip(parts, starts, strict=True)] == parts


@given(PIECES)
def test_values_read_at_once_are_those_read_one_by_one(text: str) -> None:
    found = Markup(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markup, "_values_at_once", lambda _: None)
        assert Markup(text).values == found.values


def test_only_values_of_tags_are_values() -> None:
    text = (
        "<!-- <a x='1'> --><title x=2>a='3' <b y=4></title><p z = '5' =6 w>v='7'</p u=8><a\nhref=/9?a=b>"
        "<script src='10'>if (a='11')</script><img alt=''><img alt='12"
    )
    assert Markup(text).values.parts == ["2", "5", "8", "/9?a=b", "10", "", "12"]
    assert "".join(Markup(text).texts.parts) == "a='3' <b y=4>v='7'"
