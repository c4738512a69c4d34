"""Sealed WARC files of an archive to a WACZ. Only sealed files and a reading connection are used, so no crawl waits;
everything is copied in pieces, so memory does not grow with the archive."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from archive import times
from archive.errors import BadRecord, BewaarError, Damaged, WrongUse
from archive.intake import files_of
from archive.layout import Archive
from archive.manifest import missing_warcs, read_manifest
from archive.store import open_read_only
from archive.store.described import only, read_described
from archive.store.places import text_at
from archive.timestamps import Stamp
from archive.wacz.catalogue import Catalogue
from archive.wacz.originals import Originals, know_others
from archive.wacz.package import Package
from archive.wacz.stamping import Stamper
from archive.wacz.withheld import Cutting, rules_of, shown
from archive.warc.drafts import draft

#: an index past this is compressed in blocks, with an index of its own: replay then reads only what it looks up
PLAIN_INDEX_BYTES = 4 << 20
LINES_PER_BLOCK = 1024
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    file: str
    size: int
    warcs: int
    captures: int
    pages: int
    #: records copied out of other files because revisits refer to them
    originals: int
    #: revisits whose original is nowhere, damage, a time stamp that was not had, one line each
    problems: tuple[str, ...]
    stamp: Stamp | None = None
    #: captures that were left out because they are withheld
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into a package, and what it says of itself."""

    site: str | None = None
    #: whole files are packed: those with a capture at this time or later, ``YYYY-MM-DDTHH:MM:SSZ``
    since: str | None = None
    #: copy what revisits refer to
    self_contained: bool = True
    title: str | None = None
    description: str | None = None
    key: EllipticCurvePrivateKey | None = None
    #: for the signature
    stamper: Stamper | None = None
    #: pack what takedowns and embargoes withhold, too
    include_withheld: bool = False


def pack(archive: Archive, output: Path, wanted: Wanted, *, clock: Callable[[], datetime] = times.now) -> Packed:
    """Write *output*, whole or not at all; without what is withheld, unless that is wanted. Raises WrongUse where
    nothing is to be packed, *output* is there already, or what is withheld cannot be left out; Damaged where a file is
    not what the manifest says, ArchiveFault."""
    problems: list[str] = []
    stamps: list[Stamp] = []

    def on_damage(bad: BadRecord) -> None:
        problems.append(str(bad))

    def stamp(signed: Mapping[str, str]) -> Mapping[str, str]:
        """The package is whole without: what an authority does wrong must not cost it."""
        if not wanted.stamper:
            return {}
        try:
            fields, found = wanted.stamper(signed)
        except BewaarError as error:
            problems.append(f"{error}; {output} is packed and signed without a time stamp, `bewaar pack --timestamp"
                            f" {output}` tries again")  # fmt: skip
            return {}
        stamps.append(found)
        return fields

    with ExitStack() as stack:
        file = stack.enter_context(draft(output))
        catalogue = stack.enter_context(Catalogue())
        database = None
        if archive.database.exists():
            database = stack.enter_context(closing(open_read_only(archive.database))).conn
        packable = set(archive.sealed_warcs())
        # WACZ 1.1.1, 5.2: WARC files; no replay reads ARC out of a package
        problems += [
            f"{path}: {'a WACZ' if path.suffix == '.wacz' else 'an ARC file'}, which no WACZ can hold: not packed;"
            " `bewaar pack --bag` takes it"
            for path in (files_of(archive, wanted.site) if wanted.site else [*archive.arcs(), *archive.waczs()])
            if path not in packable
        ]
        problems += missing_from(archive, wanted)
        rules = [] if wanted.include_withheld else rules_of(archive)
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=output.parent, prefix=".pack-"))
        cutting = Cutting(archive, rules, Path(folder))
        paths = select(archive, wanted, catalogue, on_damage, see=cutting.see)
        problems += cutting.problems
        package = stack.enter_context(Package(file, clock()))
        _add_warcs(package, archive, paths, cutting)
        copied = 0
        if wanted.self_contained:
            taken = {path.name for path in paths}
            others = [path for path in archive.sealed_warcs() if path.name not in taken]
            know_others(archive, catalogue, others, database, on_damage, shown=lambda one: shown(rules, one))
            copied = _add_originals(package, archive, catalogue, taken, output.parent)
            problems += catalogue.complaints("is withheld, or not in the archive" if rules else "is not in the archive")
        captures = _add_index(package, catalogue.lines(), output.parent)
        pages = _add_pages(package, catalogue, database, output.parent, cutting)
        main = catalogue.main_page()
        described = only(read_described(database, wanted.site)) if database else None
        about = {
            "title": wanted.title or (described.title if described else wanted.site) or archive.root.resolve().name,
            "description": wanted.description or (described.description if described else None),
            "mainPageUrl": main.url if main else None,
            "mainPageDate": main.date if main else None,
        }
        package.finish(about, wanted.key, stamp)
        size = file.seek(0, 2)
    stamped = stamps[0] if stamps else None
    return Packed(
        str(output), size, len(paths), captures, pages, copied, tuple(problems), stamped, cutting.captures
    )  # fmt: skip


def default_output(archive: Archive, site: str | None) -> Path:
    """Raises WrongUse for an archive on read-only media, ArchiveFault."""
    if not archive.writable:
        raise WrongUse(f"{archive.root}: the archive is read-only here: say where the package goes with --output")
    archive.make_folders()
    return archive.exports / f"{site or 'archive'}-{times.digits17(times.now())}.wacz"


