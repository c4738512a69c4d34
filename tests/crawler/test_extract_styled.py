"""Logos that style sheets show which a page links to: what the page keeps, what a sheet says, and what both make."""

from __future__ import annotations

import json
import time

import pytest

from archive.decoding import decode
from archive.model import Page, Style
from archive.quotes import stands
from archive.styled import Backed, Sheet
from crawler.extract import Hints, extract_styled, read_sheet
from crawler.extract.cascade import logos_shown
from crawler.extract.stylesheets import MOST_BYTES, applies
from crawler.tree import parse

URL = "http://example.test/wij/"
SHEET = "http://example.test/css/stijl.css"
LOGOS = ("plan", "kinderpostzegels", "lantaarn")
RULES = "".join(f".sponsor-{name} {{ background: #fff url('{name}-logo.png') no-repeat }}\n" for name in LOGOS)
LINKS = "".join(f'<a class="sponsor sponsor-{name}" href="https://www.{name}.test/"></a>' for name in LOGOS)
HEAD = "<link rel=stylesheet href=/css/stijl.css>"
WALL = "<h2>Onze sponsors</h2><div class=muur>{}</div><h2>Contact</h2><p>Bel ons gerust op werkdagen.</p>"
FOUND = [(name, f"http://example.test/css/{name}-logo.png") for name in LOGOS]
NO_HINTS = Hints()


def read(body: str, head: str = HEAD, hints: Hints = NO_HINTS) -> tuple[Page, list[str], Style | None]:
    """The page, the sponsors that it shows by itself, and what it leaves to its style sheets."""
    data = f"<!doctype html><html lang=nl><head><title>T</title>{head}</head><body>{body}</body></html>".encode()
    text, charset = decode(data, "text/html")
    page = Page(URL, data, text, charset)
    sections, style = extract_styled(page, parse(text), hints)
    own = next(section.facts for section in sections if section.role == "sponsor")
    return page, [fact.value for fact in own], style


def backed(body: str, *sheets: str, head: str = HEAD, hints: Hints = NO_HINTS) -> list[Backed]:
    page, _, style = read(body, head, hints)
    if style is None:
        return []
    bodies = [sheet.encode() for sheet in sheets]
    found = logos_shown(style.said, [Sheet(SHEET, False, read_sheet(body, "utf-8").said) for body in bodies], hints)
    for one in found:
        where, rule = one.fact.evidence, one.rule
        assert stands(page.body, page.charset, where.byte_start, where.byte_end, where.quote), one
        assert stands(bodies[one.sheet], "utf-8", rule.byte_start, rule.byte_end, rule.quote), one
    return found


def shown(body: str, *sheets: str, **more) -> list[tuple[str, str | None]]:
    return [(one.fact.value, one.fact.logo_url) for one in backed(body, *sheets, **more)]


def test_a_wall_of_backgrounds_is_a_wall_of_logos_and_the_page_by_itself_shows_none():
    _, own, style = read(WALL.format(LINKS))
    assert own == []
    assert style is not None
    assert style.sheets == ((SHEET, False),)
    assert shown(WALL.format(LINKS), RULES) == FOUND


def test_it_says_by_what_rule_and_how_sure_it_is_and_quotes_both():
    first = backed(WALL.format(LINKS), ".muur a { color: red }\n" + RULES)[0]
    fact = first.fact
    assert (fact.rule, fact.tier, fact.confidence, fact.kind) == ("linked-style", "confirmed", 0.63, "logo")
    assert (fact.organisation, fact.href, fact.name_source) == ("plan", "https://www.plan.test/", "file")
    assert fact.evidence.quote == "sponsor sponsor-plan"
    assert fact.evidence.xpath == "/html/body[1]/div[1]/a[1]"
    assert first.rule.quote == RULES.splitlines()[0]
    assert (first.rule.byte_start, first.rule.byte_end) == (23, 23 + len(first.rule.quote))


