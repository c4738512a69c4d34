"""Sealed files of an archive as a BagIt bag (RFC 8493): its ``data/`` is an archive itself, which opens, verifies and
is derived again like the one it came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from archive import times
from archive.errors import BadRecord, Damaged, WrongUse
from archive.founding import MARKER
from archive.layout import Archive
from archive.manifest import NAME as MANIFEST
from archive.manifest import read_manifest
from archive.premis import as_premis
from archive.store import open_read_only
from archive.store.described import Described, only, read_described
from archive.wacz.catalogue import Catalogue
from archive.wacz.originals import know_others
from archive.wacz.pack import Wanted, missing_from, select
from archive.wacz.withheld import first_withheld, rules_of
from archive.warc.drafts import new_directory
from archive.warc.reader import INSIDE
from archive.warc.segment import flush, flush_directory

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
#: what happened to the files, for others' programs
_PREMIS = "metadata/premis.xml"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Bagged:
    directory: str
    files: int
    size: int
    warcs: int
    #: WARC files taken along because revisits refer to records in them
    originals: int
    problems: tuple[str, ...]


def make_bag(archive: Archive, directory: Path, wanted: Wanted, *, clock: Callable[[], datetime] = times.now) -> Bagged:
    """Make *directory*, whole or not at all. Raises WrongUse where it is there already, nothing goes into it, or what
    is withheld would; Damaged where a file is not what the manifest says, ArchiveFault."""
    problems = missing_from(archive, wanted)
    paths, along = _choose(archive, wanted, problems)
    described = _described(archive, wanted.site)
    rules = [] if wanted.include_withheld else rules_of(archive)
    if path := first_withheld(rules, [*paths, *along]):
        raise WrongUse(
            f"{path}: holds what is withheld, and a bag holds files whole: --include-withheld takes it along; what is"
            " withheld is left out of a WACZ"
        )
    with new_directory(directory) as place:
        bag = _Bag(place)
        known = read_manifest(archive.root)
        kept: dict[str, str] = {}
        for path in (archive.root / MARKER, *paths, *along, *_beside(archive, wanted.site)):
            name = path.relative_to(archive.root).as_posix()
            digest = bag.copy(archive.check_own(path), f"data/{name}")
            if name in known:
                kept[name] = digest
                if digest != known[name] and name.startswith("warcs/"):
                    raise Damaged(
                        f"{path}: manifest sha256 {known[name]}, computed {digest}; no bag made, see `bewaar verify`"
                    )
        bag.write(f"data/{MANIFEST}", "".join(f"{digest}  {name}\n" for name, digest in kept.items()))
        files = [path.relative_to(archive.root).as_posix() for path in (*paths, *along)]
        bag.tag(_PREMIS, "".join(f"{line}\n" for line in as_premis(archive, files)))
        bag.finish({
            "Bag-Software-Agent": f"Bewaar/{version('bewaar')}",
            "Bagging-Date": f"{clock():%Y-%m-%d}",
            "Source-Organization": archive.operator,
            "External-Description": wanted.description
            or wanted.title
            or (described.description if described else None),
            "External-Identifier": described.identifier if described else None,
            **_elements(described),
            "Payload-Oxum": f"{bag.size}.{len(bag.payload)}",
        })  # fmt: skip
    return Bagged(str(directory), len(bag.payload), bag.size, len(paths), len(along), tuple(problems))


def _described(archive: Archive, site: str | None) -> Described | None:
    if not archive.database.exists():
        return None
    with closing(open_read_only(archive.database)) as db:
        return only(read_described(db.conn, site))


def _elements(described: Described | None) -> dict[str, str | None]:
    """Labels of our own beside the reserved ones, as RFC 8493, 2.2.2 lets them stand."""
    if described is None:
        return {}
    return {
        "Title": described.title,
        "Creator": described.creator,
        "Publisher": described.publisher,
        "Language": described.language,
        "Coverage": described.coverage,
        "Subject": described.subject,
        "Rights": described.rights,
        "License": described.licence,
    }


def _choose(archive: Archive, wanted: Wanted, problems: list[str]) -> tuple[list[Path], list[Path]]:
    """The WARC files asked for; and those their revisits lead to, and so on from these."""

    def on_damage(bad: BadRecord) -> None:
        problems.append(str(bad))

    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue())
        database = None
        if archive.database.exists():
            database = stack.enter_context(closing(open_read_only(archive.database))).conn
        paths = select(archive, wanted, catalogue, on_damage, arcs=[*archive.arcs(), *archive.waczs()])
        along: list[Path] = []
        others = [path for path in archive.sealed_warcs() if path not in set(paths)]
        while wanted.self_contained:
            know_others(archive, catalogue, others, database, on_damage)
            more = sorted({archive.warcs / place.file.partition(INSIDE)[0] for _, place in catalogue.originals()})
            for path in more:
                catalogue.forget(path)
                catalogue.read(path, since=None, on_damage=on_damage)
            along += more
            if not more:
                break
        if wanted.self_contained:
            problems += catalogue.complaints()
        return paths, along


def _beside(archive: Archive, site: str | None) -> Iterator[Path]:
    """What people wrote: profiles and decisions."""
    profiles = sorted(archive.sites.glob("*.toml"))
    yield from (path for path in profiles if path.is_file() and (site is None or path.stem == site))
    yield from (path for path in sorted(archive.decisions.glob("*.jsonl")) if path.is_file())


class _Bag:
    def __init__(self, place: Path) -> None:
        self._place = place
        #: hex sha256 by path
        self.payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self.size = 0

    def copy(self, source: Path, name: str) -> str:
        """Raises OSError."""
        with source.open("rb") as file:
            return self._add(name, iter(lambda: file.read(_PIECE_BYTES), b""))

    def write(self, name: str, text: str) -> str:
        return self._add(name, iter([text.encode()]))

    def tag(self, name: str, text: str) -> None:
        """A tag file of our own (RFC 8493, 2.2.4)."""
        self._tags[name] = self.write(name, text)

    def finish(self, about: dict[str, str | None]) -> None:
        """Write the tag files; nothing is added after it."""
        info = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in about.items() if value)
        payload = dict(self.payload)
        tags = self._tags | {
            name: self.write(name, text)
            for name, text in (
                ("bagit.txt", _DECLARATION),
                ("bag-info.txt", info),
                (MANIFEST, _manifest(payload)),
            )
        }
        self.write(f"tag{MANIFEST}", _manifest(tags))
        for folder, _, _ in os.walk(self._place):
            flush_directory(Path(folder))

    def _add(self, name: str, pieces: Iterator[bytes]) -> str:
        path = self._place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        size = 0
        with path.open("xb") as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            flush(file.fileno())
        if name.startswith("data/"):
            self.payload[name] = digest.hexdigest()
            self.size += size
        return digest.hexdigest()


def _manifest(files: dict[str, str]) -> str:
    """RFC 8493, 2.1.3: a line end, and the sign that stands for one, are escaped."""
    lines = []
    for name, digest in sorted(files.items()):
        escaped = name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
        lines.append(f"{digest}  {escaped}\n")
    return "".join(lines)
