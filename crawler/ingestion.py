"""`bewaar ingest`: files that others wrote become part of the archive, and their captures rows beside ours.

First every file is looked at, then all are taken in, then they are read, as many at a time as there are cores, then
the history of the sites they touch is derived. Killed anywhere, the next one goes on: what was taken in is read, what
was read is not read again, what was not derived is.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import BewaarError, WrongUse
from archive.intake import How, Intake, suffix_of
from archive.layout import Archive, check_site_name, readable
from archive.store import Store
from archive.store.places import sites_beside
from archive.warc.reader import INSIDE
from archive.warc.verify import warc_files
from archive.written import record_written
from crawler.attribution import Sites
from crawler.files import Ingested
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.pending import Pending
from crawler.rebuild import SECOND_LOOK, in_order, ingest_all, rebuild
from crawler.sites.profile import Profile

#: how often somebody who waits is told that we are alive
TICK_S = 0.2
#: what a WACZ of ours calls the file of the originals it was packed with
ORIGINALS = "originals.warc.gz"
_ZSTD = ".warc.zst"


@dataclass(slots=True)
class Outcome:
    #: what the files that were named are called in ``warcs/``
    names: dict[str, str] = field(default_factory=dict)
    #: of these, those that were there already
    known: list[str] = field(default_factory=list)
    captures: int = 0
    damage: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    #: all rows were derived again: a file came that tells how files that were read before it must be read
    rebuilt: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how it goes; in the thread that waits."""

    #: how many bytes there are to be read
    begin: Callable[[int], None] = lambda _: None
    #: a line for a person
    say: Callable[[str], None] = lambda _: None
    #: file in ``warcs/`` and how far it is read, bytes
    at: Callable[[str, int], None] = lambda _, __: None
    done: Callable[[Ingested], None] = lambda _: None


def ingest(
    root: Path,
    paths: Sequence[Path],
    *,
    how: How = "any",
    site: str | None = None,
    watch: Watch | None = None,
    processes: int | None = None,
) -> Outcome:
    """Take the files at *paths*, and those in the directories among them, into the archive at *root*.

    *site*: whose captures they are, in place of a site for each host. Raises WrongUse before anything is changed,
    ArchiveFault or DiskFull; what was kept is whole then, and the next call goes on.
    """
    watch = watch or Watch()
    # Of a directory, too: what is passed over in silence is taken for kept.
    packed = (
        found
        for path in paths
        if path.is_dir()
        for found in sorted(path.rglob("*"))
        if found.name.lower().endswith(_ZSTD)
    )
    files = list(dict.fromkeys([*warc_files(paths), *packed]))
    if not files:
        raise WrongUse(f"{', '.join(map(str, paths))[:200]}: no WARC, ARC or WACZ file here")
    for path in files:
        suffix_of(path)
    if site is not None:
        check_site_name(site)
    there = Archive.find(root)
    Sites(there or Archive(root=root)).profile_of("")  # a profile that is none is told now
    if there and there.database.exists():
        open_store(there).close()  # one that is none is told now
    archive = Archive.create(root)
    archive.check_writable()
    record_written(archive)
    outcome = Outcome()
    pending = Pending(archive)
    with Intake(archive) as intake:
        for path in files:
            taken = intake.take(path, how=how, site=site)
            outcome.names[name := readable(str(path))] = taken.file
            if not taken.new:
                outcome.known.append(name)
                watch.say(f"{name}: is in the archive already, as {taken.file}")
    record_written(archive)
    renamed = {path.name for path in files if path.parent.resolve() == archive.warcs.resolve() and not path.exists()}
    read_files(archive, pending, archive.kept(), outcome, watch, processes=processes, renamed=renamed)
    return outcome


def read_files(
    archive: Archive,
    pending: Pending,
    files: Collection[Path],
    outcome: Outcome,
    watch: Watch,
    *,
    processes: int | None = None,
    renamed: Collection[str] = (),
) -> None:
    """Write the rows of those among *files* that have none, and derive the history of the sites they touch, and of
    those that an earlier call was ended before. *renamed*: names in ``warcs/`` that are gone, of which there may be
    rows."""
    with open_store(archive) as store:
        held = store.sealed_files()
        unread = [path for path in in_order(archive) if path.name not in held and path in set(files)]
        again = bool(held.intersection(renamed)) or _changes_what_was_read(Ingests(archive, store), store, unread)
    pending.add(path.name for path in unread)
    if not pending.names:
        return

    def done(ingested: Ingested) -> None:
        # A person knows the file by the name it had.
        name = next((path for path, file in outcome.names.items() if file == ingested.file), ingested.file)
        damage = tuple(what.replace(ingested.file, name, 1) for what in ingested.damage)
        outcome.captures += ingested.captures
        outcome.damage += damage
        watch.done(Ingested(name, ingested.captures, damage))

    watch.begin(sum(path.stat().st_size for path in unread))
    _read_side_by_side(archive, _shares(archive, unread, processes or os.cpu_count() or 1), done, watch)
    if again:
        watch.say("a file came that tells how files before it must be read: all rows are derived again")
        rebuild(archive).close()
        outcome.rebuilt = True
    else:
        with open_store(archive) as store:
            are_waiting = Ingests(archive, store).has_waiting()
        if are_waiting:
            # In a process of its own, which takes a second to begin.
            ingest_all(archive, archive.database, [SECOND_LOOK], lambda _: None)
        with open_store(archive) as store:
            outcome.sites = sites_beside(store.db.conn, pending.names)
            store.load_decisions(archive.decisions)
            Ingests(archive, store).derive(outcome.sites)
    pending.clear()


