"""What else in the archive's directory may hold what was erased: copies that are made again go, what people wrote is
masked, and what only they can decide is told."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive.databases import is_sqlite
from archive.digests import sha256
from archive.erasure.journal import Journal, wipe
from archive.erasure.needles import Needles
from archive.erasure.order import targets_of
from archive.errors import BadRecord
from archive.layout import Archive
from archive.manifest import NAME as MANIFEST
from archive.manifest import renew_in_manifest
from archive.times import NO_DATE
from archive.warc.reader import read_records
from archive.warc.rules import shown
from archive.warc.tombstones import is_tombstone
from archive.whole import flush_names

_SITE = re.compile(r"(.+)-\d{17}-\d{5,}-")
_PACKED = (".wacz", ".warc.gz", ".warc")
_BAG = "bagit.txt"


@dataclass(slots=True)
class Remains:
    #: paths in the archive
    removed: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    #: lines for a person: what has to be seen to by hand
    told: list[str] = field(default_factory=list)


def sweep(archive: Archive, journal: Journal) -> Remains:
    """Repeatable. Raises OSError; archive.db itself is derived anew by whoever can."""
    needles, done = Needles(journal.order.texts, journal.urls), Remains()
    for path in (*_copies(archive), *_torn(archive, journal), *_derived(archive, journal.record_ids)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            _remove(path)
        done.removed.append(path.relative_to(archive.root).as_posix())
    _sweep_pages(archive, journal, needles, done)
    _sweep_state(archive, needles, done)
    _sweep_written(archive, needles, done)
    return done


def derived(archive: Archive, ids: set[str]) -> list[str]:
    """What in ``exports/`` and ``reports/`` goes, for a person to be told before."""
    return [path.relative_to(archive.root).as_posix() for path in _derived(archive, ids)]


def mark_signatures(archive: Archive, journal: Journal) -> list[str]:
    """Signatures and time stamps that somebody made of the manifest, by the name beside it, do not hold for the one
    that comes: they are kept with the manifest they were made of, under a name that says so. To be called before it
    changes; repeatable."""
    marked = f"before-{journal.erasure[:8]}"
    beside = [path for path in sorted(archive.root.glob(f"{MANIFEST}.*")) if ".before-" not in path.name]
    if not beside:
        return []
    kept = archive.root / f"{MANIFEST}.{marked}"
    if not kept.exists():
        draft = archive.root / f".{MANIFEST}.{marked}"
        shutil.copyfile(archive.root / MANIFEST, draft)
        draft.replace(kept)
    for path in beside:
        path.rename(archive.root / f"{MANIFEST}.{marked}{path.name.removeprefix(MANIFEST)}")
    flush_names(archive.root)
    return [path.name for path in beside]


def _copies(archive: Archive) -> Iterator[Path]:
    """Of the database and its parts; what killed processes left."""
    for folder, patterns in (
        (archive.root, ("archive.db.*.damaged", "archive.db.*.not-a-database", "public.db*", ".public.db.part*")),
        (
            archive.state,
            ("served.db*", ".served.db.part*", "thumbnails/*/*", "rebuild-*", "replay/index.cdxj*", ".erasure.json.*"),
        ),
        (archive.warcs, (".intake", ".member-*", ".*.part", ".*.erasing", ".*.backup-draft")),
    ):
        for pattern in patterns:
            yield from sorted(folder.glob(pattern))


def _torn(archive: Archive, journal: Journal) -> Iterator[Path]:
    """Tails that a kill cut off: nobody can tell what stands in half a record."""
    sites = {found[1] for name in journal.files if (found := _SITE.match(name))}
    for path in sorted(archive.warcs.glob("*.torn")):
        if (found := _SITE.match(path.name)) and found[1] in sites:
            yield path


def _derived(archive: Archive, ids: set[str]) -> Iterator[Path]:
    """All of it is made of rows and records, in forms nobody can look through; only packages that hold nothing of what
    goes stay."""
    for folder in (archive.exports, archive.reports):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.is_dir() and (path / _BAG).is_file():
                packed = sorted(found for found in (path / "data").rglob("*") if found.is_file())
                stays = not any(_may_hold(found, ids) for found in packed if found.name.endswith(_PACKED))
            else:
                stays = path.is_file() and path.name.endswith(_PACKED) and not _may_hold(path, ids)
            if not stays:
                yield path


def _may_hold(path: Path, ids: set[str]) -> bool:
    try:
        return any(record.id in ids and not is_tombstone(record) for record in read_records(path))
    except (BadRecord, OSError):
        return True


def _sweep_pages(archive: Archive, journal: Journal, needles: Needles, done: Remains) -> None:
    """Golden pages are copies of bodies."""
    targets = targets_of(journal.order)
    for page in sorted(archive.pages.glob("*/*/page.html")):
        data, url = page.read_bytes(), ""
        with suppress(OSError, ValueError, AttributeError):
            url = str(json.loads((page.parent / "page.json").read_bytes()).get("url", ""))
        holds = sha256(data) in journal.digests or needles.is_in([data])
        if holds or any(target.covers(url, target.rule.since or NO_DATE) for target in targets if url):
            for path in page.parent.iterdir():
                _remove(path)
            page.parent.rmdir()
            done.removed.append(page.parent.relative_to(archive.root).as_posix())


def _sweep_state(archive: Archive, needles: Needles, done: Remains) -> None:
    if not needles:
        return
    for path in sorted(found for found in archive.state.rglob("*") if found.is_file() and not found.is_symlink()):
        if path.parent == archive.state and path.name.startswith("erasure"):
            continue
        if not path.exists() or not _holds(path, needles):
            continue
        main = path.with_name(re.sub(r"-(wal|shm|journal)$", "", path.name))
        relative = main.relative_to(archive.root).as_posix()
        if main != path or is_sqlite(path):
            for one in (main, *(main.with_name(f"{main.name}{end}") for end in ("-wal", "-shm", "-journal"))):
                _remove(one)
            done.removed.append(relative)
        else:
            _mask(path, needles)
            done.masked.append(relative)


def _sweep_written(archive: Archive, needles: Needles, done: Remains) -> None:
    """Decisions are masked, and keep their lines; a profile is its author's."""
    if not needles:
        return
    digests: dict[str, str | None] = {}
    for path in sorted(archive.decisions.iterdir()):
        if path.is_file() and not path.is_symlink() and _holds(path, needles):
            data = _mask(path, needles)
            relative = path.relative_to(archive.root).as_posix()
            done.masked.append(relative)
            if path.suffix == ".jsonl":
                digests[relative] = sha256(data).removeprefix("sha256:")
    if digests:
        renew_in_manifest(archive.root, digests)
    for path in sorted((*archive.sites.glob("*"), *archive.root.glob("*.toml"), *archive.pages.glob("*/*/*"))):
        if path.is_file() and _holds(path, needles):
            relative = path.relative_to(archive.root).as_posix()
            done.told.append(f"{shown(relative)} still holds it: it is yours to write; change it, then rebuild")


def _holds(path: Path, needles: Needles) -> bool:
    with path.open("rb") as file:
        return needles.is_in(iter(lambda: file.read(1 << 20), b""))


def _mask(path: Path, needles: Needles) -> bytes:
    """A new file in its place: what is in the middle of being written is what it was, or masked."""
    data, _ = needles.masked(path.read_bytes())
    draft = path.with_name(f".{path.name}.masking")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
    draft.replace(path)
    flush_names(path.parent)
    return data


def _remove(path: Path) -> None:
    """Written over before it goes, but for what others still read through another name."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.is_symlink() or path.stat().st_nlink > 1 or not path.stat().st_mode & 0o200:
            path.unlink()
        else:
            wipe(path)
