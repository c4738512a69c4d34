"""A takedown or an embargo is a line of decisions and an event, on disk and in the manifest before anybody is told."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive import times
from archive.counted import counted
from archive.errors import NotAnArchive, WrongUse
from archive.faults import database_faults
from archive.layout import Archive
from archive.store import decisions
from archive.store.hides import Hides, count_hidden
from archive.store.rules import LIFTED, Rule, Withholding, open_decisions, read_rule, read_withholdings
from archive.store.schema import open_read_only
from archive.urls import urlkey
from archive.written import record_written

#: PREMIS event types: a rule is laid on an object, or taken off it
_ASSIGNED = "policy assignment"
_BUSY_S = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What an archivist says."""

    scope: str
    reason: str
    note: str | None = None
    #: dates of captures, as they were typed
    since: str | None = None
    until: str | None = None
    #: the date on which an embargo ends, as it was typed
    embargo_until: str | None = None

    @property
    def action(self) -> str:
        return "takedown" if self.embargo_until is None else "embargo"

    @property
    def value(self) -> str | None:
        if self.embargo_until is not None:
            return self.embargo_until
        return f"{self.since or ''}/{self.until or ''}" if self.since or self.until else None

    @property
    def why(self) -> str:
        return f"{self.reason}: {self.note}" if self.note else self.reason


def check(asked: Asked) -> Rule:
    """The rule it makes. Raises WrongUse for what is no beginning of a URL, and for dates that hide nothing."""
    scope = asked.scope
    try:
        parts = urlsplit(scope)
        host = parts.hostname
    except ValueError:
        host = None
    if "://" not in scope or not host or any(character.isspace() for character in scope):
        raise WrongUse(f"{scope!r}: the beginning of a URL is expected, such as http://example.org/people/")
    if asked.embargo_until is not None and (asked.since or asked.until):
        raise WrongUse("an embargo is of all captures: --from and --until do not go with --embargo-until")
    rule = read_rule("to be made", asked.action, scope, asked.value, asked.why)
    if rule is None:
        raise WrongUse(f"--embargo-until {asked.embargo_until}: that day has come, the embargo would hide nothing")
    return rule


def withhold(archive: Archive, asked: Sequence[Asked], who: str | None, *, hides: Sequence[Hides]) -> list[Withholding]:
    """Decide each of *asked*, which `check` has let pass; *hides* are what they hide, for the events.

    Raises WrongUse, before anything is decided, for a line in the way that cannot be obeyed; ArchiveFault.
    """
    archive.check_writable()
    read_decided(archive)
    name = decisions.whoever(archive, who)
    archive.make_folders()
    made = [
        decisions.append_decision(
            archive.decisions / decisions.FILE,
            who=name,
            action=one.action,
            scope=one.scope,
            value=one.value,
            why=one.why,
        )["id"]
        for one in asked
    ]
    for one, id_, hidden in zip(asked, made, hides, strict=True):
        said = f"{counted(capture=hidden.captures, fact=hidden.facts, image=hidden.images)} withheld"
        _tell(archive, one.scope, f"{one.action} {id_}: {said}")
    record_written(archive)
    # Those that are served next are made of what may be seen then.
    shutil.rmtree(archive.thumbnails, ignore_errors=True)
    load(archive)
    return [one for one in read_decided(archive) if one.id in made]


def lift(archive: Archive, what: str, who: str | None, note: str | None) -> list[Withholding]:
    """End the takedown or embargo whose id begins with *what*, or those of the scope *what*. The lines that did it.

    Raises WrongUse where nothing of that name is in force.
    """
    archive.check_writable()
    standing = [one for one in read_decided(archive) if one.standing == "in force"]
    if "://" in what:
        found = [one for one in standing if (urlkey(one.scope), one.scope[-1]) == (urlkey(what), what[-1])]
    else:
        found = [one for one in standing if what and one.id.startswith(what)]
        if len(found) > 1:
            raise WrongUse(f"{len(found)} decisions begin with {what!r}: give more of it, or the URL")
    if not found:
        raise WrongUse(f"nothing in force is {what!r}; `bewaar withhold --list` tells what is")
    name = decisions.whoever(archive, who)
    lines = [
        decisions.append_decision(
            archive.decisions / decisions.FILE, who=name, action=one.action, scope=one.scope, value=LIFTED, why=note
        )
        for one in found
    ]
    for one, line in zip(found, lines, strict=True):
        _tell(archive, one.scope, f"{one.action} {one.id} lifted by {line['id']}")
    record_written(archive)
    load(archive)
    lifted = {one.id for one in found}
    return [one for one in read_decided(archive) if one.id in lifted]


def read_decided(archive: Archive) -> list[Withholding]:
    """Every takedown and embargo the files of decisions hold, database or none. Raises WrongUse, naming file and line,
    or the decision."""
    with open_decisions(archive.decisions) as connection:
        return read_withholdings(connection)


def hidden_by(archive: Archive, *rules: Rule, also: Sequence[Rule] = ()) -> Hides:
    """Nothing where there is no database yet: what is captured later is withheld all the same."""
    if not archive.database.is_file():
        return Hides(0, 0, 0, 0, 0, (), ())
    return count_hidden(archive, rules, also=also)


def load(archive: Archive) -> None:
    """Have the database tell of the decisions too; one that is not there, or is of an older version, will by itself."""
    try:
        open_read_only(archive.database).close()
    except NotAnArchive:
        return
    with (
        archive.lock_database(),
        database_faults(archive.database),
        closing(sqlite3.connect(archive.database, timeout=_BUSY_S, isolation_level=None)) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        decisions.load(connection, archive.decisions)
        connection.execute("COMMIT")
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _tell(archive: Archive, scope: str, detail: str) -> None:
    events = archive.decisions / decisions.EVENTS
    decisions.append_event(
        events, type_=_ASSIGNED, object_=scope, outcome="success", detail=detail, at=times.seconds(times.now())
    )
