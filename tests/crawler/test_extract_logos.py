"""Logos that a style sheet of the page shows, those shown twice, and what is none."""

from __future__ import annotations

import time

import pytest

from archive.decoding import decode
from archive.model import Page
from archive.quotes import stands
from crawler.extract import Hints, extract
from crawler.extract.backgrounds import backgrounds
from crawler.tree import parse

URL = "http://example.test/wij/"
NO_HINTS = Hints()


def sponsors(style: str, body: str):
    html = f"<!doctype html><html lang=nl><head><title>T</title><style>{style}</style></head><body>{body}</body></html>"
    data = html.encode()
    text, charset = decode(data, "text/html")
    page = Page(URL, data, text, charset)
    facts = next(section for section in extract(page, parse(text), NO_HINTS) if section.role == "sponsor").facts
    for fact in facts:
        where = fact.evidence
        assert stands(data, charset, where.byte_start, where.byte_end, where.quote), fact
    return [(fact.value, fact.logo_url, fact.name_source, fact.tier) for fact in facts]


LOGOS = ("plan", "kinderpostzegels", "lantaarn")
RULES = "".join(
    f".sponsor-{name} {{ width: 90px; background: #fff url('img/{name}-logo.png') no-repeat }}\n" for name in LOGOS
)
WALL = "<h2>Onze sponsors</h2><div class=muur>{}</div><h2>Contact</h2><p>Bel ons gerust op werkdagen.</p>"
LINKS = "".join(f'<a class="sponsor sponsor-{name}" href="https://www.{name}.test/"></a>' for name in LOGOS)
FOUND = [(name, f"{URL}img/{name}-logo.png", "file", "confirmed") for name in LOGOS]


def test_a_wall_of_backgrounds_is_a_wall_of_logos():
    assert sponsors(RULES, WALL.format(LINKS)) == FOUND


@pytest.mark.parametrize(
    "rules",
    [
        "@media (min-width: 20em) { " + RULES + " }",
        "/* .x { background: url(no.png) } */ @import 'a.css'; " + RULES,
        RULES.replace(".sponsor-", "body .muur > a.sponsor.sponsor-"),
        RULES.replace(" {", "::before {"),
        RULES.replace(".sponsor-plan", ".elders, .sponsor-plan"),
    ],
)
def test_however_the_style_sheet_is_written(rules):
    assert sponsors(rules, WALL.format(LINKS)) == FOUND


def test_text_hidden_behind_the_picture_is_its_caption():
    links = LINKS.replace("></a>", "><span>Steunt ons</span></a>")
    assert [url for _, url, *_ in sponsors(RULES, WALL.format(links))] == [url for _, url, *_ in FOUND]


def test_an_aria_label_names_it():
    links = LINKS.replace('class="sponsor sponsor-plan"', 'class="sponsor sponsor-plan" aria-label="Plan Nederland"')
    assert sponsors(RULES, WALL.format(links))[0][0] == "Plan Nederland"


def test_carousel_copies_are_one_logo():
    assert sponsors(RULES, WALL.format(LINKS + LINKS)) == FOUND


def shown(*files: str, beside: int = 1) -> list[str]:
    """The files of the sponsors that stand in boxes of so many images."""
    boxes = [files[at : at + beside] for at in range(0, len(files), beside)]
    body = "".join("<div>" + "".join(f'<img src="/{file}">' for file in box) + "</div>" for box in boxes)
    return [url.partition(".test/")[2] for _, url, *_ in sponsors("", WALL.format(body))]


def test_hover_pairs_are_one_logo_with_and_without_a_link():
    pairs = ("plan.png", "plan_sw.png", "lamp.png", "lamp-hover.png", "zon-grijs.png", "zon-kleur.png")
    assert shown(*pairs, beside=2) == ["plan.png", "lamp.png", "zon-grijs.png"]
    assert shown("1.png", "1_hover.png", "2.png", "2_hover.png", beside=2) == ["1.png", "2.png"]


def test_copies_in_another_size_are_one_logo():
    assert shown("plan.png", "lamp.png", "1.png", "plan-300x150.png", "lamp-300x150.png", "1-300x150.png") == [
        "plan.png",
        "lamp.png",
        "1.png",
    ]


def test_files_of_one_name_in_two_folders_and_numbered_ones_are_several():
    files = ["a/1.png", "b/1.png", "ministerie.png", "ministerie2.png"]
    assert shown(*files) == files


@pytest.mark.parametrize(
    "rules",
    [
        ".sponsor { background: url(pijl.png) }",
        ".muur { background: url(grond.png) }",
        "a { background: url(pijl.png) }",
        RULES.replace("no-repeat", "repeat-x"),
        "".join(f".sponsor-{name} {{ background: url(sprite.png) -{at}0px 0 }}" for at, name in enumerate(LOGOS)),
        RULES.replace(" {", ":hover {"),
        RULES.replace(".sponsor-", ".menu .sponsor-"),
        RULES.replace("url('img/", "url('data:image/png;base64,"),
    ],
)
def test_bullets_grounds_sprites_and_what_others_have_are_no_logos(rules):
    four = LINKS + '<a class="sponsor sponsor-x" href="https://www.x.test/"></a>'
    assert sponsors(rules, WALL.format(four)) == []


def test_bullets_of_a_list_leave_its_names_alone():
    items = "".join(f"<li class=lid>{name}</li>" for name in ("Stichting Plan", "Fonds Lantaarn", "Vereniging Zon"))
    found = sponsors(".lid { background: url(bullet.png) no-repeat }", f"<h2>Onze sponsors</h2><ul>{items}</ul>")
    assert [value for value, *_ in found] == ["Stichting Plan", "Fonds Lantaarn", "Vereniging Zon"]


@pytest.mark.parametrize(
    "html",
    [
        "<style>" + ".a{background:url(" * 20_000 + "</style>" + "<p class=a>" * 1_000,
        "<style>" + "{" * 100_000 + "url(background</style>",
        "<style>" + "".join(f".a .a .a .c{n}{{background:url({n}.png)}}" for n in range(200)) + "</style>"
        + "<div class=a>" * 50_000 + "".join(f"<i class=c{n}></i>" for n in range(200)),
        "<style>.a{background:url(x.png)}</style>" + "<i class=a></i>" * 200_000,
        "<style>/*" * 5_000 + "background:url(",
        "<style>.\x00a, .{background:url(x)} ..a{background:url(y)} #{background:url(z)} .é{background:url(w)}</style>",
    ],
)  # fmt: skip
def test_hostile_style_sheets_take_no_time_and_raise_nothing(html):
    tree = parse(html)
    took = []
    for _ in range(3):
        began = time.process_time()
        backgrounds(tree)
        took.append(time.process_time() - began)
    # The least: a busy neighbour costs CPU too.
    assert min(took) < 0.5