@pytest.mark.parametrize(
    "rules",
    [
        "@media (min-width: 20em) { " + RULES + " }",
        "@supports (display: grid) { @layer a { " + RULES + " } }",
        '@charset "utf-8"; /* .sponsor-plan { background: url(no.png) } */ @font-face { src: url(x) } ' + RULES,
        RULES.replace(".sponsor-", "body .muur > a.sponsor.sponsor-"),
        RULES.replace(" {", "::before {"),
        RULES.replace(" {", ":link {"),
        RULES.replace(".sponsor-plan", ".elders, .sponsor-plan"),
        RULES.replace("'", '"'),
        RULES.replace("'", ""),
        RULES.replace("'", " "),
        RULES.replace("url('plan-logo.png')", r"url( p\6c an-logo\.png )"),
        RULES.replace("background: #fff url", "background-image: url"),
        RULES.replace("url('", "url('../css/").replace("#fff", "#fff /* ; } */"),
        RULES.replace("url('", "URL('http://example.test/css/"),
        RULES + RULES.replace(" {", ":hover {").replace("-logo", "-hover"),
        RULES + "@media print { " + RULES.replace("-logo", "-zwart") + " }",
        RULES + "@media (min-resolution: 2dppx) { " + RULES.replace("-logo", "@2x") + " }",
        RULES.replace("-logo", "-oud") + RULES,
        "a.sponsor" + RULES.replace("\n.", "\na.sponsor.") + RULES.replace("-logo", "-zwak"),
        RULES.replace("no-repeat }", "!important }")
        + RULES.replace(".sponsor", ".muur .sponsor").replace("-logo", "x"),
        RULES.replace("#fff url", "url(oud.png); background: #fff url"),
        RULES + ".sponsor-plan { &:hover { background: url(nest.png) } .sponsor-plan { background: url(nest.png) } }",
        RULES + '.x::after { content: "} .sponsor-plan { background: url(no.png) }" }',
    ],
)
def test_however_the_style_sheet_is_written(rules):
    assert shown(WALL.format(LINKS), rules) == FOUND


@pytest.mark.parametrize(
    "rules",
    [
        ".sponsor { background: url(pijl.png) }",
        ".muur { background: url(grond.png) }",
        "a { background: url(pijl.png) }",
        RULES.replace("no-repeat", "repeat-x"),
        RULES.replace("no-repeat", "; background-repeat: repeat"),
        "".join(f".sponsor-{name} {{ background: url(sprite.png) -{at}0px 0 }}" for at, name in enumerate(LOGOS)),
        ".sponsor { background: url(sprite.png) } "
        + "".join(f".sponsor-{name} {{ background-position: -{at}0px 0 }}" for at, name in enumerate(LOGOS)),
        RULES.replace(" {", ":hover {"),
        RULES.replace(".sponsor-", ".menu .sponsor-"),
        RULES.replace("url('", "url('data:image/png;base64,"),
        "@media print { " + RULES + " }",
        RULES + RULES.replace("#fff url(", "none; x: (").replace("background:", "background-image:"),
        RULES + RULES.replace("background: #fff url('", "background: url('data:image/png;base64,"),
        RULES.replace("-logo.png", "-pijl.png"),
        RULES.replace("url('", "url('javascript:"),
        RULES.replace(" {", "".join(f", .x{n}" for n in range(12)) + " {"),
    ],
)
def test_bullets_grounds_sprites_and_what_is_not_there_at_rest_are_no_logos(rules):
    four = LINKS + '<a class="sponsor sponsor-x" href="https://www.x.test/"></a>'
    assert shown(WALL.format(four), rules.replace("-pijl.png", "/arrow.png")) == []


def test_what_many_elements_of_the_page_have_is_nobodys_logo_though_the_wall_has_one():
    dots = "<p><i class=sponsor-plan></i> x</p>" * 4
    assert shown(WALL.format(LINKS) + dots, RULES) == FOUND[1:]


