"""A profile's selectors: what they match is read as it is meant, beside the finder, with evidence as for all facts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from archive.errors import BadProfile
from archive.model import Compared, Page, Section
from archive.quotes import stands
from crawler.extract import Hints, extract
from crawler.extract.hints import Selector
from crawler.golden.pages import golden_pages
from crawler.sites.profile import Profile
from crawler.sites.profile_files import read_profile
from crawler.tree import parse

PAGES = Path(__file__).resolve().parent.parent / "pages"
TABLE = """<main><h1>Who sings where</h1><p>In 1951 there were two.</p>
<table class="roll"><tr><th>No.</th><th>Town</th><th>Choir</th><th>Since</th></tr>
<tr><td>1</td><td>Harwick</td><td><a href="https://seawall.test/">Seawall Singers</a></td><td>1951</td></tr>
<tr><td>2</td><td></td><td>Tidemark &amp; Sons</td><td></td></tr></table></main>"""
LABELLED = "<h2>Members</h2><ul class='old'><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"


def read(body: str, **selectors: str | dict[str, str]) -> dict[str, Section]:
    """The sections of a page; every fact of them stands where its evidence says."""
    page = Page("https://league.test/members", body.encode(), body, "utf-8")
    chosen = {role: Selector(css) if isinstance(css, str) else Selector(**css) for role, css in selectors.items()}
    sections = {section.role: section for section in extract(page, parse(body), Hints(selectors=chosen))}
    for section in sections.values():
        assert [fact.position for fact in section.facts] == list(range(len(section.facts)))
        for fact in section.facts:
            at = fact.evidence
            assert stands(page.body, "utf-8", at.byte_start, at.byte_end, at.quote), fact
            assert fact.rule != "profile-selector" or fact.tier == "confirmed"
    return sections


def rows(section: Section) -> list[tuple[Any, ...]]:
    return [(fact.value, fact.year, fact.place) for fact in section.facts]


@pytest.mark.parametrize(
    "selector",
    [
        "table.roll",
        "table.roll tr",
        "main > table",
        {"items": ".roll tr", "name": "td:nth-child(3)", "year": "td:nth-child(4)", "place": "td:nth-child(2)"},
    ],
    ids=["the table", "its rows", "by structure", "its cells"],
)
def test_a_table_of_members_is_read_by_what_points_at_it(selector: str | dict[str, str]) -> None:
    found = read(TABLE, member=selector)["member"]
    assert rows(found) == [("Seawall Singers", 1951, "Harwick"), ("Tidemark & Sons", None, None)]
    assert found.facts[0].href == "https://seawall.test/"
    assert {fact.rule for fact in found.facts} == {"profile-selector"}
    assert found.facts[0].evidence.xpath == "/html/body[1]/main[1]/table[1]/tbody[1]/tr[2]/td[3]/a[1]"


def test_the_finder_alone_finds_nothing_where_nothing_is_announced() -> None:
    assert (read(TABLE)["member"].state, read(TABLE)["member"].compared) == ("absent", None)
    assert read(TABLE, member=".roll")["member"].compared == Compared(selected=2, found=0, both=0)


def test_the_finder_is_asked_beside_the_selectors() -> None:
    both = read(LABELLED, member="ul.old")["member"]
    assert both.compared == Compared(selected=3, found=3, both=3)
    assert {fact.rule for fact in both.facts} == {"profile-selector"}
    # The class is gone: the finder's facts stand in, and the numbers tell.
    broken = read(LABELLED, member="ul.members")["member"]
    assert broken.compared == Compared(selected=0, found=3, both=0)
    assert [fact.value for fact in broken.facts] == ["Alpha Trust", "Beta Foundation", "Gamma Aid"]
    assert {fact.rule for fact in broken.facts} == {"labelled-list"}
    parted = read(LABELLED + "<h2>Also</h2><ul class=new><li>Delta Fund<li>Alpha Trust</ul>", member="ul.new")["member"]
    assert parted.compared == Compared(selected=2, found=3, both=1)
    assert read(LABELLED)["member"].compared is None


def test_a_selection_is_not_asked_whether_it_looks_like_a_list() -> None:
    # The finder takes these for people, for countries, and for one name only.
    people = "<ul class=m><li>Jan de Vries<li>Anna Bakker</ul><ol class=m><li>Peru</ol>"
    assert [fact.value for fact in read(people, member=".m")["member"].facts] == ["Jan de Vries", "Anna Bakker", "Peru"]


def test_parts_of_a_line_are_items_of_their_own() -> None:
    found = read(
        '<p class=m>Such as <a href="//b.test/">Birch</a>, <b>Elm</b> and <a>Oak</a>.</p>', member=".m a, .m b"
    )
    assert [(fact.value, fact.href) for fact in found["member"].facts] == [
        ("Birch", "https://b.test/"), ("Elm", None), ("Oak", None),
    ]  # fmt: skip


def test_cards_are_items_whatever_holds_them() -> None:
    card = "<article><img src=/{0}.png><h4>{0} Society</h4><p class=t>{1}</p><p>Much more about it.</p></article>"
    cards = f"<div id=c><div class=row>{card.format('Lamp', 'Oss')}{card.format('Wick', 'Ede')}</div></div>"
    members = read(cards, member={"items": "#c", "place": ".t"})["member"]
    assert rows(members) == [("Lamp Society", None, "Oss"), ("Wick Society", None, "Ede")]
    terms = "<dl><dt>Lamp<dd>Oss, 1999<dt>Wick<dd>Ede</dl>"
    assert rows(read(terms, member="dl")["member"]) == [("Lamp", 1999, None), ("Wick", None, None)]


def test_logos_are_sponsors_of_whom_the_label_says() -> None:
    wall = (
        "<h3>Sponsors of the Lantern League</h3><div id=w><img src=/l/oil.png alt='Oil Mill'>"
        "<a href=https://match.test/><img src=/l/match-logo.png></a><img src=/pixel.gif width=1></div>"
    )
    found = read(wall, sponsor="#w")["sponsor"]
    assert [(fact.value, fact.logo_url, fact.href) for fact in found.facts] == [
        ("Oil Mill", "https://league.test/l/oil.png", None),
        ("match", "https://league.test/l/match-logo.png", "https://match.test/"),
    ]
    assert {fact.rule for fact in found.facts} == {"profile-selector"}
    assert {fact.beneficiary for fact in found.facts} == {fact.beneficiary for fact in read(wall)["sponsor"].facts}
    text = read("<ul class=s><li>Oil Mill<li>match-logo.png</ul>", sponsor=".s")["sponsor"]
    assert [(fact.value, fact.name_source) for fact in text.facts] == [("Oil Mill", "text"), ("match", "file")]


def test_goals_and_kinds_that_are_read_out_of_sentences_can_be_pointed_at() -> None:
    page = "<ol class=g><li>Light<li>More light</ol><p class=p>We are here.</p><p class=t>Treaty of Oss (1998)</p>"
    found = read(page, goal=".g", purpose="p.p", treaty=".t")
    assert [fact.value for fact in found["goal"].facts] == ["Light", "More light"]
    assert [fact.value for fact in found["purpose"].facts] == ["We are here."]
    assert [(fact.value, fact.year) for fact in found["treaty"].facts] == [("Treaty of Oss (1998)", 1998)]
    assert found["treaty"].compared == Compared(selected=1, found=1, both=0)


def test_what_a_profile_ignores_is_no_fact_though_it_is_pointed_at() -> None:
    body = "<ul class=s><li><img src=/a.png alt='Oil Mill'><li><img src=/b.png alt='Your logo here'></ul>"
    page = Page("https://league.test/", body.encode(), body, "utf-8")
    hints = Hints(ignore=("your logo",), selectors={"sponsor": Selector(".s")})
    found = {section.role: section for section in extract(page, parse(body), hints)}
    assert [fact.value for fact in found["sponsor"].facts] == ["Oil Mill"]


@pytest.mark.parametrize(
    "body",
    [
        "<div class=m>" * 400 + "deep" + "<p class=m>x" * 20_000,
        "<table class=m>" * 150 + "<tr><td>a<td>b" * 5_000,
        "<p class=m>" + "<a class=m>x</a> " * 20_000,
    ],
    ids=["nested matches", "nested tables", "one long line"],
)
def test_no_page_keeps_a_selector_busy(body: str) -> None:
    tree = parse(body)
    page = Page("https://league.test/", body.encode(), body, "utf-8")
    hints = {
        css: Hints(selectors=dict.fromkeys(("member", "sponsor", "goal"), Selector(css, name="*", year=".m")))
        for css in ("*", ".m")
    }
    plain = time.process_time()
    extract(page, tree, Hints())
    plain = time.process_time() - plain
    for css, each in hints.items():
        begun = time.process_time()
        extract(page, tree, each)
        # Three roles, each read twice.
        assert time.process_time() - begun < 6 * plain + 4, css


@pytest.mark.parametrize("css", ["*", "body", "div", "ul", "li", "table", "tr", "p", "a", "img", "span, b"])
def test_whatever_is_pointed_at_stands_where_its_evidence_says(css: str) -> None:
    roles = ("member", "goal", "sponsor", "purpose", "treaty", "campaign", "certification")
    hints = Hints(selectors=dict.fromkeys(roles, Selector(css, name="b, a", year="td")))
    facts = 0
    for golden in golden_pages(PAGES):
        for section in golden.sections(hints).values():
            assert [fact.position for fact in section.facts] == list(range(len(section.facts)))
            for fact in section.facts:
                at = fact.evidence
                assert stands(golden.page.body, golden.page.charset, at.byte_start, at.byte_end, at.quote), fact
                assert fact.raw
                assert fact.value
                facts += fact.rule == "profile-selector"
    assert facts > 5


# In the profile


def profile(tmp_path: Path, text: str) -> Profile:
    path = tmp_path / "league.toml"
    path.write_text(f'seeds = ["https://league.test/"]\n{text}')
    return read_profile(path)


def test_a_profile_hands_its_selectors_to_the_extractors(tmp_path: Path) -> None:
    read_one = profile(tmp_path, '[selectors]\nsponsor = "#w img"\nmember = { items = ".roll tr", name = "td" }\n')
    expected = {"sponsor": Selector("#w img"), "member": Selector(".roll tr", name="td")}
    assert read_one.hints().selectors == expected
    assert Profile.from_json(read_one.to_json()).hints().selectors == expected
    assert profile(tmp_path, "").hints().selectors == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('member = "table["', ["selectors.member", "'table['", "no CSS selector"]),
        ('member = "li::text"', ["selectors.member", "no CSS selector"]),
        ('membr = "li"', ["'membr' is no section", "member"]),
        ('link = "a"', ["'link' is read off the whole page"]),
        ('member = { name = "td" }', ["selectors.member", "items"]),
        ('member = { items = "tr", town = "td" }', ["selectors.member", "town"]),
        ('member = ""', ["selectors.member"]),
    ],
)
def test_a_wrong_selector_is_told_when_the_profile_is_read(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(BadProfile) as error:
        profile(tmp_path, f"[selectors]\n{text}\n")
    for words in (*said, "league.toml"):
        assert words in str(error.value)
