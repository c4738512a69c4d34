"""A page through time, and the words that changed in it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from archive.browse import comparison
from archive.browse.comparison import compare
from archive.browse.serve import build as build_datasette
from tests.archive.browse_archive import HOME
from tests.archive.browse_server import running

LINES = st.lists(st.text(alphabet="ab c.", min_size=1, max_size=8).filter(str.strip), max_size=12)


def side(lines, mark):
    """One of the two texts, out of what is shown of both."""
    told = []
    for line in lines:
        parts = [part.text for part in line.parts if part.mark in ("", mark)]
        if line.kind == "left out":
            told += [None] * line.count
        elif parts or line.kind == "edited":
            told.append("".join(parts))
    return told


@given(LINES, LINES)
def test_both_texts_can_be_read_out_of_a_comparison(old, new):
    lines = compare("\n".join(old), "\n".join(new))
    for text, mark in ((old, "del"), (new, "ins")):
        told = side(lines, mark)
        assert len(told) == len(text)
        assert all(shown in (None, line) for shown, line in zip(told, text, strict=True))
    if old == new:
        assert {line.kind for line in lines} <= {"left out"}


def test_words_are_marked_and_lines_far_away_are_counted():
    same = [f"regel {number}" for number in range(20)]
    lines = compare("\n".join([*same, "Wij zijn open op dinsdag."]), "\n".join([*same, "Wij zijn open op woensdag."]))
    assert [(line.kind, line.count) for line in lines[:1]] == [("left out", 20 - comparison.CONTEXT)]
    assert [(part.mark, part.text) for part in lines[-1].parts] == [
        ("", "Wij zijn open op "), ("del", "dinsdag"), ("ins", "woensdag"), ("", "."),
    ]  # fmt: skip


def test_a_page_lists_its_versions_and_leads_to_what_changed(client, built):
    html = client.get(f"/-/page/{built.ids['home2']}").text
    assert "in 2 versions" in html
    assert HOME in html
    assert re.findall('href="([^"]*)">permalink', html) == [
        f"/-/web/20180501120001/{HOME}",
        f"/-/web/20160501120001/{HOME}",
    ]
    diff = re.search(r'href="(/-/page/[^"]+/diff/[^"]+)">since the version before', html)
    assert diff[1] == f"/-/page/{built.ids['home']}/diff/{built.ids['home2']}"
    shown = client.get(diff[1]).text
    assert "<ins>Huis" in shown
    assert re.search(r"<del>[^<]*Pleegzorg", shown)
    # In the order of time, whichever is named first.
    turned = client.get(f"/-/page/{built.ids['home2']}/diff/{built.ids['home']}").text
    assert turned == shown
    assert f'href="/-/page/{built.ids["home"]}"' in client.get(built.path("home")).text


def test_one_text_beside_itself_says_the_same(client, built):
    assert "Both say the same" in client.get(f"/-/page/{built.ids['home']}/diff/{built.ids['home']}").text


def test_what_is_no_page_or_another_page_is_refused(client, built):
    assert client.get("/-/page/00000000-0000-4000-8000-000000000000").status_code == 404
    assert "Only pages" in client.get(f"/-/page/{built.ids['css']}").text
    two = client.get(f"/-/page/{built.ids['home']}/diff/{built.ids['evil']}")
    assert two.status_code == 404
    assert "two pages" in two.text


def test_hostile_words_are_words(client, built):
    for path in (f"/-/page/{built.ids['evil']}", f"/-/page/{built.ids['evil']}/diff/{built.ids['evil']}"):
        html = client.get(path).text
        assert "<script>document" not in html
        assert "<img src=x" not in html


def test_who_may_not_see_texts_sees_no_versions(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"page_version": {"allow": False}}}}}
    with running(datasette) as client:
        assert client.get(f"/-/page/{built.ids['home']}").status_code == 403
        assert client.get(f"/-/page/{built.ids['home']}/diff/{built.ids['home2']}").status_code == 403
