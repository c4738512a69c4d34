"""Which captures takedowns and embargoes withhold now, as rules about URLs and times, out of the decisions.

The *why* of such a decision begins with one of `archive.reasons`, which whoever is refused may read; what follows a
colon is the operator's own note, and is shown to nobody else.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive import times
from archive.errors import WrongUse
from archive.reasons import REASONS
from archive.store import decisions
from archive.urls import urlkey

LIFTED = "lifted"
ACTIONS = ("takedown", "embargo")

_FOREVER = "~"
_WORDS, _ESCAPED = re.compile(r"[a-z0-9]+"), re.compile(r"%[0-9A-Fa-f]{0,2}")
_ALWAYS = ("", _FOREVER)


@dataclass(frozen=True, slots=True)
class Rule:
    """Captures of URLs whose key is *key* or begins with it, made from *since* until before *until*."""

    key: str
    #: the scope ended in a slash: what continues the last name is another
    whole_name: bool
    since: str
    until: str
    #: the decision it stands in
    decision: str = ""
    action: str = "takedown"
    reason: str | None = None
    #: of an embargo: when it ends by itself, as an ``*_at`` text
    ends: str | None = None

    def covers(self, key: str) -> bool:
        if not self.whole_name:
            return key.startswith(self.key)
        return key == self.key or key.startswith((f"{self.key}/", f"{self.key}?"))

    def withholds(self, url: str, captured_at: str) -> bool:
        return self.since <= captured_at < self.until and self.covers(urlkey(url))

    @property
    def of_all_times(self) -> bool:
        return (self.since, self.until) == _ALWAYS


def covering(rules: Sequence[Rule]) -> Callable[[str | None], list[int]]:
    """What tells of a URL which of *rules*, by their places, cover it. Its key is made once, whatever their number, and
    not at all where none can."""
    # What is escaped in the key may stand as it is in the URL.
    words = [_WORDS.findall(_ESCAPED.sub(" ", rule.key.partition(")")[2])) for rule in rules]

    def covering_of(url: str | None) -> list[int]:
        if url is None:
            return []
        # A key costs twenty times as much as a look for the words of a path, which are in every URL that it covers.
        small = url.lower() if url.isascii() and "%" not in url and url.isprintable() else None
        likely = [at for at, of in enumerate(words) if small is None or all(word in small for word in of)]
        if not likely:
            return []
        key = urlkey(url)
        return [at for at in likely if rules[at].covers(key)]

    return covering_of


@dataclass(frozen=True, slots=True)
class Withholding:
    """One takedown or embargo, and whether it holds now."""

    id: str
    made_at: str
    who: str
    why: str | None
    action: str
    scope: str
    value: str | None
    #: in force, ended, replaced by a later one (which may lift it), withdrawn; of a line that lifts one: lifts
    standing: str
    rule: Rule | None

    @property
    def reason(self) -> str | None:
        return reason_of(self.why)


@contextmanager
def open_decisions(directory: Path) -> Iterator[sqlite3.Connection]:
    """The decisions in the files of *directory*, database or none. Raises WrongUse, naming file and line."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in decisions.TABLES:
            connection.execute(statement)
        decisions.load(connection, directory, to_show=True)
        yield connection


def rules_in(directory: Path) -> list[Rule]:
    """What the files of decisions in *directory* withhold now. Raises WrongUse for a line that cannot be obeyed."""
    with open_decisions(directory) as connection:
        return read_rules(connection)


def is_withheld(rules: Sequence[Rule], url: str | None, warc_date: str) -> bool:
    """Of a record, by its WARC-Target-URI and WARC-Date; one whose date is none is of no known time."""
    if not rules or not url:
        return False
    try:
        captured_at = times.captured_at(warc_date)
    except (ValueError, OverflowError):
        captured_at = times.NO_DATE
    return any(rule.withholds(url, captured_at) for rule in rules)


def read_rules(connection: sqlite3.Connection) -> list[Rule]:
    """What the decisions withhold today. Raises WrongUse, naming the decision."""
    return [one.rule for one in read_withholdings(connection) if one.rule]


def read_withholdings(connection: sqlite3.Connection) -> list[Withholding]:
    """Every takedown and embargo, in order of time. Raises WrongUse, naming the decision that cannot be obeyed."""
    rows = connection.execute(
        "SELECT id, made_at, who, why, action, scope, value, id IN (SELECT decision_id FROM withdrawn)"
        " FROM decision WHERE action IN ('takedown', 'embargo') ORDER BY made_at, rowid"
    ).fetchall()
    latest = {(row[4], row[5]): row[0] for row in rows if not row[7]}
    found = []
    for id_, made_at, who, why, action, scope, value, withdrawn in rows:
        rule = None
        if withdrawn:
            standing = "withdrawn"
        elif latest[action, scope] != id_:
            standing = "replaced"
        elif value == LIFTED:
            standing = "lifts"
        else:
            rule = read_rule(id_, action, scope, value, why)
            standing = "in force" if rule else "ended"
        found.append(Withholding(id_, made_at, who, why, action, scope, value, standing, rule))
    return found


def read_rule(id_: str, action: str, scope: str, value: str | None, why: str | None) -> Rule | None:
    """None of an embargo that is over. Raises WrongUse, naming the decision."""
    if "://" not in scope:
        raise WrongUse(f"decision {id_}: {action} of {scope!a}: a URL, or the beginning of one, is expected")
    since, until = _period(id_, action, value)
    if until <= since:
        return None
    key = urlkey(scope)
    whole_name = scope.endswith("/") and not key.endswith("/")
    ends = times.read_since(value) if action == "embargo" and value else None
    return Rule(key, whole_name, since, until, id_, action, reason_of(why), ends)


def reason_of(why: str | None) -> str | None:
    """The category that *why* begins with.

    >>> reason_of("privacy: asked by letter of 3 May"), reason_of("asked")
    ('privacy', None)
    """
    category = (why or "").partition(":")[0].strip().lower()
    return category if category in REASONS else None


def next_end(rules: Sequence[Rule]) -> str | None:
    """When the first embargo ends, as an ``*_at`` text."""
    return min((rule.ends for rule in rules if rule.ends), default=None)


def _period(id_: str, action: str, value: str | None) -> tuple[str, str]:
    """Of captures that are withheld: from the first until before the second; the same twice for none."""
    if value is None:
        return _ALWAYS
    try:
        if action == "embargo":
            return _ALWAYS if times.seconds(times.now()) < times.read_since(value) else ("", "")
        since, slash, until = value.partition("/")
        if slash:
            days = (
                times.read_since(since) if since else "",
                f"{times.read_until(until)}~" if until else _FOREVER,
            )
            if days[0] < days[1]:
                return days
    except WrongUse as error:
        raise WrongUse(f"decision {id_}: {action} with value {value!a}: {error}") from error
    raise WrongUse(f"decision {id_}: {action} with value {value!a}: a period such as 2016-01-01/2016-12-31 is expected")
