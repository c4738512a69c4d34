"""Layer 3 of one site, derived anew from what the captures showed. One transaction, made by the caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import WrongUse
from archive.store.alerts import write_drift
from archive.store.changes import Change, listing_changes, page_changes, section_changes
from archive.store.copies import link_copies
from archive.store.doubts import write_doubts
from archive.store.history import RoleHistory, read_pages, read_role, roles
from archive.store.logos import LogoRun, Logos, logo_changes, logo_runs
from archive.store.looks import Pictures, write_looks
from archive.store.organisations import write_organisations
from archive.store.originals import describe_resources, resolve_revisits
from archive.store.payloads import ReadPayload
from archive.store.search import index_site
from archive.store.styling import ShowStyled, complete_styled
from archive.store.suggestions import write_suggestions
from archive.store.timelines import Presence, presences

_INSERT_PRESENCE = """INSERT INTO presence (site_id, page_key, role, subject, value, organisation_id, beneficiary_id,
  fact_id, state, absent_before, first_seen, last_seen, gone_by, sightings, absent_capture_id, first_capture_id,
  last_capture_id, gone_capture_id, kind, year, decided_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_INSERT_LOGO = """INSERT INTO logo (site_id, page_key, role, subject, organisation_id, payload_id, capture_id,
  last_capture_id, first_seen, last_seen) VALUES (?,?,?,?,?,?,?,?,?,?)"""
_INSERT_LOGO_FILE = """INSERT INTO logo_file (logo_id, payload_id, capture_id, last_capture_id, first_seen, last_seen)
  VALUES (?,?,?,?,?,?)"""
_INSERT_CHANGE = """INSERT INTO change (site_id, crawl_id, page_key, role, kind, subject, organisation_id, before,
  after, changed_after, changed_by, before_capture_id, after_capture_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"""


@dataclass(frozen=True, slots=True)
class Derived:
    site: str
    presences: int
    logos: int
    changes: int
    drift: int
    #: other sites whose revisits have found their originals in this one: derive them too
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a site beforehand: its profile's words, without the profile."""

    #: keys of the pages whose lists prove absence
    anchors: tuple[str, ...] = ()
    #: the names to show, by organisation key
    names: Mapping[str, str] = field(default_factory=dict)
    #: how many facts a page holds, by role
    expected: Mapping[str, int] = field(default_factory=dict)


def derive(
    connection: sqlite3.Connection,
    site: str,
    known: Known,
    lists: Collection[str],
    *,
    read: ReadPayload,
    warcs: Path | None,
    shows: Mapping[str, ShowStyled],
) -> Derived:
    """*lists* are the roles of kinds that are lists; *read* finds the bytes of logos, and fragments of pages are read
    from *warcs*; *shows* tells, by role, what a page shows with its style sheets."""
    if connection.execute("SELECT 1 FROM site WHERE id = ?", (site,)).fetchone() is None:
        raise WrongUse(f"site {site} is not in the database")
    connection.execute("DELETE FROM logo_file WHERE logo_id IN (SELECT id FROM logo WHERE site_id = ?)", (site,))
    for table in ("presence", "logo", "change", "drift", "doubt", "expectation"):
        connection.execute(f"DELETE FROM {table} WHERE site_id = ?", (site,))
    link_copies(connection, site)
    also = resolve_revisits(connection, site)
    describe_resources(connection, site)
    left = complete_styled(connection, site, shows)
    curation = write_organisations(connection, site, known.names, left=left)
    write_looks(connection, site, read)

    pages = read_pages(connection, site)
    logos = Logos(connection, Pictures.read(connection, site))
    changes: list[Change] = list(page_changes(pages))
    counts = [0, 0]
    anchors = known.anchors
    watched: set[str] = set(anchors)
    histories: dict[str, RoleHistory] = {}
    # Lists first: they say which pages are watched, and of others nothing is kept.
    for role in sorted(roles(connection, site), key=lambda role: (role not in lists, role)):
        # Where anchors are named no other page is watched.
        history = read_role(connection, site, role, logos.digest, curation, watched=anchors or None)
        found = list(presences(history, pages, anchors))
        homes = {presence.page_key for presence in found}
        runs = list(logo_runs(history, ((p.page_key, p.subject.key) for p in found), logos))
        _write_presences(connection, site, role, found)
        _write_logos(connection, site, role, runs)
        changes += listing_changes(role, found)
        proving = homes.intersection(anchors) if anchors else homes
        changes += section_changes(role, history, proving)
        if role in lists:
            watched |= proving
        kept = history.keys() if role in lists and not anchors else history.keys() & watched
        histories[role] = {key: history[key] for key in kept}
        changes += logo_changes(role, runs)
        counts[0] += len(found)
        counts[1] += len(runs)
    _write_changes(connection, site, changes)
    drift = write_drift(connection, site, histories, watched, lists=lists, expected=known.expected, warcs=warcs)
    write_doubts(connection, site)
    connection.executemany(
        "INSERT INTO expectation (site_id, role, facts) VALUES (?,?,?)",
        [(site, role, facts) for role, facts in sorted(known.expected.items())],
    )
    write_suggestions(connection)
    index_site(connection, site)
    return Derived(site, counts[0], counts[1], len(changes), drift, tuple(sorted(also)))


def _write_presences(connection: sqlite3.Connection, site: str, role: str, found: Iterable[Presence]) -> None:
    connection.executemany(
        _INSERT_PRESENCE,
        [
            (
                site,
                p.page_key,
                role,
                p.subject.key,
                p.subject.value,
                p.subject.organisation,
                p.subject.beneficiary,
                p.subject.fact_id,
                p.state,
                p.absent.at if p.absent else None,
                p.first.at,
                p.last.at,
                p.gone.at if p.gone else None,
                p.sightings,
                p.absent.capture_id if p.absent else None,
                p.first.capture_id,
                p.last.capture_id,
                p.gone.capture_id if p.gone else None,
                p.subject.kind,
                p.subject.year,
                " ".join(p.subject.decided_by) or None,
            )
            for p in found
        ],
    )


def _write_logos(connection: sqlite3.Connection, site: str, role: str, runs: Iterable[LogoRun]) -> None:
    for run in runs:
        logo = connection.execute(
            _INSERT_LOGO,
            (
                site,
                run.page_key,
                role,
                run.subject,
                run.organisation,
                run.files[0].image.payload_id,
                run.first.capture_id,
                run.last.capture_id,
                run.first.at,
                run.last.at,
            ),
        ).lastrowid
        connection.executemany(
            _INSERT_LOGO_FILE,
            [
                (
                    logo,
                    file.image.payload_id,
                    file.first.capture_id,
                    file.last.capture_id,
                    file.first.at,
                    file.last.at,
                )
                for file in run.files
            ],
        )


def _write_changes(connection: sqlite3.Connection, site: str, changes: Iterable[Change]) -> None:
    connection.executemany(
        _INSERT_CHANGE,
        [
            (
                site,
                change.later.crawl,
                change.page_key,
                change.role,
                change.kind,
                change.subject,
                change.organisation,
                change.before,
                change.after,
                change.earlier.at,
                change.later.at,
                change.earlier.capture_id,
                change.later.capture_id,
            )
            for change in sorted(changes, key=lambda c: (c.later, c.page_key, c.role or "", c.kind, c.subject))
        ],
    )
