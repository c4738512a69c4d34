"""What announces sponsors and what only looks as if it did, and which pictures are the page's own."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section, values

LOGOS = [f"<a href='https://www.{name}.test/'><img src='/i/{name}.png' alt='{name.title()} Trust'></a>" for name in ("alder", "rowan")]  # fmt: skip
NAMES = ["Alder Trust", "Rowan Trust"]
PHOTOS = "".join(f"<a href='/n/{nth}'><img src='/i/{nth}.jpg' alt='View {nth} of the quay'></a>" for nth in "abc")


def tiers(html: str) -> set[str]:
    return {fact.tier for fact in section("sponsor", html).facts}


def test_an_entry_of_a_menu_announces_nothing_outside_of_it() -> None:
    menu = "<ul><li>About</li><li>Partners</li><li>Press</li></ul>"
    assert values("sponsor", menu + "".join(LOGOS)) == []
    assert values("sponsor", "<ul><li>Partners</li></ul>" + "".join(LOGOS)) == NAMES
    columns = "<ul><li>Contact</li><li>Partners" + "".join(LOGOS) + "</li></ul>"
    assert values("sponsor", columns) == NAMES


def test_an_entry_that_is_set_off_announces_what_stands_behind_its_list() -> None:
    menu = "<ul><li>About</li><li><b>{}</b></li><li>Press</li></ul>"
    assert values("sponsor", menu.format("Partners") + "".join(LOGOS)) == NAMES
    names = "<div><p>Alder Choir</p><p>Rowan Choir</p><p>Hazel Choir</p></div>"
    assert values("member", menu.format("Members") + names) == ["Alder Choir", "Rowan Choir", "Hazel Choir"]


def test_a_linked_label_announces_logos_and_no_photographs() -> None:
    label = "<h2><a href='/partners'>Partners</a></h2>"
    assert values("sponsor", label + "".join(LOGOS)) == NAMES
    assert values("sponsor", label + PHOTOS) == []
    assert values("sponsor", label + PHOTOS.replace("/i/", "/partner-logos/")) != []


def test_pictures_that_nothing_calls_logos_are_for_a_person_to_look_at() -> None:
    assert tiers("<h2>Partners</h2>" + "".join(LOGOS)) == {"confirmed"}
    assert tiers("<h2>Partners</h2>" + PHOTOS) == {"candidate"}
    assert tiers("<h2>Our sponsors</h2>" + PHOTOS) == {"confirmed"}


@pytest.mark.parametrize("label", ["Partners &amp; Awards", "Partner und Auszeichnungen", "Partners en keurmerken", "Sites partenaires"])  # fmt: skip
def test_what_a_label_announces_with_something_else_is_a_candidate(label: str) -> None:
    html = f"<h2>{label}</h2>" + "".join(LOGOS)
    assert (values("sponsor", html), tiers(html)) == (NAMES, {"candidate"})


def test_one_logo_right_behind_a_heading_that_says_partner_is_a_candidate() -> None:
    html = "<h3>In cooperation with</h3>" + LOGOS[0]
    assert (values("sponsor", html), tiers(html)) == (NAMES[:1], {"candidate"})
    assert values("sponsor", "<h3>In cooperation with</h3><p>Nobody yet, but do ask us.</p>" + LOGOS[0]) == []


def test_a_logo_behind_the_words_of_its_own_line_is_announced_by_them() -> None:
    below = "<h1><img src='/i/quay.png' alt='The Quay'></h1>" + PHOTOS
    assert values("sponsor", f"<div>Partner of: {LOGOS[0]}</div>{below}") == NAMES[:1]
    icon = "<div><img src='/i/hand.png' alt='Hand'> Partners:</div>"
    assert values("sponsor", icon + "".join(LOGOS)) == NAMES


def test_a_sentence_that_goes_on_announces_the_logos_right_behind_it() -> None:
    sentence = "<p>The work is supported by the county and the lottery.</p>"
    assert values("sponsor", sentence + "".join(LOGOS)) == NAMES
    assert values("sponsor", sentence + "<h2>Quiz</h2><p>Which quay is it?</p>" + PHOTOS) == []


@pytest.mark.parametrize(
    "picture",
    [
        "<input type=image src='/i/go.png' alt='Send'>",
        "<img src='/wcf/icon/dateS.png'>",
        "<a href='#top'><img src='/i/t.png' alt='Back to top'></a>",
        "<img src='/i/print_s.gif'>",
        "<img src='/i/fb.png' alt='Facebook'>",
        "<img src='/i/brug.png' alt='Bond'>",
        "<img src='/i/q.png' width=32 height=32>",
        "<a href='https://ads.elm.test/clk?to=elm'><img src='/i/elm.png' alt='Elm Ltd'></a>",
        "<a href='https://elm.test/affiliate/log?n=7'><img src='/i/elm.png' alt='Elm Ltd'></a>",
    ],
)
def test_buttons_icons_advertisements_and_the_sites_own_logo_are_nobodys(picture: str) -> None:
    assert values("sponsor", "<h2>Our sponsors</h2>" + picture + "".join(LOGOS)) == NAMES


def test_an_icons_name_is_a_logos_where_it_leads_to_somebody() -> None:
    logo = "<a href='https://www.pin.test/'><img src='/icons/pin.png'></a>"
    assert values("sponsor", "<h2>Our sponsors</h2>" + logo) == ["pin"]
    assert values("sponsor", "<h2>Our sponsors</h2><img src='/i/star.png' alt='Star Builders'>") == ["Star Builders"]


def test_the_name_on_one_of_many_cards_is_no_label() -> None:
    cards = [f"<div><img src='/logos/{n}.png' alt='Logo {n}'><p><a href='/d/{n}'>{n}</a></p></div>" for n in ("Alder Net", "Quay Partners", "Elm Net", "Fir Net", "Oak Net")]  # fmt: skip
    assert values("sponsor", "<h1>Taking part</h1>" + "".join(cards)) == []


def test_a_club_that_has_no_site_but_on_a_network_is_a_sponsor() -> None:
    club = "<a href='https://www.facebook.com/quayclub'><img src='/i/{}.png' alt='{}'></a>"
    assert values("sponsor", "<h2>Our sponsors</h2>" + club.format("qc", "Quay Club") + "".join(LOGOS)) == [
        "Quay Club",
        *NAMES,
    ]
    assert (
        values("sponsor", "<h2>Our sponsors</h2>" + club.format("f", "Follow us on Facebook") + "".join(LOGOS)) == NAMES
    )
    assert values("sponsor", "<h2>Our sponsors</h2>" + club.format("f", "") + "".join(LOGOS)) == NAMES


def test_what_is_to_come_is_no_name() -> None:
    names = "<li>Alder Trust</li><li>Rowan Trust</li><li>Other partners to be announced</li>"
    assert values("sponsor", f"<h2>Partners</h2><ul>{names}</ul>") == NAMES
    ours = "<img src='/i/your-logo-here.png' alt='Your logo here'><img src='/i/qr.png' alt='QR code to donate'>"
    assert values("sponsor", "<h2>Our sponsors</h2>" + ours + "".join(LOGOS)) == NAMES


def test_what_stands_around_a_wall_in_a_folder_of_its_own_is_none_of_it() -> None:
    wall = "".join(f"<img src='/wall/{name}.png'>" for name in ("alder", "rowan", "birch", "willow", "oak", "elm"))
    html = f"<h2>Our sponsors</h2><img src='/i/purse.jpg' alt='Purse'>{wall}<img src='/i/chart.png' alt='Chart'>"
    assert values("sponsor", html) == ["alder", "rowan", "birch", "willow", "oak", "elm"]


WALL = "".join(f"<a href='https://{name}.test/'><img src='/i/{name}.png'></a>" for name in ("alder", "rowan", "birch"))


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Our sponsors</title><p>Club</p><div>{WALL}</div>",
        f"<title>Quay club</title><p>Club</p><div id='sponsor-carousel'>{WALL}</div>",
        f"<title>Quay club</title><p>Club</p><ul class='view-partners'>{WALL.replace('<a', '<li><a')}</ul>",
    ],
)
def test_a_wall_that_only_a_title_or_a_class_announces_is_for_a_person_to_look_at(html: str) -> None:
    assert (values("sponsor", html), tiers(html)) == (["alder", "rowan", "birch"], {"candidate"})


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Our sponsors</title><p>Club</p><div>{PHOTOS}</div>",
        f"<title>Quay club</title><p>Club</p><div>{WALL}</div>",
        f"<title>Become a sponsor</title><p>Club</p><div>{WALL}</div>",
        f"<title>Quay club</title><p>Club</p><div class='sponsored-ads'>{WALL}</div>",
        f"<title>Quay club</title><p>Club</p><nav class='partners'>{WALL}</nav>",
    ],
)
def test_other_pictures_without_a_label_are_nobodys(html: str) -> None:
    assert values("sponsor", html) == []


def test_a_long_sentence_tells_who_pays_for_what_the_page_is_about() -> None:
    tail = (
        " under an agreement that was signed when the old quay had been torn down and nobody knew yet what would come"
    )
    assert values("sponsor", f"<p>This project is funded by the European Commission{tail}.</p>") == [
        "European Commission"
    ]
    assert values("sponsor", f"<p>Old quays are funded by the European Commission{tail}.</p>") == []


def test_contributors_in_text_are_people_unless_they_say_what_they_are() -> None:
    assert values("sponsor", "<p>Contributors: Mila Nattermann, Øystein Kolb, Elsie Stone, Marek Dvorak…</p>") == []
    html = "<p>Contributors: Rowan Trust, Alder Foundation, Quay Society</p>"
    assert (values("sponsor", html), tiers(html)) == (
        ["Rowan Trust", "Alder Foundation", "Quay Society"],
        {"candidate"},
    )
    parts = "<h2>Authors and Contributors</h2><ul><li>Documentation Team Lead</li><li>Build System</li><li>Graphics Sheets</li></ul>"
    assert values("sponsor", parts) == []
