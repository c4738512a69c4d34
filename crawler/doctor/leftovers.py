"""What processes left behind that were killed: nothing of it is lost, and the next crawl repairs most."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from shlex import quote

from archive.databases import damage_of, read_only_uri
from archive.errors import BewaarError
from archive.layout import FROM, Archive
from archive.store.places import sealed_in
from crawler.doctor.finding import SHOWN, Finding, judge, some
from crawler.pending import read_pending
from crawler.sites.profile_files import list_profiles

AREA = "archive"
_RECOVER_AGAIN = "the same `bewaar recover`, once more"
#: a file half written has the number of its writer's process behind it, or .tmp
_DRAFT = re.compile(r"\..+\.(\d+|tmp)")


def examine_leftovers(archive: Archive) -> Iterator[Finding]:
    root = quote(str(archive.root))
    locks = {path.name.removesuffix(".lock"): path for path in sorted(archive.state.glob("*.lock"))}
    running = {site for site in locks if _is_held(archive, site)}
    stale = [site for site, path in locks.items() if site not in running and _names_process(path)]
    said = f"{', '.join(stale[:SHOWN])}: of a process that was killed; the next crawl takes it over" if stale else ""
    frontiers = {path.name.removesuffix(".frontier.db"): path for path in sorted(archive.state.glob("*.frontier.db"))}
    profiles = {file.name for file in list_profiles(archive)}
    crawls = {site: _crawl(site, path) for site, path in frontiers.items() if site not in profiles}
    crawl = _again(stale, crawls, root)
    yield judge(AREA, "locks", f"{len(running)} held", warning=said, mend=crawl)
    crawled = tuple(f"{site}-" for site in running)
    left = [path for path in sorted(archive.warcs.glob("*.open")) if not path.name.startswith(crawled)]
    said = f"{some(left)}: its crawl was cut short; the next one repairs it" if left else ""
    cut_short = [site for site in frontiers if any(path.name.startswith(f"{site}-") for path in left)]
    mend = f"bewaar due --archive {root}"
    if cut_short or all(path.name.startswith(FROM) for path in left):
        mend = _again(cut_short, crawls, root)
    yield judge(AREA, "WARC files left open", "none", warning=said, mend=mend)
    drafts = list(_drafts(archive))
    said = f"{some(drafts)}: whoever wrote it was cut short" if drafts else ""
    remove = f"rm -r {' '.join(quote(str(path)) for path in drafts)}"
    yield judge(AREA, "files half written", "none", warning=said, mend=remove)
    yield _damaged(archive, running, root)
    waiting = [site for site, path in frontiers.items() if site not in running and _is_unfinished(path)]
    said = f"{', '.join(waiting[:SHOWN])}: goes on where it was" if waiting else ""
    crawl = _again(waiting, crawls, root)
    yield judge(AREA, "unfinished crawls", "none", warning=said, mend=crawl)
    unread = _unread(archive)
    said = f"{some(unread)}: taken in by one that was cut short, and not in all rows yet" if unread else ""
    ingest = f"bewaar ingest {quote(str(unread[0]))} --archive {root}" if unread else ""
    yield judge(AREA, "unfinished ingests", "none", warning=said, mend=ingest)


def _damaged(archive: Archive, running: set[str], root: str) -> Finding:
    """Frontiers that are no whole databases; those in use are left to who uses them. Every page of them is read."""
    found: list[str] = []
    mends: dict[str, None] = {}
    read = 0
    for path in (*sorted(archive.state.glob("*.frontier.db")), *sorted(archive.state.glob("*.recovery.db"))):
        if (site := path.name.partition(".")[0]) in running:
            continue
        read += 1
        try:
            with closing(sqlite3.connect(read_only_uri(path), uri=True)) as db:
                damage = damage_of(db)
        except sqlite3.Error as error:
            damage = [str(error)]
        if damage and path.name.endswith(".frontier.db"):
            found.append(f"{path.name}: {damage[0]}: the next crawl puts it aside and begins anew; its WARC files stay")
            mends[f"bewaar crawl {site} --archive {root}"] = None
        elif damage:
            found.append(f"{path.name}: {damage[0]}: the next recovery puts it aside; its WARC files stay")
            mends[f"the bewaar recover of {site} again"] = None
    mend = "; ".join(list(mends)[:SHOWN])
    return judge(AREA, "frontiers", f"{read}, all whole", problem="; ".join(found[:SHOWN]), mend=mend)


def _again(sites: list[str], crawls: dict[str, str], root: str) -> str:
    """The commands that crawl *sites*: in one those that have a profile, each of the others by *crawls*. What asked
    another archive is no site: only who began it knows what it asked."""
    sites = [site for site in sites if not site.startswith(FROM)]
    named = [" ".join(site for site in sites if site not in crawls)]
    asked = [*filter(None, named), *(crawls[site] for site in sites if site in crawls)]
    return " && ".join(f"bewaar crawl {what} --archive {root}" for what in asked) or _RECOVER_AGAIN


def _crawl(site: str, frontier: Path) -> str:
    """What `bewaar crawl` is given for a site without a profile: the URLs and scope its crawl began with."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(read_only_uri(frontier), uri=True)) as db:
        row = db.execute("SELECT asked FROM crawl ORDER BY rowid DESC LIMIT 1").fetchone()
        scope, _, urls = (row[0] if row else "").partition(" of ")
        if urls:
            return f"{' '.join(map(quote, urls.split()))} --scope {scope}"
    return site


def _is_held(archive: Archive, site: str) -> bool:
    try:
        return archive.holder_of(site) is not None
    except BewaarError:
        return False  # the lock of something else


def _names_process(lock: Path) -> bool:
    try:
        return lock.read_bytes()[:4] == b"pid "
    except OSError:
        return False


def _drafts(archive: Archive) -> Iterator[Path]:
    for folder in (archive.root, archive.state, archive.warcs, archive.decisions):
        for path in sorted(folder.glob(".*")):
            if (found := _DRAFT.fullmatch(path.name)) and not _is_alive(found[1]):
                yield path


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (ValueError, OSError, OverflowError):
        return False
    return True


def _unread(archive: Archive) -> list[Path]:
    """Files of others whose rows, or the history of whose sites, nobody wrote or is writing; none where no database can
    tell."""
    held = sealed_in(archive.database)
    waiting, is_going_on = read_pending(archive)
    if held is None or is_going_on or _is_taken_in(archive):
        return []
    return [path for path in archive.kept() if path.name in waiting or path.name not in held]


def _is_taken_in(archive: Archive) -> bool:
    with suppress(FileNotFoundError), archive.intake_lock.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_unfinished(frontier: Path) -> bool:
    with suppress(sqlite3.Error), closing(sqlite3.connect(read_only_uri(frontier), uri=True)) as db:
        return bool(db.execute("SELECT 1 FROM crawl WHERE NOT finished LIMIT 1").fetchone())
    return False
