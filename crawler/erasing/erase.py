"""`bewaar erase`: what an order names is destroyed in every file of the archive, and the database derived without it.

First everything is read, and what would go is told; then the journal says so on the medium; then one file after the
other is replaced; then what else in the directory holds copies goes; last the rows are derived again. Killed anywhere,
nobody opens the archive until the next `bewaar erase` has gone on from there.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from archive import times
from archive.erasure import journal as journals
from archive.erasure.files import rewrite_files
from archive.erasure.journal import Journal
from archive.erasure.order import Order
from archive.erasure.readable import still_linked, still_read
from archive.erasure.remains import Remains, derived, mark_signatures, sweep
from archive.erasure.selection import Selection, select
from archive.errors import Locked, WrongUse
from archive.faults import fault
from archive.intake import files_of
from archive.layout import Archive
from archive.locks import lock_file
from archive.manifest import missing_warcs
from archive.recovery import repair
from archive.store import decisions
from archive.written import record_written
from crawler.rebuild import rebuild

#: PREMIS event types: a part of a file was taken out; a file was
REDACTION, DELETION = "redaction", "deletion"
_LOCK = "erasure.lock"
#: what else has a lock of its own
_NO_SITES = {"intake", "erasure", "due"}
_BUSY_S = 60.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    erasure: str
    files: list[str] = field(default_factory=list)
    records: int = 0
    masked: int = 0
    remains: Remains = field(default_factory=Remains)
    #: signatures of the manifest that hold no more
    signatures: list[str] = field(default_factory=list)


def plan(archive: Archive, order: Order, say: Say = lambda _: None) -> Selection:
    """What *order* is about: nothing is changed. Raises WrongUse."""
    named = {path.name for path in files_of(archive, order.site)} if order.site else None
    files = [*archive.sealed_warcs(), *archive.arcs(), *archive.waczs()]
    for name in missing_warcs(archive.root):
        say(f"{name}: the manifest names it, and it is not there: nobody can tell what it holds")
    return select(order, files, lambda path: named is None or path.name in named)


def would_go(archive: Archive, selection: Selection) -> list[str]:
    """What in ``exports/`` and ``reports/`` goes with it."""
    return derived(archive, {one.record_id for one in selection.erased})


def read_elsewhere(archive: Archive, order: Order, selection: Selection) -> list[str]:
    """Where the texts are read and no record of that address goes: markup cuts them, or a spelling hides them."""
    going = {one.url for one in selection.erased}
    return [f"{kind} of {url}" for kind, url in still_read(archive.database, order.texts) if url not in going]


def erase(archive: Archive, order: Order, selection: Selection, say: Say = lambda _: None) -> Outcome:
    """Do it, held by `holding` since before *selection* was made. Raises ArchiveFault, after which `finish` goes on."""
    erasure, at = str(uuid.uuid4()), times.warc_date(times.now())
    record_written(archive)
    return _run(archive, journals.begin(archive, order, selection, erasure=erasure, at=at), say)


def finish(archive: Archive, say: Say = lambda _: None) -> Outcome | None:
    """Go on with what was stopped, held by `holding`; None where nothing was."""
    if not archive.is_erasing:
        return None
    journal = journals.read(archive)
    if journal is None:
        journals.end(archive)
        return None
    return _run(archive, journal, say)


@contextmanager
def holding(archive: Archive) -> Iterator[None]:
    """Nobody else erases, crawls, or takes files in. Raises Locked."""
    archive.check_writable()
    archive.make_folders()
    with ExitStack() as held:
        descriptor = held.enter_context(lock_file(archive.state / _LOCK))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(f"{archive.root}: another process erases something there") from error
        # No site's name has a dot, as those of databases that are locked; some have a lock and no profile.
        locks = {path.stem for path in archive.state.glob("*.lock") if "." not in path.stem} - _NO_SITES
        for site in sorted({path.stem for path in archive.sites.glob("*.toml")} | locks):
            held.enter_context(archive.lock_site(site))
        held.enter_context(archive.lock_intake())
        yield


def make_whole(archive: Archive) -> None:
    """Seal what a killed crawl left: what it holds is looked through too. Raises WrongUse while a crawl writes."""
    repair(archive)
    check_whole(archive)


def check_whole(archive: Archive) -> None:
    """Raises WrongUse while a crawl writes, or left what is not made whole yet."""
    if left := sorted(path.name for path in archive.warcs.glob("*.open")):
        raise WrongUse(
            f"{left[0]} is being written by a crawl, or was left by one that was killed: erase when it has ended; "
            "what was left the next `bewaar crawl` or `bewaar rebuild` seals"
        )


def _run(archive: Archive, journal: Journal, say: Say) -> Outcome:
    fates = [fate for one in journal.files.values() for rows in one.fates.values() for _, _, fate in rows]
    outcome = Outcome(journal.erasure, sorted(journal.files), fates.count("erase"), fates.count("mask"))
    try:
        outcome.signatures = mark_signatures(archive, journal)
        _decide(archive, journal)
        linked = rewrite_files(archive, journal, say)
        outcome.remains = sweep(archive, journal)
        outcome.remains.told[:0] = linked
        _tell(archive, journal, outcome)
        record_written(archive)
        if archive.database.exists():
            say("the database is derived again, without it")
            rebuild(archive).close()
            _scrub(archive.database)
            outcome.remains.told += [
                f"{kind} of {url} can still be read with it: markup cuts it, or it is spelled otherwise; erase it"
                for kind, url in still_read(archive.database, journal.order.texts)
            ]
            outcome.remains.told += [
                f"{url} links to an address that must not be told, so the rows name it: erase that page too"
                for url in (
                    still_linked(archive.database, journal.urls, journal.order.prefixes) if journal.urls else ()
                )
            ]
        journals.end(archive)
    except OSError as error:
        raise fault(Path(error.filename or archive.root), error) from error
    return outcome


def _decide(archive: Archive, journal: Journal) -> None:
    """Once, however often it is begun again."""
    if any(line.get("id") == journal.erasure for _, line in decisions.read_lines(archive.decisions)):
        return
    order = journal.order
    decisions.append_decision(
        archive.decisions / decisions.FILE,
        who=order.who,
        action="erase",
        scope=order.scope,
        value=order.reference,
        why=order.reason,
        made_at=times.captured_at(journal.at),
        decision_id=journal.erasure,
    )


def _tell(archive: Archive, journal: Journal, outcome: Outcome) -> None:
    """An event for each file, on the medium before the journal goes; a file that was told of is not told again."""
    path = archive.decisions / decisions.EVENTS
    told = {
        (line["type"], line["object"])
        for _, line in decisions.read_lines(archive.decisions)
        if "type" in line and journal.erasure in str(line.get("detail"))
    }
    agent = {"erasure": journal.erasure, "by": journal.order.who}
    for name, one in sorted(journal.files.items()):
        rows = [row for rows in one.fates.values() for row in rows]
        said = agent | {
            "sha256_before": one.before,
            "sha256_after": one.after,
            "erased": sorted(record_id for _, record_id, fate in rows if fate == "erase"),
            "masked": sorted(record_id for _, record_id, fate in rows if fate == "mask"),
        }
        _append(path, REDACTION, f"warcs/{name}", said, told)
    for name in outcome.remains.removed:
        _append(path, DELETION, name, agent, told)
    for name in outcome.remains.masked:
        _append(path, REDACTION, name, agent, told)


def _append(path: Path, type_: str, object_: str, said: Mapping[str, object], told: set[tuple[str, str]]) -> None:
    if (type_, object_) not in told:
        decisions.append_event(path, type_=type_, object_=object_, outcome="success", detail=json.dumps(said))


def _scrub(database: Path) -> None:
    """The pages of before are written over; the log of them is emptied. Raises WrongUse while somebody reads them."""
    with closing(sqlite3.connect(database, timeout=_BUSY_S, isolation_level=None)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    wal = database.with_name(f"{database.name}-wal")
    if busy or (wal.exists() and wal.stat().st_size):
        raise WrongUse(
            f"{database}: somebody reads it, and keeps its old pages: stop what serves it, then `bewaar erase --finish`"
        )
