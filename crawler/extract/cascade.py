"""What a page's style sheets make of the elements that `crawler.extract.styled` kept: which picture each is given, and
which of these are logos. Pure: what a page and its style sheets say comes in, facts go out.

Of the rules that match an element the last of the most specific holds, ``!important`` before others; those that only
some screens apply (``min-width``, two pixels for one) count where no other gives a picture. A picture is a logo where
it is given to one element, or to its few copies: one file behind several elements is a sprite or a bullet, and nobody
can tell whom which part of it shows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from archive.model import UNNAMED, Evidence
from archive.styled import Backed, Sheet
from crawler.extract.backgrounds import COPIES, Compound, compounds
from crawler.extract.hints import Hints
from crawler.extract.logos import OWN_CAPTION, LogoName, name_by_file, organisation_of, twin_of
from crawler.extract.naming import clean, file_name
from crawler.extract.organisations import Aliases
from crawler.extract.ornaments import is_of_the_page
from crawler.extract.pictures import absolute
from crawler.extract.vocabulary import vocabulary
from crawler.items import Sponsor

RULE = "linked-style"
#: what two documents prove together, with a cascade of ours between them, is less sure than what one does
_SURE = 0.9
_STEPS = 40


@dataclass(frozen=True, slots=True)
class _Rule:
    chain: tuple[Compound, ...]
    address: str
    place: tuple[int, int]
    quote: str
    is_conditional: bool
    is_important: bool
    is_pattern: bool

    @property
    def specificity(self) -> tuple[int, int, int]:
        return (
            sum(part.id is not None for part in self.chain),
            sum(len(part.classes) for part in self.chain),
            sum(part.tag is not None for part in self.chain),
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """The picture of one element."""

    slot: Mapping[str, Any]
    url: str
    sheet: int
    rule: _Rule


def logos_shown(said: str, sheets: Sequence[Sheet], hints: Hints) -> list[Backed]:
    """The sponsors that a page (`Style.said`) shows with these style sheets, in the order in which they are applied."""
    page = json.loads(said)
    given: dict[int, list[_Given]] = defaultdict(list)
    for each in _pictures(page, sheets):
        given[each.slot["group"]].append(each)
    facts: list[Backed] = []
    seen: set[str] = set()
    aliases = Aliases(hints.aliases)
    for group, (least, real) in enumerate(page["groups"]):
        found = []
        for each in given[group]:
            name = _name(each)
            is_told = name.source != "file" and "name" in each.slot and name == LogoName(*each.slot["name"])
            key = each.slot.get("key") if is_told else organisation_of(name, aliases)
            twin = twin_of(name, key, each.url)
            if twin in seen or each.url in seen or _is_of_the_page(name.raw, file_name(each.url)):
                continue
            seen |= {twin, each.url}
            found.append(_fact(each, name, key))
        if len(found) + real >= least:
            facts += found
    return facts


def _pictures(page: Mapping[str, Any], sheets: Sequence[Sheet]) -> list[_Given]:
    rules = [_rules(sheet.said) for sheet in sheets]
    rare = set(page["rare"])
    given = [one for slot in page["slots"] if (one := _given(slot, page["nodes"], sheets, rules, rare)) is not None]
    by_url: dict[str, list[_Given]] = defaultdict(list)
    for one in given:
        by_url[one.url].append(one)
    return [one for one in given if _are_one(by_url[one.url], page["nodes"])]


def _are_one(same: Sequence[_Given], nodes: Sequence[Sequence[Any]]) -> bool:
    """Whether the elements that have one picture are one logo and its copies."""
    if len(same) > COPIES:
        return False
    return len({(one.slot.get("href"), tuple(one.slot.get("name") or ()), _classes(one, nodes)) for one in same}) == 1


def _classes(one: _Given, nodes: Sequence[Sequence[Any]]) -> frozenset[str]:
    return frozenset(nodes[one.slot["node"]][3].split())


def _given(
    slot: Mapping[str, Any],
    nodes: Sequence[Sequence[Any]],
    sheets: Sequence[Sheet],
    rules: Sequence[Mapping[str, Sequence[tuple[int, _Rule]]]],
    rare: set[str],
) -> _Given | None:
    chain = list(_above(slot["node"], nodes))
    _, own_id, classes = chain[0]
    best: tuple[tuple[object, ...], int, _Rule] | None = None
    for number, by_name in enumerate(rules):
        for name in (*(f".{each}" for each in classes), f"#{own_id}"):
            for order, rule in by_name.get(name, ()):
                conditional = rule.is_conditional or sheets[number].conditional
                rank = (not conditional, rule.is_important, rule.specificity, number, order)
                if (best is None or rank > best[0]) and _matches(rule, chain):
                    best = rank, number, rule
    if best is None or not best[2].address or best[2].is_pattern:
        return None
    _, number, rule = best
    if not any(part.names and not rare.isdisjoint(part.names) for part in rule.chain):
        return None  # many have it, whether or not they are in the wall
    url = absolute(sheets[number].url, rule.address)
    return _Given(slot, url, number, rule) if url else None


def _above(node: int | None, nodes: Sequence[Sequence[Any]]) -> Iterator[tuple[str, str | None, frozenset[str]]]:
    """The element and those it stands in: tag, id, classes."""
    for _ in range(_STEPS):
        if node is None:
            return
        node, tag, own_id, classes = nodes[node]
        yield tag, own_id, frozenset(classes.split())


def _matches(rule: _Rule, chain: Sequence[tuple[str, str | None, frozenset[str]]]) -> bool:
    """A child is taken for any descendant, as in the page's own style sheets."""
    if not rule.chain[0].fits(*chain[0]):
        return False
    above = list(rule.chain[1:])
    for element in chain[1:]:
        if above and above[0].fits(*element):
            del above[0]
    return not above


