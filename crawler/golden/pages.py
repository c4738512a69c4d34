"""Golden pages: a page as it was captured, and what stands on it as a person has checked it.

``SITE/PAGE/page.html`` holds the body's bytes, ``page.json`` what is right: ``url``, ``charset`` where a header told
it, and by section what the page lists. Members are ``[name, kind]``, treaties ``[name, year]``, identity
``[kind, value]``, all else the values in order. Of the members the confirmed are listed, or those of the ``tier`` it
names. ``years`` and ``places`` go with the members, ``chair`` is ``[name, since]``, ``beneficiary`` is whom all
sponsors support, ``states`` says which sections are ``empty`` or ``absent``. Where several values are right, as for a
logo that says two names, a list of them stands for one. ``fails`` says of a section why it cannot be right yet.
``language`` and ``logos``, the files of the sponsors, are for statistics. What is not named is not checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import WrongUse
from archive.model import Fact, Page, Section
from crawler.examine import page_on_disk
from crawler.extract import extract
from crawler.extract.hints import Hints
from crawler.items import KINDS
from crawler.tree import parse

HTML, JSON = "page.html", "page.json"
_ROLES = tuple(kind.role for kind in KINDS)
#: the keys of page.json and what they hold
_TYPES: dict[str, type] = {
    "url": str,
    "charset": str,
    **dict.fromkeys((*_ROLES, "years", "places", "chair"), list),
    "beneficiary": str,
    "states": dict,
    "tier": str,
    "fails": dict,
    "language": str,
    "logos": list,
}
#: sections whose items are lists themselves
_PAIRS = frozenset(("member", "treaty", "identity"))
#: what every page says, if only that there is none
_ALWAYS = ("member", "goal", "sponsor")

Sections = Mapping[str, Section]


@dataclass(frozen=True, slots=True)
class GoldenPage:
    """One of them, read off the disk. *truth* is page.json."""

    site: str
    name: str
    page: Page
    truth: Mapping[str, Any]

    def sections(self, hints: Hints) -> Sections:
        return {section.role: section for section in extract(self.page, parse(self.page.text), hints)}

    @property
    def unknown_keys(self) -> list[str]:
        return [key for key in self.truth if key not in _TYPES]


def golden_pages(folder: Path, site: str | None = None) -> list[GoldenPage]:
    """The golden pages below *folder*, of one site or of all, by site and name. Raises WrongUse, naming the file."""
    return [read_golden_page(path.parent) for path in sorted(folder.glob(f"{site or '*'}/*/{JSON}"))]


def read_golden_page(folder: Path) -> GoldenPage:
    path = folder / JSON
    try:
        truth = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{path}: not JSON: {error}") from error
    if not isinstance(truth, dict) or not isinstance(truth.get("url"), str):
        raise WrongUse(f"{path}: an object with the page's url was expected")
    for key, kind in _TYPES.items():
        if key in truth and not isinstance(truth[key], kind):
            raise WrongUse(f"{path}: {key}: a {kind.__name__} was expected, not {json.dumps(truth[key])[:80]}")
    if not (folder / HTML).is_file():
        raise WrongUse(f"{folder / HTML}: no such file; {JSON} beside it tells of one")
    page = page_on_disk(folder / HTML, truth["url"], truth.get("charset"))
    return GoldenPage(folder.parent.name, folder.name, page, truth)


def told_by(sections: Sections) -> dict[str, Any]:
    """What page.json says of these sections, *url* and *charset* apart. Where nothing is found nothing is said, but of
    members, goals and sponsors.
    """
    said: dict[str, Any] = {}
    for role in _ROLES:
        told = _told(sections[role])
        said |= {key: value for key, value in told.items() if key in _ALWAYS or _says_anything(value)}
    states = {role: section.state for role, section in sections.items() if section.state == "empty"}
    return said | ({"states": states} if states else {})


def differences(truth: Mapping[str, Any], sections: Sections) -> Iterator[str]:
    """In what the sections are not what *truth* says, a line each; a section that is right, and said to fail, too."""
    fails = truth.get("fails", {})
    for role in _ROLES:
        wrong = [
            line
            for key, found in _told(sections[role], truth.get("tier", "confirmed")).items()
            if key in truth
            for line in _differ(key, truth[key], found)
        ]
        if role not in fails:
            yield from wrong
        elif not wrong:
            yield f"{role}: is right, and {JSON} says that it fails: {fails[role]}"
    for role, state in truth.get("states", {}).items():
        now = sections[role].state if role in sections else "no such section"
        if now != state:
            yield f"{role}: {now}, and should be {state}"


def write_golden_page(
    folder: Path, page: Page, charset: str | None, sections: Sections, *, force: bool = False
) -> bool:
    """Record *page* in *folder*; False when it stands there as it is. Raises WrongUse where another does: a person may
    have corrected what the extractors found, and *force* alone writes over that.
    """
    said = {"url": page.url, **({"charset": charset} if charset else {}), **told_by(sections)}
    files = {folder / HTML: page.body, folder / JSON: (_as_text(said) + "\n").encode()}
    if all(path.exists() and path.read_bytes() == data for path, data in files.items()):
        return False
    for path, data in files.items():
        if path.exists() and path.read_bytes() != data and not force:
            raise WrongUse(f"{path}: another stands there; --force writes over it and over what was corrected by hand")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            path.write_bytes(data)
    except OSError as error:
        raise WrongUse(f"{error.filename or folder}: {error.strerror}") from error
    return True


def _told(section: Section, tier: str = "confirmed") -> dict[str, Any]:
    """What page.json may say of one section, by key."""
    facts: Sequence[Any] = section.facts
    if section.role == "member":
        facts = [fact for fact in facts if fact.tier == tier]
        chairs = [[fact.value, fact.chair_since] for fact in facts if fact.chair]
        return {
            "member": [[fact.value, fact.kind] for fact in facts],
            "years": [fact.year for fact in facts],
            "places": [fact.place for fact in facts],
            "chair": chairs[0] if len(chairs) == 1 else chairs,
        }
    if section.role == "sponsor":
        whom = {fact.beneficiary for fact in facts}
        return {"sponsor": [fact.value for fact in facts], "beneficiary": whom.pop() if len(whom) == 1 else None}
    return {section.role: [_value(section.role, fact) for fact in facts]}


def _says_anything(value: Any) -> bool:
    return any(each is not None for each in value) if isinstance(value, list) else value is not None


def _value(role: str, fact: Fact) -> Any:
    if role == "treaty":
        return [fact.value, fact.year]
    return [fact.kind, fact.value] if role == "identity" else fact.value


def _differ(key: str, right: Any, found: Any) -> Iterator[str]:
    if key in _ROLES and key not in _PAIRS:
        right = _chosen(right, found)
    if right == found:
        return
    if key not in _ROLES:
        yield f"{key}: found {_json(found)}, and should be {_json(right)}"
        return
    lacks, more = [each for each in right if each not in found], [each for each in found if each not in right]
    yield from (f"{key}: not found: {_json(each)}" for each in lacks)
    yield from (f"{key}: found, and should not be: {_json(each)}" for each in more)
    if not lacks and not more:
        yield f"{key}: in another order, or another number of times: {_json(found)}"


def _chosen(right: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    """*right*, with what was found where a list of several values stands for one."""
    taken = list(found)
    chosen = []
    for each in right:
        value = next((one for one in each if one in taken), each) if isinstance(each, list) else each
        if value in taken:
            taken.remove(value)
        chosen.append(value)
    return chosen


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_text(said: Mapping[str, Any]) -> str:
    """JSON, one item of a list a line: people read and correct it."""
    lines = []
    for key, value in said.items():
        text = _json(value)
        if isinstance(value, list) and key != "chair" and value and len(text) > 80:
            text = "[\n" + ",\n".join(f"  {_json(each)}" for each in value) + "\n ]"
        lines.append(f" {_json(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"
