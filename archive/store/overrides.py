"""What a person says of one fact, wherever it stands: decisions of action ``override``.

*scope* is an object that says which facts are meant, and never by a number of this database: ``role`` (needed),
``site`` and ``page`` (all of them without), and ``raw`` or ``subject`` or both (either will do). ``raw`` is what stands
on the page, or what was read out of it; ``subject`` an organisation's key, or what a timeline calls its subject. Case,
accents and punctuation do not matter. *value* is an object with one key:

>>> parse_effect({"confirm": True}, "here")
Effect(verdict='reviewed', fields={}, into=())
>>> parse_effect({"reject": True}, "here").verdict
'rejected'
>>> parse_effect({"correct": {"value": "Plan", "year": None}}, "here").fields
{'value': 'Plan', 'year': None}
>>> parse_effect({"name": "Fonds Zilver"}, "here").fields  # of a logo that nothing on the page names
{'value': 'Fonds Zilver', 'organisation': 'Fonds Zilver'}
>>> parse_effect({"split": ["ICCO", "Kerk in Actie"]}, "here").into
('ICCO', 'Kerk in Actie')
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archive.configuration import did_you_mean
from archive.errors import WrongUse
from archive.store.subjects import fold

EVERY_PAGE = "*"
SCOPE = ("site", "page", "role", "raw", "subject")
CORRECTABLE = ("value", "kind", "year", "organisation")
#: one list item is no more organisations than this
_MOST_PARTS = 50

Verdict = Literal["reviewed", "rejected"]


@dataclass(frozen=True, slots=True)
class Effect:
    #: whoever corrects a fact has looked at it
    verdict: Verdict
    #: what it is instead, by `CORRECTABLE`; *organisation* a key or a name, None for none
    fields: Mapping[str, str | int | None] = field(default_factory=dict)
    #: the names of the organisations it is taken apart into
    into: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    decision: str
    role: str
    effect: Effect
    #: when it was made, and its place among those of one second
    made: tuple[str, int] = ("", 0)
    #: None: of every site
    site: str | None = None
    page: str | None = None
    #: both folded
    raw: str | None = None
    subject: str | None = None

    @property
    def rank(self) -> tuple[bool, bool, bool, tuple[str, int]]:
        """What holds: a page before all pages, a site before all sites, a wording before a subject; then the later."""
        return self.page is not None, self.site is not None, self.raw is not None, self.made

    def is_about(self, raw: Iterable[str], subjects: Iterable[str]) -> bool:
        """Whether one of these, both folded, is what it names."""
        return (self.raw is not None and self.raw in raw) or (self.subject is not None and self.subject in subjects)


def parse(
    decision: str, scope: Mapping[str, Any], value: Mapping[str, Any], where: str, made: tuple[str, int] = ("", 0)
) -> Override:
    """Raises WrongUse, which begins with *where*."""
    if unknown := sorted(scope.keys() - set(SCOPE)):
        raise WrongUse(f"{where}: scope has no key {unknown[0]!r}{did_you_mean(unknown[0], SCOPE)}")
    for key in SCOPE:
        if key in scope:
            _text(scope[key], f"{where}: scope.{key}")
    if "role" not in scope:
        raise WrongUse(f"{where}: scope needs a role, such as member or sponsor")
    if "raw" not in scope and "subject" not in scope:
        raise WrongUse(f"{where}: scope needs raw (what stands on the page) or subject, or both")
    if "page" in scope and "site" not in scope:
        raise WrongUse(f"{where}: scope names a page, and not of which site")
    return Override(
        decision=decision,
        role=scope["role"],
        effect=parse_effect(value, where),
        made=made,
        site=scope.get("site"),
        page=scope.get("page"),
        raw=fold(scope["raw"]) if "raw" in scope else None,
        subject=fold(scope["subject"]) if "subject" in scope else None,
    )


def parse_effect(value: Mapping[str, Any], where: str) -> Effect:
    if len(value) != 1 or not value.keys() <= _EFFECTS.keys():
        said = ", ".join(sorted(value)) or "nothing"
        near = did_you_mean(next(iter(value)), list(_EFFECTS)) if len(value) == 1 else ""
        raise WrongUse(f"{where}: value must have one key of {', '.join(_EFFECTS)}, found {said}{near}")
    ((key, said),) = value.items()
    return _EFFECTS[key](said, f"{where}: value.{key}")


def standing_overrides(connection: sqlite3.Connection, site: str) -> list[Override]:
    """Those about facts of *site* that nobody has taken back, what holds last."""
    rows = connection.execute(
        "SELECT id, scope, value, made_at, rowid FROM decision WHERE action = 'override'"
        " AND id NOT IN (SELECT decision_id FROM withdrawn)"
    )
    found = [
        parse(id_, json.loads(scope), json.loads(value), f"decision {id_}", tuple(made))
        for id_, scope, value, *made in rows
    ]
    return sorted((one for one in found if one.site in (None, site)), key=lambda one: one.rank)


def to_json(value: Mapping[str, Any]) -> str:
    """One spelling for one meaning: how scope and value stand in the database."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _judge(verdict: Verdict) -> Callable[[Any, str], Effect]:
    def judged(said: Any, where: str) -> Effect:
        if said is not True:
            raise WrongUse(f"{where} must be true, found {said!r}; a decision is taken back by one of action undo")
        return Effect(verdict)

    return judged


def _correct(said: Any, where: str) -> Effect:
    if not isinstance(said, dict) or not said:
        raise WrongUse(f"{where} must be an object with one or more of {', '.join(CORRECTABLE)}, found {said!r}")
    if unknown := sorted(said.keys() - set(CORRECTABLE)):
        raise WrongUse(f"{where} has no key {unknown[0]!r}{did_you_mean(unknown[0], CORRECTABLE)}")
    for key, content in said.items():
        if key == "year":
            if content is not None and (isinstance(content, bool) or not isinstance(content, int)):
                raise WrongUse(f"{where}.year must be a number or null, found {content!r}")
            if content is not None and not 0 < content < 10_000:
                raise WrongUse(f"{where}.year must lie between 1 and 9999, found {content}")
        elif content is not None or key == "value":
            _text(content, f"{where}.{key}")
    return Effect("reviewed", dict(said))


def _name(said: Any, where: str) -> Effect:
    name = _text(said, where)
    return Effect("reviewed", {"value": name, "organisation": name})


def _split(said: Any, where: str) -> Effect:
    if not isinstance(said, list) or not 2 <= len(said) <= _MOST_PARTS:
        raise WrongUse(f"{where} must be a list of two names or more ({_MOST_PARTS} at most), found {said!r}"[:300])
    parts = tuple(_text(part, f"{where}[{number}]") for number, part in enumerate(said))
    if len({fold(part) for part in parts}) < len(parts):
        raise WrongUse(f"{where} names one organisation twice")
    return Effect("reviewed", into=parts)


def _text(said: Any, where: str) -> str:
    if not isinstance(said, str) or not said.strip():
        raise WrongUse(f"{where} must be a text, found {said!r}"[:300])
    if any(0xD800 <= ord(character) < 0xE000 for character in said):
        raise WrongUse(f"{where} holds half a character (a lone surrogate)")
    return said


_EFFECTS: dict[str, Callable[[Any, str], Effect]] = {
    "confirm": _judge("reviewed"),
    "reject": _judge("rejected"),
    "correct": _correct,
    "name": _name,
    "split": _split,
}