@lru_cache(maxsize=64)
def _rules(said: str) -> Mapping[str, Sequence[tuple[int, _Rule]]]:
    """The rules of a sheet with their order, by a class or an id that the element must have."""
    found: dict[str, list[tuple[int, _Rule]]] = defaultdict(list)
    for order, (selectors, address, start, end, quote, flags) in enumerate(json.loads(said)["rules"]):
        for selector in selectors:
            chain = compounds(selector)
            if chain is not None:
                rule = _Rule(chain, address, (start, end), quote, "c" in flags, "i" in flags, "p" in flags)
                found[chain[0].names[-1]].append((order, rule))
    return found


def _name(given: _Given) -> LogoName:
    """As `logos.name_of` has it, now that the file is known."""
    slot = given.slot
    told = LogoName(*slot["name"]) if "name" in slot else None
    if told is not None and (told.source in ("title", "alt") or told.confidence >= OWN_CAPTION):
        return told
    file = file_name(given.url)
    by_file = _by_file(file, slot.get("out"))
    if by_file is not None:
        return by_file
    return told or LogoName(file or given.url, file or given.url, "file", UNNAMED)


# One file, or one name, on every page of a site.
_by_file = lru_cache(maxsize=4096)(name_by_file)


@lru_cache(maxsize=4096)
def _is_of_the_page(name: str, file: str) -> bool:
    return is_of_the_page(clean(name), file, vocabulary())


def _fact(given: _Given, name: LogoName, key: str | None) -> Backed:
    slot = given.slot
    start, end = slot["place"]
    fact = Sponsor(
        raw=name.raw,
        value=name.value,
        position=0,
        rule=f"{slot.get('rule', '')}{RULE}",
        evidence=Evidence(quote=slot["quote"], byte_start=start, byte_end=end, xpath=slot.get("xpath")),
        confidence=name.confidence if name.confidence <= UNNAMED else round(name.confidence * _SURE, 3),
        kind="logo",
        organisation=key,
        beneficiary=slot.get("beneficiary"),
        href=slot.get("href"),
        logo_url=given.url,
        name_source=name.source,
        alt=slot.get("alt"),
    )
    start, end = given.rule.place
    return Backed(fact, given.sheet, Evidence(quote=given.rule.quote, byte_start=start, byte_end=end))