def open_store(archive: Archive) -> Store:
    """To write, with the schema of today."""
    return Store(archive.database, KINDS, write_lock=archive.lock_database)


def _shares(archive: Archive, files: Sequence[Path], processes: int) -> list[list[Path]]:
    """What each process reads: as much as the others, and of one crawl of ours all, in order."""
    crawls: dict[str, str] = {}
    with open_store(archive) as store:
        for opening in Ingests(archive, store).openings():
            crawls.setdefault(opening.file.partition(INSIDE)[0], opening.crawl)
    groups: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files:
        groups[crawls.get(path.name, path.name)].append(path)
    sized = sorted(((sum(path.stat().st_size for path in group), group) for group in groups.values()), key=_size)
    shares: list[tuple[int, list[Path]]] = [(0, []) for _ in range(min(processes, len(groups)))]
    for size, group in reversed(sized):
        least = min(range(len(shares)), key=lambda n: shares[n][0])
        shares[least] = (shares[least][0] + size, shares[least][1] + group)
    return [share for _, share in shares]


def _size(group: tuple[int, list[Path]]) -> int:
    return group[0]


def _read_side_by_side(
    archive: Archive, shares: Sequence[list[Path]], done: Callable[[Ingested], None], watch: Watch
) -> None:
    """Raises the first error that ends one of them, when all have ended."""
    told: queue.Queue[Ingested | tuple[str, int] | BaseException | None] = queue.Queue()
    stop = threading.Event()

    def alive() -> None:
        if stop.is_set():
            raise _Stopped

    def read(share: list[Path]) -> None:
        try:
            ingest_all(
                archive, archive.database, share, told.put, alive=alive, at=lambda file, at: told.put((file, at))
            )
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            told.put(error)
        finally:
            told.put(None)

    threads = [threading.Thread(target=read, args=(share,), daemon=True) for share in shares]
    failed: BaseException | None = None
    left = len(threads)
    try:
        for thread in threads:
            thread.start()
        while left:
            with suppress(queue.Empty):
                match told.get(timeout=TICK_S):
                    case None:
                        left -= 1
                    case Ingested() as ingested:
                        done(ingested)
                    case BaseException() as error:
                        failed = failed or error
                        stop.set()
                    case (file, offset):
                        watch.at(file, offset)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failed:
        raise failed


class _Stopped(BewaarError):
    """Another process met an error, or Ctrl-C came."""


def _changes_what_was_read(ingests: Ingests, store: Store, new: Sequence[Path]) -> bool:
    """Whether a file among *new* records the profile that rows of its crawl, which are there, should have been read
    with; or rows that are there judge the others, as those of seeds do."""
    names = {path.name for path in new}
    for crawl_id in sorted({o.crawl for o in ingests.openings() if o.file.partition(INSIDE)[0] in names}):
        held = store.db.conn.execute(
            "SELECT DISTINCT w.path, w.name FROM capture c JOIN warc w ON w.id = c.warc_id WHERE c.crawl_id = ?",
            (crawl_id,),
        ).fetchall()
        held = [(path, name) for path, name in held if path.partition(INSIDE)[0] not in names]
        if not held:
            continue
        profiles = ingests.profiles_of(crawl_id, crawl_id.rpartition("-")[0])
        before = [found for found in profiles if found[1].partition(INSIDE)[0] not in names]
        if any(found.expect.text or found.expect.cms for _, _, found in profiles):
            return True
        if any(_in_force(before, name) != _in_force(profiles, name) for _, name in held):
            return True
    return False


def _in_force(profiles: Iterable[tuple[str, str, Profile]], name: str) -> str | None:
    """The digest of the profile that a file of that name is read with."""
    # Originals packed along in a WACZ of ours are of many files.
    digests = [profile.digest for label, _, profile in profiles if label <= name or name == ORIGINALS]
    return digests[-1] if digests else None
