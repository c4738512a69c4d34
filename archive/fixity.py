"""Reads sealed files again and holds them against the manifest, a share of them at a time, so that each is read every
so many days; what was read when stands in ``decisions/fixity.jsonl``, as PREMIS events.

One event tells of all files of a share that are as they were (its *detail* names them), and one of each that is not.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive import times
from archive.errors import WrongUse
from archive.layout import Archive, readable
from archive.manifest import read_manifest
from archive.store.decisions import append_event, read_lines

EVENTS = "fixity.jsonl"
CHECK = "fixity check"
#: what a crawl puts there is in the manifest by then
_SETTLED = timedelta(minutes=10)
#: a crawl's, and what it was repaired from
_NOT_SEALED = (".open", ".torn", "-wal", "-shm")
_FOLDER = "warcs/"


@dataclass(frozen=True, slots=True)
class Wrong:
    #: path in the archive
    file: str
    #: one line for a person
    what: str


@dataclass(slots=True)
class Audited:
    #: files that are as they were, and their bytes
    checked: list[str] = field(default_factory=list)
    bytes: int = 0
    #: files whose turn comes later
    left: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    #: files that the manifest does not name, and that a crawl may be putting there just now
    new: int = 0


@dataclass(slots=True)
class Past:
    """What the events tell. Times are when an audit ended."""

    #: by path: when it was found as it was
    good: dict[str, datetime] = field(default_factory=dict)
    #: by path: what was told of it last, unless it is good again
    wrong: dict[str, str] = field(default_factory=dict)
    last: datetime | None = None


def past_audits(archive: Archive) -> Past:
    """Raises WrongUse for a line of decisions that is none."""
    past = Past()
    for _, line in read_lines(archive.decisions):
        if line.get("type") != CHECK:
            continue
        at, file = times.parse(str(line["at"])), str(line["object"])
        past.last = max(past.last or at, at)
        if line["outcome"] == "success":
            for name in _names(line.get("detail")):
                past.good[name] = at
                past.wrong.pop(name, None)
        else:
            past.wrong[file] = str(line.get("detail"))
    return past


def audit(
    archive: Archive,
    *,
    days: int,
    now: datetime,
    everything: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Audited:
    """Read the share of the sealed files that is due when all are to be read within *days*: those first that were not
    found good for longest. What is missing, and what nobody put there, is looked for each time. Interrupted, it keeps
    what it did.

    Raises WrongUse for a line of decisions that is none, ArchiveFault.
    """
    past, done = past_audits(archive), Audited()
    there = {f"{_FOLDER}{path.name}": path for path in archive.warcs.iterdir() if not path.name.startswith(".")}
    manifest = {name: sha256 for name, sha256 in read_manifest(archive.root).items() if name.startswith(_FOLDER)}
    for name in sorted(manifest.keys() - there.keys()):
        done.wrong.append(Wrong(name, "the manifest names it, and it is not there"))
    for name in sorted(there.keys() - manifest.keys()):
        path = there[name]
        if name.endswith(_NOT_SEALED):
            continue
        if _age(path.lstat().st_mtime, now) <= _SETTLED:
            done.new += 1
        else:
            from archive.warc.foreign import told_of  # an archive that is well does without

            # Neither a terminal nor the decisions take a name that is no Unicode.
            done.wrong.append(Wrong(readable(name), told_of(path)))
    queue = sorted(manifest.keys() & there.keys(), key=lambda name: (past.good.get(name, _NEVER), name))
    sizes = {name: there[name].stat().st_size if there[name].exists() else 0 for name in queue}
    elapsed = 1.0 if past.last is None else max(1.0, (now - past.last) / timedelta(days=1))
    share = sum(sizes.values()) if everything else math.ceil(sum(sizes.values()) * min(1.0, elapsed / days))
    try:
        while queue and (done.bytes < share or everything):
            name = queue.pop(0)
            if what := _fault(archive, name, manifest[name]):
                done.wrong.append(Wrong(name, what))
                progress(f"{name}: {what}")
            else:
                done.checked.append(name)
                # What is wrong is read every time: it must not use up the share of the others.
                done.bytes += sizes[name]
    finally:
        done.left = len(queue)
        _tell(archive, done, past, now)
    return done


_NEVER = times.parse(times.NO_DATE)


def _fault(archive: Archive, name: str, expected: str) -> str | None:
    try:
        with archive.check_own(archive.root / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except WrongUse as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if found == expected else f"manifest sha256 {expected}, computed {found}"


def _tell(archive: Archive, done: Audited, past: Past, now: datetime) -> None:
    path, at = archive.decisions / EVENTS, times.seconds(now)
    detail = json.dumps({"files": done.checked, "bytes": done.bytes})
    append_event(path, type_=CHECK, object_="warcs", outcome="success", detail=detail, at=at)
    for wrong in done.wrong:
        # Told each time, and written down once.
        if past.wrong.get(wrong.file) != wrong.what:
            append_event(path, type_=CHECK, object_=wrong.file, outcome="failure", detail=wrong.what, at=at)


def _names(detail: object) -> list[str]:
    try:
        said = json.loads(str(detail))
    except (ValueError, RecursionError):
        return []
    files = said.get("files") if isinstance(said, dict) else None
    return [name for name in files if isinstance(name, str)] if isinstance(files, list) else []


def _age(mtime: float, now: datetime) -> timedelta:
    return timedelta(seconds=now.timestamp() - mtime)
