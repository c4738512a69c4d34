"""What is being erased and how far it is, on the medium before the first byte is changed: killed at any moment, whoever
comes next goes on from it. It names what is erased, so it goes when that is gone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archive.erasure.order import Order
from archive.erasure.selection import Fate, Selection
from archive.errors import WrongUse
from archive.layout import ERASING, Archive
from archive.manifest import read_manifest
from archive.warc.reader import INSIDE
from archive.whole import flush_names, write_whole

#: offset, record id, fate
Row = tuple[int, str, Fate]


@dataclass(slots=True)
class Rewriting:
    """One file in ``warcs/``; digests in hex."""

    before: str
    #: once the new file is on the medium, and before it takes the place of the old
    after: str | None = None
    #: by `Place.file`
    fates: dict[str, list[Row]] = field(default_factory=dict)


@dataclass(slots=True)
class Journal:
    order: Order
    #: id of the decision
    erasure: str
    #: as WARC-Date
    at: str
    files: dict[str, Rewriting]
    #: of payloads and bodies that go
    digests: list[str]
    #: addresses that may be told no more
    urls: list[str]

    @property
    def record_ids(self) -> set[str]:
        return {
            record_id
            for rewriting in self.files.values()
            for rows in rewriting.fates.values()
            for _, record_id, fate in rows
            if fate == "erase" and record_id
        }


def begin(archive: Archive, order: Order, selection: Selection, *, erasure: str, at: str) -> Journal:
    """Raises WrongUse for a file that the manifest lacks."""
    known = read_manifest(archive.root)
    files: dict[str, Rewriting] = {}
    for place, fates in selection.fates().items():
        name = place.partition(INSIDE)[0]
        if f"warcs/{name}" not in known:
            raise WrongUse(f"{archive.warcs / name}: does not stand in the manifest; `bewaar ingest` takes it in first")
        rewriting = files.setdefault(name, Rewriting(known[f"warcs/{name}"]))
        rewriting.fates[place] = [(offset, record_id, fate) for (offset, record_id), fate in fates.items()]
    journal = Journal(order, erasure, at, files, selection.digests, selection.urls)
    write(archive, journal)
    return journal


def write(archive: Archive, journal: Journal) -> None:
    write_whole(archive.state / ERASING, json.dumps(asdict(journal), ensure_ascii=True))


def read(archive: Archive) -> Journal | None:
    """None where nothing is being erased. Raises WrongUse for what is no journal."""
    path = archive.state / ERASING
    try:
        data = path.read_bytes()
        if not data.strip(b"\0"):
            return None  # it was being written over when it stopped
        said = json.loads(data)
        return Journal(
            order=Order(**{name: _frozen(value) for name, value in said["order"].items()}),
            erasure=said["erasure"],
            at=said["at"],
            files={name: _rewriting(one) for name, one in said["files"].items()},
            digests=said["digests"],
            urls=said["urls"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongUse(f"{path}: cannot be read, so nobody knows what was being erased: {error}") from error


def end(archive: Archive) -> None:
    """Written over before it goes."""
    wipe(archive.state / ERASING)


def wipe(path: Path) -> None:
    """Remove a file whose bytes must not come back; what the medium keeps of it nobody here can tell."""
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        while size > 0:
            size -= file.write(bytes(min(size, 1 << 20)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    flush_names(path.parent)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rewriting(said: dict[str, Any]) -> Rewriting:
    fates = {place: [(offset, id_, fate) for offset, id_, fate in rows] for place, rows in said["fates"].items()}
    return Rewriting(said["before"], said["after"], fates)