def missing_from(archive: Archive, wanted: Wanted) -> list[str]:
    """A line for each file that is asked for, and is gone."""
    return [
        f"{archive.root / name}: the manifest names it, and it is not there: not packed"
        for name in missing_warcs(archive.root, wanted.site)
    ]


def select(
    archive: Archive,
    wanted: Wanted,
    catalogue: Catalogue,
    on_damage: Callable[[BadRecord], None],
    *,
    arcs: Sequence[Path] = (),
    see: Callable[[Path], Path] = lambda path: path,
) -> list[Path]:
    """The files to pack, of *arcs* too, as *see* would have them, their captures taken into *catalogue*. Raises
    WrongUse when there are none."""
    paths = [*archive.sealed_warcs(), *arcs]
    if wanted.site:
        theirs = files_of(archive, wanted.site)
        paths = [path for path in paths if path in theirs]
    found = [
        path
        for path in map(see, map(archive.check_own, paths))
        if catalogue.read(path, since=wanted.since, on_damage=on_damage) or wanted.since is None
    ]
    if not found:
        asked = (f" of site {wanted.site}" if wanted.site else "") + (f" since {wanted.since}" if wanted.since else "")
        others = [*archive.arcs(), *archive.waczs()] if not wanted.site and not arcs else []
        kind = "a WACZ" if others and others[0].suffix == ".wacz" else "an ARC file"
        but = f", and {others[0].name} is {kind}, which no WACZ can hold; --bag takes it" if others else ""
        raise WrongUse(f"{archive.root}: nothing to pack: no sealed WARC file{asked}{but}")
    return found


def _add_warcs(package: Package, archive: Archive, paths: Iterable[Path], cutting: Cutting) -> None:
    manifest = read_manifest(archive.root)
    for path in paths:
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = package.add(f"archive/{path.name}", _pieces(file), size=size, stored=True)
        expected = None if cutting.is_cut(path) else manifest.get(f"warcs/{path.name}")
        if expected and digest != f"sha256:{expected}":
            raise Damaged(f"{path}: manifest sha256 {expected}, computed {digest[7:]}; not packed, see `bewaar verify`")


def _add_originals(package: Package, archive: Archive, catalogue: Catalogue, taken: set[str], beside: Path) -> int:
    """Into a file of gzip members, and where others' files are not compressed into a plain one too."""
    count = 0
    for suffix in (".warc.gz", ".warc"):
        name = next(name for number in range(len(taken) + 1)
                    if (name := f"originals{f'-{number}' if number else ''}{suffix}") not in taken)  # fmt: skip
        with _spool(beside) as sink:
            originals = Originals(name, sink)
            for record_id, place in catalogue.originals():
                if place.file.endswith(".gz") == suffix.endswith(".gz"):
                    catalogue.add_line(originals.copy(archive.warcs / place.file, record_id, place))
            if originals.count:
                _add_spool(package, f"archive/{name}", sink, stored=True)
                count += originals.count
    return count


def _add_index(package: Package, lines: Iterator[str], beside: Path) -> int:
    """The name is index.cdx because pywb passes over .cdxj."""
    count = 0
    with _spool(beside) as plain:
        for count, line in enumerate(lines, 1):  # noqa: B007  # the number of the last one is the count
            plain.write(f"{line}\n".encode())
        if plain.tell() <= PLAIN_INDEX_BYTES:
            _add_spool(package, "indexes/index.cdx", plain, stored=False)
            return count
        plain.seek(0)
        with _spool(beside) as blocks, _spool(beside) as index:
            meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
            index.write(f"!meta 0 {json.dumps(meta)}\n".encode())
            while held := list(islice(plain, LINES_PER_BLOCK)):
                offset, block = blocks.tell(), _gzip(b"".join(held))
                blocks.write(block)
                key, time, _ = held[0].split(b" ", 2)
                about = {"offset": offset, "length": len(block), "digest": f"sha256:{sha256(block).hexdigest()}"}
                index.write(b"%s %s %s\n" % (key, time, json.dumps(about).encode()))
            _add_spool(package, "indexes/index.cdx.gz", blocks, stored=True)
            _add_spool(package, "indexes/index.idx", index, stored=False)
    return count


def _add_pages(package: Package, catalogue: Catalogue, database: Any, beside: Path, cutting: Cutting) -> int:
    """Always there; with titles and text where the database has them."""
    count = 0
    with _spool(beside) as sink:
        head = {"format": "json-pages-1.0", "id": "pages", "title": "All pages", "hasText": database is not None}
        sink.write(f"{json.dumps(head)}\n".encode())
        for count, seen in enumerate(catalogue.pages(), 1):  # noqa: B007  # as above
            place = seen.place
            page: dict[str, Any] = {
                "id": sha256(f"{place.file} {place.offset}".encode("utf-8", "surrogateescape")).hexdigest()[:20],
                "url": seen.url,
                "ts": seen.date,
            }
            if text := text_at(database, place.file, cutting.offset(place), seen.record_id) if database else None:
                page |= {"title": text.title or seen.url, "text": text.text}
            if seen.hops == "":
                page["seed"] = True
            sink.write(f"{json.dumps(page)}\n".encode())
        _add_spool(package, "pages/pages.jsonl", sink, stored=False)
    return count


def _add_spool(package: Package, path: str, spool: IO[bytes], *, stored: bool) -> None:
    size = spool.seek(0, 2)
    spool.seek(0)
    package.add(path, _pieces(spool), size=size, stored=stored)


def _spool(beside: Path) -> IO[bytes]:
    """On the disk that has to hold the package anyway: /tmp may be memory."""
    return tempfile.TemporaryFile(dir=beside, prefix=".pack-")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _gzip(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()
