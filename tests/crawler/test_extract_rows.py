"""Names that are set beside one another without a list, and what a page says by its menu of what it lists."""

from __future__ import annotations

import pytest

from crawler.extract.headings import is_of_consortium, menu_entry
from crawler.extract.outline import outline
from crawler.tree import parse
from tests.crawler.test_extract_reach import section, values

INSTITUTES = ["University of Marram", "Dune Institute", "Tide Laboratory"]
#: names that say nothing of what they are
SHOPS = ["Okto", "Berdal", "Le<br>Tamis", "Amplia", "Vasseur"]


def row(names: list[str]) -> str:
    return "\n".join(
        f'<a class="tile" href="https://{nth}.test/"><span>{name}</span></a>' for nth, name in enumerate(names)
    )


@pytest.mark.parametrize("label", ["<h2>Nos partenaires</h2>", "<p>Nos partenaires</p><h2>Sans eux, pas de match</h2>"])
def test_links_in_a_row_are_partners_though_their_names_say_nothing(label: str) -> None:
    facts = section("sponsor", f"<main>{label}<div>{row(SHOPS)}</div></main>").facts
    assert [(fact.value, fact.tier) for fact in facts] == [(name.replace("<br>", " "), "candidate") for name in SHOPS]


def test_an_anchor_keeps_the_white_space_between_its_elements() -> None:
    tree = parse('<p><a href="/a"><b>Moulin</b> <i>Vasseur</i></a> <a href="/b">Okto</a></p>')
    (line,) = outline(tree).lines
    assert [text for _link, text in line.anchors] == ["Moulin Vasseur", "Okto"]


@pytest.mark.parametrize(
    "marked",
    [
        '<li class="active"><a href="/">{}</a></li>',
        '<li><a href="/" aria-current="page">{}</a></li>',
        '<a class="current" href="/">{}</a>',
    ],
)
def test_the_entry_of_the_menu_where_one_is_tells_what_the_page_is_called(marked: str) -> None:
    menu = f"<nav><ul><li><a href='/work'>Work</a></li>{marked.format('Consortium')}</ul></nav>"
    lines = outline(parse(menu)).lines
    assert menu_entry(lines) == "Consortium"
    assert is_of_consortium("http://a.test/", None, None, lines)
    assert menu_entry(outline(parse(menu.replace("Work", "<b class='active'>Work</b>"))).lines) == "Consortium"


def test_where_two_entries_are_marked_the_menu_tells_nothing() -> None:
    menu = "".join(f"<li class='active'><a href='/{name}'>{name}</a></li>" for name in ("Work", "Consortium"))
    assert menu_entry(outline(parse(f"<nav><ul>{menu}</ul></nav>")).lines) is None


@pytest.mark.parametrize(("heading", "members"), [("Consortium", INSTITUTES), ("The work of a great consortium", [])])
def test_partners_below_a_heading_that_says_consortium_are_its_members(heading: str, members: list[str]) -> None:
    said = "".join(f"<p>Paragraph {nth} tells of sand, and of grass that holds it.</p>" for nth in range(8))
    names = "".join(f"<li>{name}</li>" for name in INSTITUTES)
    page = f"<h1>MARRAM</h1>{said}<h2>{heading}</h2><p><b>Partners:</b></p><ul>{names}</ul>"
    assert values("member", page) == members


def test_a_long_name_may_begin_with_what_a_body_is_called() -> None:
    long = "Fédération des associations pour le maintien des haies et des talus de la plaine"
    names = ["Moulin à vent", long, "Terre et haies"]
    listed = "".join(f"<li>{name}</li>" for name in names)
    assert values("member", f"<html lang=fr><h2>Nos membres</h2><ul>{listed}</ul>") == names
    told = "pour le maintien des haies et des talus de la plaine nous agissons ensemble depuis"
    assert told not in values("member", f"<html lang=fr><h2>Nos membres</h2><ul>{listed}<li>{told}</li></ul>")


@pytest.mark.parametrize("last", ["+ et bien d'autres", "und viele mehr", "en vele anderen", "and many more"])
def test_that_there_are_others_is_nobodys_name(last: str) -> None:
    listed = "".join(f"<li>{name}</li>" for name in (*INSTITUTES, last))
    assert values("member", f"<h2>Members</h2><ul>{listed}</ul>") == INSTITUTES


@pytest.mark.parametrize(
    "lead",
    [
        "A list of all current members follows here:", "Hieronder een overzicht van alle aangesloten leden:",
        "Hier eine Liste der heutigen Mitglieder:", "Voici la liste de nos membres :",
    ],
)  # fmt: skip
def test_a_line_that_leads_into_a_list_of_members_does_so(lead: str) -> None:
    listed = "".join(f"<li>{name}</li>" for name in INSTITUTES)
    assert values("member", f"<h1>De Plag</h1><p>{lead}</p><ul>{listed}</ul>") == INSTITUTES


def test_an_alt_that_says_sponsor_names_nobody_and_one_that_says_from_whom_support_came_does() -> None:
    logos = (
        '<a href="https://mill-trust.test"><img src="/i/mill-trust.png" alt="Sponsor Logo"></a>'
        '<a href="https://quay.test"><img src="/i/17.png" alt="We have received support from the Quay Foundation"></a>'
    )
    assert values("sponsor", f"<h2>Sponsors</h2>{logos}") == ["mill trust", "Quay Foundation"]
