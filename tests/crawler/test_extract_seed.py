"""The page this project began with, in every markup it may have had, and the replica of its site: exact."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from archive.decoding import decode
from archive.model import Fact, Page, Section
from archive.quotes import stands
from crawler.extract import Hints, extract, page_text
from crawler.items import Member, Sponsor
from crawler.replica import pages, site
from crawler.replica.editions import EDITIONS, Edition, truth
from crawler.tree import parse

URL = "http://eerlijkkinderpardon.nu/p/215/3232/mo480-cg310/mo481-cg310/better-care-network"
#: what the seed's file names say; None: they say nothing
NAMES = ["NPL", "ministerie", "Plan", "kinderpostzegels", "unicef", "ministerie", "Save the Children", None, "EU"]
NO_HINTS = Hints()


def read(body: bytes, url: str = URL, hints: Hints = NO_HINTS) -> dict[str, tuple[Fact, ...]]:
    text, charset = decode(body, "text/html; charset=utf-8")
    page = Page(url, body, text, charset)
    sections = extract(page, parse(text), hints)
    for section in sections:
        for fact in section.facts:
            at = fact.evidence
            assert stands(body, charset, at.byte_start, at.byte_end, at.quote), fact
    return {section.role: section.facts for section in sections}


@pytest.fixture
def seed(shared: Path) -> dict[str, Any]:
    return dict(json.loads((shared / "seed" / "truth.json").read_text("utf-8")))


def check(facts: dict[str, tuple[Fact, ...]], seed: dict[str, Any]) -> None:
    """7 members, 7 goals, 9 sponsors and what the page says of them."""
    members = [fact for fact in facts["member"] if isinstance(fact, Member)]
    assert [member.raw for member in members] == [each["surface"] for each in seed["members"]]
    assert [member.kind for member in members] == ["host"] + ["member"] * 6
    assert [member.compound for member in members] == [False, True] + [False] * 5
    assert [(member.raw, member.chair_since) for member in members if member.chair] == [
        ("Defence for Children-ECPAT", 2016)
    ]

    assert [goal.value for goal in facts["goal"]] == [each["text"] for each in seed["goals"]["items"]]
    assert [goal.kind for goal in facts["goal"]] == ["goal"] * 6 + ["statement"]

    sponsors = [fact for fact in facts["sponsor"] if isinstance(fact, Sponsor)]
    assert [sponsor.raw for sponsor in sponsors] == [each["alt"] for each in seed["sponsors"]["logos"]]
    assert [sponsor.value if sponsor.organisation else None for sponsor in sponsors] == NAMES
    assert {sponsor.beneficiary for sponsor in sponsors} == {"defence-for-children"}
    # Two ministries, or one: nobody knows, so they are kept apart.
    assert len({sponsor.organisation for sponsor in sponsors}) == 9

    assert [(treaty.value, treaty.year) for treaty in facts["treaty"]] == [
        (each["name"], each["year"]) for each in seed["treaties"]
    ]
    assert [fact.value for fact in facts["certification"]] == seed["certifications"]
    assert [fact.value for fact in facts["campaign"]] == [seed["campaign"]["text"]]
    assert [fact.raw for fact in facts["purpose"]] == [
        " ".join(sentence.split()) for sentence in seed["goals"]["purpose_sentences"]
    ]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["seed-reconstructed-A", "seed-reconstructed-B"])
def test_reconstructions_are_read_exactly(name: str, shared: Path, seed: dict[str, Any]) -> None:
    facts = read((shared / "pages" / name / "page.html").read_bytes())
    check(facts, seed)
    assert [fact.value for fact in facts["social"]] == seed["social"]
    identity = {fact.kind: fact.value for fact in facts["identity"]}
    assert (identity["title"], identity["cms"], identity["language"]) == ("Better Care Network", "SiteSpirit", "nl")


@pytest.mark.shared
@pytest.mark.parametrize("empty_lines", [True, False])
def test_bare_text_is_read_exactly(empty_lines: object, shared: Path, seed: dict[str, Any]) -> None:
    lines = (shared / "seed" / "better-care-network.txt").read_text("utf-8").split("\n")
    facts = read("".join(f"<p>{line}</p>" for line in lines if line.strip() or empty_lines).encode())
    check(facts, seed)
    assert [fact.value for fact in facts["social"]] == seed["social"]
    assert {fact.kind: fact.value for fact in facts["identity"]}["cms"] == "SiteSpirit"


def image(name: str) -> str:
    return f'<img src="/m/{quote(name)}" alt="{name}">'


def background(name: str) -> str:
    return f'<div class="l" style="width:90px;background:#fff url(/m/{quote(name)}) no-repeat"></div>'


def lazy(name: str) -> str:
    real = f'<img src="/m/{quote(name)}" alt="{name}">'
    return f'<figure><img src="data:image/gif;base64,R0" data-src="/m/{quote(name)}" alt="{name}"><noscript>{real}</noscript></figure>'


def each(form: str, things: list[str], make: Callable[[str], str] = str) -> str:
    return "".join(form.format(make(thing)) for thing in things)


#: goals, sponsors: how they are marked up; {label}, and the things between
GOALS: dict[str, tuple[str, str, str]] = {
    "list under a heading": ("<h2>{label}</h2><ul>", "<li>{}</li>", "</ul>"),
    "list under bold": ("<p><b>{label}</b></p><ol>", "<li>{}", "</ol>"),
    "a list for each": ("<p><strong>{label}</strong></p>", "<ul><li><p>{}</p></li></ul>", ""),
    "table with bullets": (
        "<table><tr><td colspan=2><b>{label}</b></td></tr>",
        "<tr><td>•</td><td>{}</td></tr>",
        "</table>",
    ),
    "table of one column": ("<table><tr><td>{label}</td></tr>", "<tr><td>{}</td></tr>", "</table>"),
    "table head": ("<table><tr><th>{label}</th></tr>", "<tr><td>{}</td></tr>", "</table>"),
    "one table row": ("<table><tr><td>{label}</td>", "<td>{}</td>", "</tr></table>"),
    "definitions": ("<dl><dt>{label}</dt>", "<dd>{}</dd>", "</dl>"),
    "divs": ("<div class=kop>{label}</div>", "<div class=r>{}</div>", ""),
    "nested divs with dashes": ("<div>{label}</div><div><div>", "<div>- {}</div>", "</div></div>"),
    "breaks with dashes": ("<p><span>{label}</span><br>", "<br>- {}", "</p>"),
    "breaks and nothing else": ("<div><b>{label}</b>", "<br>{}", "</div>"),
    "cards with numbers": ("<h4>{label}</h4><div>", "<div class=item><span class=n>1</span><p>{}</p></div>", "</div>"),
    "spans": ("<p><span>{label}</span></p><p>", "<span style='display:block'>• {}</span>", "</p>"),
    "old capitals": ("<P><B><U>{label}</U></B><UL>", "<LI>{}", "</UL>"),
    "list in a list": ("<ul><li><b>{label}</b><ul>", "<li>{}</li>", "</ul></li></ul>"),
}
SPONSORS: dict[str, tuple[str, str, str, Callable[[str], str]]] = {
    "links under a heading": ("<h3>{label}</h3>", '<a href="#">{}</a>', "", image),
    "table cells": ("<table><tr><td colspan=9><b>{label}</b></td></tr><tr>", "<td>{}</td>", "</tr></table>", image),
    "table caption": ("<table><caption>{label}</caption><tr>", "<td>{}</td>", "</tr></table>", image),
    "definitions": ("<dl><dt>{label}</dt>", "<dd>{}</dd>", "</dl>", image),
    "backgrounds": ("<div class=kop>{label}</div><div class=w>", "{}", "</div>", background),
    "flat backgrounds": ("<div>{label}</div>", "{}", "", background),
    "one paragraph": ("<p><span>{label}</span><br>", "{} ", "</p>", image),
    "between rules": ("<hr><p align=center>{label}</p><hr>", "<p>{}</p>", "<hr>", image),
    "bare behind a rule": ("<hr>{label}<br>", '<a href="/x">{}</a>', "<hr>", image),
    "lazy": ("<h4>{label}</h4><div>", "{}", "</div>", lazy),
    "list": ("<h3>{label}</h3><ul>", "<li>{}</li>", "</ul>", image),
    "file names in text": ("<div>{label}</div>", "<div>{}</div>", "", str),
    "captions": ("<h4>{label}</h4><div>", '<div><img src="/m/1.png?{0}" alt=""><br>{0}</div>', "</div>", str),
    "aside": ("<aside><h3>{label}</h3>", "{}", "</aside>", image),
}


@pytest.mark.shared
@pytest.mark.parametrize("members", ["sentence", "linked", "list"])
@pytest.mark.parametrize("goals", GOALS)
@pytest.mark.parametrize("sponsors", SPONSORS)
def test_markup_does_not_matter(members: str, goals: str, sponsors: str, seed: dict[str, Any]) -> None:
    text = seed["members_sentence"]
    lead, names = text[: text.index(":") + 1], [member["surface"] for member in seed["members"][1:]]
    listed = {
        "sentence": f"<p>{text}</p>",
        "linked": f"<p>{text.replace('Wilde Ganzen', '<a href=http://wg.test/><b>Wilde</b> Ganzen</a>')}</p>",
        "list": f"<p>{lead}</p><ul>{each('<li>{};</li>', names)}</ul>",
    }[members]
    before, form, after = GOALS[goals]
    goal_block = (
        before.format(label=seed["goals"]["label"]) + each(form, [g["text"] for g in seed["goals"]["items"]]) + after
    )
    before, form, after, make = SPONSORS[sponsors]
    logos = each(form, [logo["alt"] for logo in seed["sponsors"]["logos"]], make)
    sponsor_block = before.format(label=seed["sponsors"]["label"]) + logos + after
    treaties = " en de ".join(f"{treaty['name']} ({treaty['year']})" for treaty in seed["treaties"])
    body = f"""<html lang="nl"><title>Better Care Network</title><div>&copy; Powered by SiteSpirit</div>
        <div><img src="/i/logo_DFC_03.png" alt="logo_DFC_03.png"></div><div><b>Better Care Network</b></div>
        <div>{seed["network"]["intro"]} {seed["chair"]["sentence"]}</div><p>{" ".join(seed["goals"]["purpose_sentences"])}
        Het {treaties} zijn richting gevend.</p>{listed}{goal_block}<div>Meer informatie</div>
        <p>Zie www.bettercarenetwork.nl.</p>{sponsor_block}<div>Volg ons</div><div>Twitter Facebook RSS</div>
        <div><img src="/i/anbi.png" alt="Anbi"><img src="/i/cbf.png" alt="CBF"></div><div><a href="/pet">{seed["campaign"]["text"]}
        <img src="/i/{quote(seed["campaign"]["popup_image"])}" alt="{seed["campaign"]["popup_image"]}"></a></div>"""
    check(read(body.encode()), seed)


@pytest.mark.parametrize("edition", [e for e in EDITIONS if not e.down], ids=lambda edition: edition.name)
@pytest.mark.parametrize("owner", [None, "Defence for Children"])
def test_every_edition_of_the_replica_is_read_exactly(edition: Edition, owner: str | None) -> None:
    stands_there = truth(edition)
    answer = site.answer(edition, "http", site.CAMPAIGN, pages.MAIN.target())
    text, charset = decode(answer.body, answer.type)
    page = Page(site.START_URL, answer.body, text, charset)
    found: dict[str, Section] = {section.role: section for section in extract(page, parse(text), Hints(owner=owner))}
    assert {role: found[role].state for role in stands_there["states"]} == stands_there["states"]
    facts = {role: section.facts for role, section in found.items()}
    assert [fact.raw for fact in facts["member"]] == stands_there["members"]
    assert [fact.raw for fact in facts["member"] if fact.kind == "host"] == [h for h in [stands_there["host"]] if h]
    chairs = [member.chair_since for member in facts["member"] if isinstance(member, Member) and member.chair]
    assert chairs == ([stands_there["chair"]["since"]] if stands_there["chair"] else [])
    assert [fact.value for fact in facts["goal"]] == stands_there["goals"]
    assert [fact.value for fact in facts["goal"] if fact.kind == "statement"] == stands_there["statements"]
    assert [fact.raw for fact in facts["sponsor"]] == [sponsor["alt"] for sponsor in stands_there["sponsors"]]
    origin = f"http://{site.CAMPAIGN}"
    assert [fact.logo_url for fact in facts["sponsor"]] == [
        origin + sponsor["file"] for sponsor in stands_there["sponsors"]
    ]
    assert {fact.beneficiary for fact in facts["sponsor"]} == {"defence-for-children"}
    assert [fact.raw for fact in facts["purpose"]] == [stands_there["purpose"]]
    assert [(fact.value, fact.year) for fact in facts["treaty"]] == [
        (t["name"], t["year"]) for t in stands_there["treaties"]
    ]
    assert [fact.value for fact in facts["link"]] == stands_there["links"]
    for role in ("social", "certification"):
        assert [fact.value for fact in facts[role]] == stands_there["social" if role == "social" else "certifications"]
    assert [fact.value for fact in facts["campaign"]] == [stands_there["campaign"]]
    identity = {fact.kind: fact.raw for fact in facts["identity"]}
    assert identity["cms"] == stands_there["cms"]
    assert identity["logo"] == stands_there["site_logo"]
    assert next(fact.value for fact in facts["identity"] if fact.kind == "title") == stands_there["title"]


@pytest.mark.parametrize("leaf", pages.LEAVES, ids=lambda leaf: leaf.slug)
def test_other_pages_of_the_replica_have_no_members_and_no_goals(leaf: pages.Leaf) -> None:
    if leaf == pages.MAIN:
        return
    for edition in (EDITIONS[0], EDITIONS[-1]):
        answer = site.answer(edition, "http", site.CAMPAIGN, leaf.target())
        facts = read(answer.body, f"http://{site.CAMPAIGN}{leaf.target()}")
        assert not facts["member"]
        assert not facts["goal"]
        assert [fact.raw for fact in facts["sponsor"]] == [logo.alt for logo in edition.sponsors]


def test_aliases_of_the_profile_name_the_organisation() -> None:
    hints = Hints(
        aliases={"NPL logo 2013": "Nationale Postcode Loterij", "unicef": "UNICEF", "logo EU": "Europese Unie"}
    )
    answer = site.answer(EDITIONS[0], "http", site.CAMPAIGN, pages.MAIN.target())
    facts = read(answer.body, site.START_URL, hints)
    keys = {fact.raw: fact.organisation for fact in facts["sponsor"]}
    assert keys["NPL logo 2013 .png"] == "nationale-postcode-loterij"
    assert keys["logo EU.jpg"] == "europese-unie"
    assert keys["1.png"] is None
    assert next(fact.organisation for fact in facts["member"] if fact.raw == "UNICEF Nederland") == "unicef"


def test_what_the_profile_ignores_is_no_fact() -> None:
    answer = site.answer(EDITIONS[0], "http", site.CAMPAIGN, pages.MAIN.target())
    facts = read(answer.body, site.START_URL, Hints(ignore=(r"^plan\.jpg", "wilde ganzen")))
    assert [fact.raw for fact in facts["sponsor"]] == [
        logo.alt for logo in EDITIONS[0].sponsors if logo.alt != "Plan.jpg"
    ]
    assert "Wilde Ganzen" not in [fact.raw for fact in facts["member"]]


def test_page_text_is_what_the_page_says_without_its_furniture() -> None:
    first, again = (site.answer(e, "http", site.CAMPAIGN, pages.MAIN.target()).body for e in (EDITIONS[0], EDITIONS[0]))
    said = page_text(parse(first.decode()))
    assert said == page_text(parse(again.decode()))
    assert said.lang == "nl"
    assert "Better Care betekent dat" in said.text
    digests = [
        page_text(parse(site.answer(e, "http", site.CAMPAIGN, pages.MAIN.target()).body.decode())).digest
        for e in EDITIONS
        if not e.down
    ]
    # Each edition says something else, but for the one in which a member came back.
    assert all(one != other for one, other in pairwise(digests))
    assert page_text(parse(""), fallback_title="x").title == "x"