def test_names_come_in_the_order_of_all_logos():
    named = (
        LINKS.replace('class="sponsor sponsor-plan"', 'class="sponsor sponsor-plan" aria-label="Plan Nederland"')
        .replace('sponsor-kinderpostzegels"', 'sponsor-kinderpostzegels" title="Stichting Kinderpostzegels"')
        .replace('lantaarn.test/">', 'lantaarn.test/"><span>De Lantaarn</span>')
    )
    numbered = RULES.replace("kinderpostzegels-logo", "2")
    assert [(one.fact.value, one.fact.name_source) for one in backed(WALL.format(named), numbered)] == [
        ("Plan Nederland", "alt"),
        ("Stichting Kinderpostzegels", "title"),
        ("De Lantaarn", "caption"),
    ]
    files = "".join(f".sponsor-{name} {{ background: url({at}.png) }}" for at, name in enumerate(LOGOS))
    assert [(one.fact.value, one.fact.name_source) for one in backed(WALL.format(LINKS), files)] == [
        (name, "host") for name in LOGOS
    ]
    nobodys = backed(WALL.format(LINKS.replace("href", "data-x")), files)
    assert [(one.fact.value, one.fact.confidence, one.fact.organisation) for one in nobodys] == [
        ("0.png", 0.2, None), ("1.png", 0.2, None), ("2.png", 0.2, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("item", "rule"), [('<a class=s id="{}"></a>', "#{}"), ("<b class={}><a class=s></a></b>", ".{} .s")]
)
def test_the_quote_of_a_logo_that_only_its_file_names_is_what_tells_its_element_from_others(item, rule):
    names = [f"x-{name}" for name in (*LOGOS, "zon")]
    sheet = "".join(f"{rule.format(name)} {{ background: url({name}.png) }}" for name in names)
    found = backed(WALL.format("".join(map(item.format, names))), sheet)
    assert [one.fact.evidence.quote for one in found] == names


def test_words_that_stand_behind_every_logo_name_none():
    links = LINKS.replace("></a>", "><span>Steunt ons</span></a>")
    assert shown(WALL.format(links), RULES) == FOUND


def test_a_profiles_aliases_hold_for_what_only_the_file_names():
    hints = Hints(aliases={"plan": "Plan International"})
    assert backed(WALL.format(LINKS), RULES, hints=hints)[0].fact.organisation == "plan-international"


def test_carousel_copies_and_hover_pairs_are_one_logo():
    assert shown(WALL.format(LINKS + LINKS), RULES) == FOUND
    pair = '<a href="https://www.plan.test/"><i class=plan></i><i class=plan-sw></i></a>' + LINKS.partition("</a>")[2]
    rules = ".plan { background: url(plan.png) } .plan-sw { background: url(plan_sw.png) }" + RULES
    assert [url.rpartition("/")[2] for _, url in shown(WALL.format(pair), rules)] == [
        "plan.png",
        "kinderpostzegels-logo.png",
        "lantaarn-logo.png",
    ]


def test_one_is_no_wall_under_a_word_that_means_more_than_sponsors():
    body = WALL.replace("Onze sponsors", "Partners")
    rule = RULES.splitlines()[0]
    assert shown(body.format(LINKS), rule) == []
    assert shown(body.format(LINKS), RULES) == FOUND
    assert shown(body.format(LINKS + '<img src="/zon.png" alt="Zon">'), rule) == FOUND[:1]


@pytest.mark.parametrize(
    ("head", "sheets"),
    [
        ("<link rel='StyleSheet preload' href=/css/stijl.css media=screen>", ((SHEET, False),)),
        ("<link rel=stylesheet href=/css/stijl.css media='(min-width: 9em)'>", ((SHEET, True),)),
        ("<style>@import '/css/stijl.css'; @import url(/a.css) print; p { color: red }</style>", ((SHEET, False),)),
        ("<base href=http://example.test/css/><link rel=stylesheet href=stijl.css>", ((SHEET, False),)),
        ("<link rel=stylesheet href=/css/stijl.css media=print>", None),
        ("<link rel='alternate stylesheet' href=/css/stijl.css>", None),
        ("<link rel=stylesheet href=/css/stijl.css disabled>", None),
        ("<link rel=stylesheet href=data:text/css,x>", None),
        ("", None),
    ],
)
def test_which_style_sheets_a_page_applies(head, sheets):
    _, _, style = read(WALL.format(LINKS), head)
    assert (style.sheets if style else None) == sheets


@pytest.mark.parametrize(
    "body",
    [
        "<h2>Contact</h2>" + LINKS,
        WALL.format('<a href="https://www.plan.test/"><img src=/plan.png alt=Plan></a>'),
        WALL.format(
            "<p class=a>Een lange zin die niemand voor de naam van een sponsor zal houden, want zij gaat door.</p>"
        ),
    ],
)
def test_pages_that_no_style_sheet_could_show_a_logo_on_keep_nothing(body):
    assert read(body)[2] is None


def test_imports_of_a_sheet_and_what_media_they_are_for():
    sheet = b"""@charset "utf-8"; @layer x; @import "a.css"; @import url(b.css) print; @import url( 'c.css' ) (width > 3em);
    @import url(d\\2e css) layer(x) screen; .x { color: red } @import "late.css";"""
    assert read_sheet(sheet, "utf-8").sheets == (("a.css", False), ("c.css", True), ("d.css", False))
    assert [applies(media) for media in ("all", "only screen", "not all", "tv, (orientation: landscape)", "")] == [
        False, False, None, True, False
    ]  # fmt: skip


def test_names_that_are_not_ascii_are_read_in_the_sheets_own_charset():
    sheet = ".caf\xe9 { background: url(\xe9.png) }".encode("latin-1")
    ((selectors, address, start, end, quote, _),) = json.loads(read_sheet(sheet, "windows-1252").said)["rules"]
    assert (selectors, address, quote) == ([".café"], "é.png", ".café { background: url(é.png) }")
    assert (start, end) == (0, len(sheet))


@pytest.mark.parametrize(
    "sheet",
    [
        b"".join(b".c%d{background:url(i%d.png);color:#fff}\n" % (n, n) for n in range(250_000)),
        b"@import 'x';" + b"{" * 10_000_000,
        b".a{background:url(" * 500_000,
        b"@import 'x';" + b'"\\' * 5_000_000,
        b"url(a)" + b'"' * 10_000_000,
        b"url(a)" + b"/*" * 5_000_000,
        b"url(a)" + b"\\" * 10_000_000,
        b".a{background:" + b"/*" * 1_900 + b"url(}" + b".b{background:" + b" " * 3_900 + b"url(x)}",
        b"@import url(" + b" " * 10_000_000,
        b"@media x{" * 1_000_000 + b".a{background:url(x)}",
        (b".a " * 60 + b"{background:url(x)}") * 50_000,
        b".a{background:url(a?x=1&copy=2&reg;)}" * 300_000,
        bytes(range(256)) * 40_000,
    ],
    ids=range(13),
)
def test_hostile_style_sheets_take_no_time_and_raise_nothing(sheet):
    began = time.process_time()
    style = read_sheet(sheet, "utf-8")
    assert time.process_time() - began < 2
    assert len(style.said) < 1_500_000
    assert len(sheet) > MOST_BYTES or len(sheet) < 10_000


def test_hostile_pages_and_rules_that_match_much_take_no_time():
    elements = "".join(f'<div class="a a{n}"><i class="a b{n}"></i></div>' for n in range(390))
    body = WALL.format("<div class=a>" * 100 + elements)
    rules = "".join(f".a .a .a .a .b{n % 100} {{ background: url({n}.png) }}" for n in range(2_000))
    _, _, style = read(body)
    sheet = Sheet(SHEET, False, read_sheet(rules.encode(), "utf-8").said)
    began = time.process_time()
    found = logos_shown(style.said, [sheet] * 50, NO_HINTS)
    assert time.process_time() - began < 2
    assert len(found) > 10
