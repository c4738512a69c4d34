"""The archive's directory: format, folders, permissions, what crawls left, manifest, database, profiles, decisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shlex import quote

from archive.counted import counted
from archive.databases import damage_of, read_only_uri
from archive.errors import BewaarError, NotAnArchive, OlderSchema
from archive.fixity import past_audits
from archive.founding import MARKER, SITES, is_headless
from archive.layout import FORMAT, Archive
from archive.manifest import read_manifest
from archive.store import open_read_only
from archive.store.decisions import read_lines
from crawler.doctor.finding import SHOWN, Finding, judge, some
from crawler.doctor.leftovers import examine_leftovers
from crawler.sites.profile_files import list_profiles, read_profile

AREA = "archive"
_MEND_LINE = "mend that line, or take the file out of a backup"
_NOT_SEALED = (".open", ".torn", "-wal", "-shm")


def open_archive(root: Path) -> tuple[Archive | None, Finding]:
    """None where it cannot be read; one to be made, of which somebody has written the profiles, is one."""
    try:
        found = Archive.find(root, erasing=True)
    except NotAnArchive as fault:
        newer = "newer than this version" in str(fault)
        mend = "install a newer Bewaar" if newer else f"mend {root / MARKER}, or take it out of a backup"
        return None, Finding(AREA, "format", "problem", str(fault), mend)
    if is_headless(root):
        said = f"{root}: its {MARKER} is gone: nothing opens the archive"
        mend = f"take it out of a backup, or: bewaar init --archive {quote(str(root))}"
        return found, Finding(AREA, "format", "problem", said, mend)
    if found is None:
        there = any(root.iterdir()) if root.is_dir() else False
        said = f"{root}: {'holds other things, and is no archive' if there else 'no archive yet'}"
        place = "bewaar init --archive with a directory of its own" if there else ""
        return None, Finding(AREA, "format", "warning", said, place or f"bewaar init --archive {quote(str(root))}")
    return found, Finding(AREA, "format", "ok", f"{root}: version {FORMAT}")


def examine_holdings(archive: Archive) -> Iterator[Finding]:
    root = quote(str(archive.root))
    said = "stopped in the middle, or going on now: nothing else opens the archive" if archive.is_erasing else ""
    yield judge(AREA, "erasure", "none going on", problem=said, mend=f"bewaar erase --finish --archive {root}")
    missing = [name for name in ("warcs", SITES, "decisions", "state") if not (archive.root / name).is_dir()]
    said = f"missing: {', '.join(missing)}" if missing else ""
    mend = f"mkdir -p {' '.join(quote(str(archive.root / name)) for name in missing)}"
    yield judge(AREA, "folders", "all there", warning=said, mend=mend)
    said = "" if archive.writable else "read-only here: nothing can be crawled"
    yield judge(AREA, "writable", "yes", warning=said, mend=f"as its owner, or: mount -o remount,rw {root}")
    if archive.state.is_dir():
        yield from _permissions(archive, root)
        yield from examine_leftovers(archive)
    yield _manifest(archive)
    yield _audit(archive, root)
    yield from _database(archive, root)
    yield _profiles(archive, root)
    yield _decisions(archive)


def _permissions(archive: Archive, root: str) -> Iterator[Finding]:
    mode = archive.state.stat().st_mode & 0o777
    said = f"mode {mode:03o}: others can read what profiles hide" if mode & 0o077 else ""
    mend = f"chmod 700 {quote(str(archive.state))}"
    yield judge(AREA, "state/ is for its owner alone", "yes", problem=said, mend=mend)
    owner = archive.root.stat().st_uid
    files = (archive.database, *archive.state.glob("*"), *archive.warcs.glob("*"))
    others = [path for path in files if _owner(path) not in {owner, None}]
    said = f"{some(others)}: not of user {owner}, whose the archive is" if others else ""
    yield judge(AREA, "one owner", f"user {owner}", warning=said, mend=f"chown -R --reference={root} {root}")


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _manifest(archive: Archive) -> Finding:
    """By names; the digests are for `bewaar audit`."""
    try:
        known = {name for name in read_manifest(archive.root) if name.startswith("warcs/")}
    except BewaarError as fault:
        return Finding(AREA, "manifest", "problem", str(fault), f"bewaar verify --archive {quote(str(archive.root))}")
    there = {f"warcs/{path.name}" for path in archive.warcs.glob("[!.]*") if not path.name.endswith(_NOT_SEALED)}
    gone, foreign = sorted(known - there), sorted(there - known)
    wrong = [f"{counted(file=len(gone))} missing, such as {gone[0]}"] if gone else []
    such = ascii(foreign[0])[1:-1] if foreign else ""
    if foreign:
        wrong.append(f"{counted(file=len(foreign))} that it does not name, such as {such}{_crawl(archive, foreign[0])}")
    lost = "" if known or not foreign else "all lines of WARC files are gone; "
    mend = (
        "take them out of a backup: docs/runbooks.md"
        if gone
        else f"the manifest out of a backup, or bewaar audit --all --restore-lines --archive {quote(str(archive.root))}"
        if lost
        else f"bewaar ingest the file, or move it away: {such}"
    )
    return judge(AREA, "manifest", f"{counted(file=len(known))}, all there", problem=lost + "; ".join(wrong), mend=mend)


def _crawl(archive: Archive, name: str) -> str:
    from archive.warc.foreign import crawl_of

    crawl = crawl_of(archive.root / name)
    return f", by its own words of the crawl {crawl}" if crawl else ""


def _audit(archive: Archive, root: str) -> Finding:
    try:
        past = past_audits(archive)
    except BewaarError as fault:
        return Finding(AREA, "audit", "problem", str(fault), _MEND_LINE)
    wrong = [f"{file}: {what}" for file, what in sorted(past.wrong.items())]
    said = f"last {past.last:%Y-%m-%d %H:%M} UTC" if past.last else "never yet"
    never = "never yet, and there are files to read" if not past.last and archive.sealed_warcs() else ""
    mend = f"bewaar audit --archive {root}"
    if wrong:
        mend = f"docs/runbooks.md (a file is damaged), then: bewaar audit --all --archive {root}"
    return judge(AREA, "audit", said, problem="; ".join(wrong[:SHOWN]), warning=never, mend=mend)


def _database(archive: Archive, root: str) -> Iterator[Finding]:
    mend = f"bewaar rebuild --archive {root}"
    if not archive.database.exists():
        lacking = "none: nothing that was kept can be looked at" if archive.sealed_warcs() else ""
        yield judge(AREA, "database", "none yet", warning=lacking, mend=mend)
        return
    try:
        with closing(sqlite3.connect(read_only_uri(archive.database), uri=True)) as db:
            damage = damage_of(db)
        yield judge(AREA, "database", "whole", problem="; ".join(damage[:SHOWN]), mend=mend)
        if not damage:
            open_read_only(archive.database).close()
            yield Finding(AREA, "schema of the database", "ok", "that of this version")
    except OlderSchema as fault:
        yield Finding(AREA, "schema of the database", "warning", str(fault), mend)
    except NotAnArchive as fault:
        mend = "install a newer Bewaar" if "is newer" in str(fault) else mend
        yield Finding(AREA, "schema of the database", "problem", str(fault), mend)
    except sqlite3.Error as error:
        yield Finding(AREA, "database", "problem", f"{archive.database}: {error}", mend)


def _profiles(archive: Archive, root: str) -> Finding:
    bad, own = [], [file.path for file in list_profiles(archive) if not file.shipped]
    for path in own:
        try:
            read_profile(path)
        except BewaarError as fault:
            bad.append(str(fault))
    mend = f"bewaar sites check --archive {root}"
    return judge(AREA, "profiles", f"{len(own)}, all can be read", problem="; ".join(bad[:SHOWN]), mend=mend)


def _decisions(archive: Archive) -> Finding:
    count = 0
    try:
        for count, _ in enumerate(read_lines(archive.decisions, to_show=True), 1):  # noqa: B007
            pass
    except BewaarError as fault:
        return Finding(AREA, "decisions", "problem", str(fault), _MEND_LINE)
    return Finding(AREA, "decisions", "ok", f"{counted(line=count)}, all can be read")
