"""Decisions as people make them: what they name must be there, and what they say is true in the views at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

from archive.configuration import did_you_mean
from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import Store
from archive.store.decisions import FILE, append_decision, read_lines, whoever
from archive.store.review import Item, Standing, find_name, known_names, pages_naming, read_queue
from archive.store.subjects import fold
from archive.written import record_written
from crawler.curation.again import derive_again, recorded_profiles
from crawler.curation.terminal import printable
from crawler.items import KINDS

#: past it a session derives once, at its end, and not after each decision
QUICK_S = 2.0
_ROLES = tuple(kind.role for kind in KINDS)


class Curator:
    """Decides in the name of one person. Close its store."""

    def __init__(self, archive: Archive, who: str | None, *, anyway: bool = False) -> None:
        """With *anyway* a decision may name what stands nowhere: it waits. Raises WrongUse for an archive that has no
        database, cannot be written, or holds a line or a crawl by which nothing could be derived: before anything is
        decided."""
        archive.check_writable()
        if not archive.database.is_file():
            raise WrongUse(f"{archive.database}: no database; `bewaar rebuild` derives it from the WARC files")
        self.archive = archive
        self.who = whoever(archive, who)
        self._anyway = anyway
        for _ in read_lines(archive.decisions):
            pass
        self.store = Store(archive.database, KINDS, write_lock=archive.lock_database)
        try:
            recorded_profiles(archive, self.store)
        except BaseException:
            self.store.close()
            raise
        #: how long the last derivation took, seconds
        self.took_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def queue(self) -> list[Item]:
        return read_queue(self.store.db.conn)

    def decide(
        self,
        action: str,
        scope: str | Mapping[str, Any],
        value: str | Mapping[str, Any] | None = None,
        *,
        why: str | None = None,
        derive: bool = True,
    ) -> dict[str, Any]:
        """Write the line, on disk before anything is derived from it. The line."""
        self.archive.make_folders()
        line = append_decision(
            self.archive.decisions / FILE, who=self.who, action=action, scope=scope, value=value, why=why or None
        )
        record_written(self.archive)
        if derive:
            self.derive(site=scope.get("site") if isinstance(scope, Mapping) else None)
        return line

    def objection(self, line: Mapping[str, Any]) -> str | None:
        """Why a decision that was made and derived does not hold; None where it does, or waits as it was told to."""
        standing, by = self.store.db.conn.execute(
            "SELECT standing, by_id FROM decided WHERE decision_id = ?", (line["id"],)
        ).fetchone()
        if line["action"] == "undo":
            undone = self.store.db.conn.execute("SELECT 1 FROM withdrawn WHERE decision_id = ?", (line["scope"],))
            standing = standing if undone.fetchone() else "made, by its date, before what it should take back"
        if standing == "in force" or (standing == "without target" and self._anyway):
            return None
        return f"{standing}{f' by {by}' if by else ''}"

    def derive(self, site: str | None = None) -> None:
        began = time.monotonic()
        derive_again(self.archive, self.store, None if site is None else [site])
        self.took_s = time.monotonic() - began

    def override(
        self,
        name: str,
        value: Mapping[str, Any],
        *,
        role: str | None,
        site: str | None,
        page: str | None,
        why: str | None,
    ) -> dict[str, Any]:
        """*name* as it stands on a page, or of an organisation. *role* and *site* may be left out where they are plain;
        *site* is ``*`` for all."""
        return self.decide("override", self._scope(name, role=role, site=site, page=page), value, why=why)

    def names(self, action: str, name: str, other: str, *, why: str | None) -> dict[str, Any]:
        """An alias, or two names that are distinct."""
        if fold(name) == fold(other):
            raise WrongUse(f"{name!r} and {other!r} are one name")
        self._check_known(name)
        if action == "distinct":
            self._check_known(other)
        return self.decide(action, name, other, why=why)

    def undo(self, decision: str, *, why: str | None) -> dict[str, Any]:
        """*decision* is an id, or as much of its beginning as no other has."""
        self.store.load_decisions(self.archive.decisions)
        found = [
            row[0]
            for row in self.store.db.conn.execute(
                "SELECT id FROM decision WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id", (decision,)
            )
        ]
        exact = [id_ for id_ in found if id_ == decision] or found
        if len(exact) != 1 or not decision:
            many = f" but {len(exact)}: {', '.join(exact[:5])}" if decision and exact else ""
            raise WrongUse(f"no one decision begins with {decision!r}{many}; `bewaar curate decisions` lists them")
        by = self.store.db.conn.execute("SELECT by_id FROM withdrawn WHERE decision_id = ?", exact).fetchone()
        if by:
            raise WrongUse(f"decision {exact[0]} no longer stands already, because of {by[0]}")
        return self.decide("undo", exact[0], why=why)

    def _scope(self, name: str, *, role: str | None, site: str | None, page: str | None) -> dict[str, str]:
        if role is not None and role not in _ROLES:
            raise WrongUse(f"no section is called {role!r}{did_you_mean(role, _ROLES)} (one of {', '.join(_ROLES)})")
        if page is not None and site == "*":
            raise WrongUse("a page is of one site: give --site NAME with --page")
        found = [
            one
            for one in find_name(self.store.db.conn, name)
            if role in (None, one.role) and site in (None, "*", one.site)
        ]
        if not found:
            if not (self._anyway and role and site):
                at = (f" as {role}" if role else "") + (f" at {site}" if site not in (None, "*") else "")
                more = ", with --role and --site" if self._anyway else "; --anyway decides all the same, for later"
                raise WrongUse(f"nothing is listed by the name {name!r}{at}{self._near(name)}{more}")
            found = [Standing(site, role)]
        role = self._one([one.role for one in found], f"{name!r} stands in several kinds of section", "--role")
        if site is None:
            site = self._one([one.site for one in found], f"{name!r} stands at several sites", "--site", "* for all")
        if page is not None and not self._anyway:
            self._check_page(name, page, site, role)
        scope = {"role": role} | ({} if site == "*" else {"site": site}) | ({"page": page} if page else {})
        organisations = sorted({one.organisation for one in found if one.organisation})
        if len(organisations) > 1:
            raise WrongUse(f"{name!r} is the name of several organisations: give a key, {', '.join(organisations)}")
        return scope | ({"subject": organisations[0]} if organisations else {"raw": name})

    def _one(self, found: Sequence[str], several: str, option: str, also: str = "") -> str:
        choices = sorted(set(found))
        if len(choices) > 1:
            raise WrongUse(f"{several}: give {option} {' or '.join(choices)}{f' ({also})' if also else ''}")
        return choices[0]

    def _check_page(self, name: str, page: str, site: str, role: str) -> None:
        there = pages_naming(self.store.db.conn, name, site, role)
        if page in there:
            return
        shown = f"{', '.join(map(printable, there[:5]))}{', ...' if len(there) > 5 else ''}"
        raise WrongUse(
            f"{name!r} is not listed as {role} on the page {page!r}{printable(did_you_mean(page, there))} of {site}"
            f" (it is on {shown}); --anyway decides all the same, for later"
        )

    def _check_known(self, name: str) -> None:
        if not self._anyway and not find_name(self.store.db.conn, name):
            raise WrongUse(
                f"nothing is listed by the name {name!r}{self._near(name)}; --anyway decides all the same, for later"
            )

    def _near(self, name: str) -> str:
        return printable(did_you_mean(name, list(known_names(self.store.db.conn))))
