"""Taking others' files into an archive: linked or copied, never changed, under a name that is their digest.

The order makes it safe to be killed at any moment: the bytes are in the archive's directory and on the medium before
anything tells of them; the event is on the medium before the file has its name; rows come last.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Literal, Self

from archive.errors import ArchiveFault, BadRecord, WrongUse
from archive.faults import fault
from archive.layout import KEPT, Archive, readable
from archive.manifest import add_to_manifest, read_manifest
from archive.recovery import is_known
from archive.store import open_read_only
from archive.store.decisions import append_event, read_lines
from archive.store.places import files_with, sealed_in
from archive.warc.arc import begins_file
from archive.warc.headers import BEGINS
from archive.warc.reader import INSIDE, WarcFile
from archive.warc.recover import check_manifest, crawl_told
from archive.warc.rules import shown
from archive.warc.segment import OPEN, flush, flush_directory

__all__ = ["KEPT", "Intake", "Taken", "arrivals", "files_of", "sites_told", "suffix_of"]

#: where the events stand
EVENTS = "ingestions.jsonl"
INGESTION = "ingestion"

How = Literal["link", "copy", "any"]
Made = Literal["reflink", "hard link", "copy", "known"]

#: a name nobody looks for; what a kill left there is thrown away by the next
_DRAFT = ".intake"
#: linux/fs.h; absent elsewhere, where a copy is made
_FICLONE = 0x40049409
_PIECE_BYTES = 1 << 20
#: that a file may begin with
_MOST_WARCINFOS = 100
#: RFC 8878, 3.1: a frame, or a skippable one, such as a dictionary is kept in, which may hold records as they are
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")


@dataclass(frozen=True, slots=True)
class Taken:
    #: in ``warcs/``
    file: str
    #: False for one that was there already
    new: bool
    how: Made


def suffix_of(path: Path) -> str:
    """The ending that a file of this kind has. Raises WrongUse for one that holds no records."""
    try:
        with WarcFile(path) as file:
            head = file.head()
            packed = file.source().read(2, 0) == b"\x1f\x8b"
            if file.is_zip:
                _check_wacz(path, file)
                return ".wacz"
            if _ZSTD.match(head):
                raise WrongUse(f"{path}: compressed with zstd, which is not read: unpack it (zstd -d), take that in")
            is_arc = file.is_arc or begins_file(head)
            if is_arc or head[: len(BEGINS)].upper() == BEGINS:
                if packed:
                    _check_members(path, file)
                return (".arc" if is_arc else ".warc") + (".gz" if packed else "")
            # Its beginning may be what is damaged.
            if file.size and (at := file.find_record(0)) is not None and file.begins_record(at):
                return ".warc" + (".gz" if packed else "")
            begins = f"begins with {head[:16]!r}" if file.size else "empty"
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror or error}") from error
    raise WrongUse(f"{path}: no WARC, ARC or WACZ file: {begins}")


def _check_members(path: Path, file: WarcFile) -> None:
    """Of a file that was compressed whole no record has a place of its own: taken in, it would hold nothing."""
    with suppress(BadRecord):  # told when all of it is read
        for record, _ in islice(file.scan(), _MOST_WARCINFOS):
            if record.type != "warcinfo" and not record.place.length:
                plain = str(path).removesuffix(".gz") + ("" if path.suffix == ".gz" else ".plain")
                mend = f"gzip -dc {quote(readable(str(path)))} > {quote(readable(plain))}"
                raise WrongUse(
                    f"{path}: compressed as a whole, not record by record: none of its records could be read again; "
                    f"unpack it (`{mend}`), take that in"
                )
            if record.type != "warcinfo":
                return


def _check_wacz(path: Path, file: WarcFile) -> None:
    from archive.warc.zips import Wacz  # most files are none

    try:
        if not Wacz(file.fd, file.name, file.limits).records():
            raise WrongUse(f"{path}: a zip file, and no WACZ: no WARC file lies in its archive/")
    except BadRecord as error:
        raise WrongUse(f"{path}: no WACZ: {shown(str(error))}") from error


def sites_told(archive: Archive) -> dict[str, str]:
    """The sites that files were said to be of when they were taken in, by name in ``warcs/``. Raises WrongUse for a
    line that is none."""
    return {name: site for name, said in _events(archive) if isinstance(site := said.get("site"), str)}


def arrivals(archive: Archive) -> dict[str, str]:
    """When files were taken in (``YYYY-MM-DDTHH:MM:SSZ``), by name in ``warcs/``: the first time, should there be more.
    Raises WrongUse."""
    found: dict[str, str] = {}
    for name, said in _events(archive):
        found.setdefault(name, str(said["at"]))
    return found


def files_of(archive: Archive, site: str) -> list[Path]:
    """The finished files of *site*: its crawls', and those that were taken in, or came of a recovery, and hold captures
    of it. What these are the database knows."""
    own = archive.warcs_of(site)
    if not archive.database.exists():
        return own
    held = open_read_only(archive.database)
    try:
        names = {file.partition(INSIDE)[0] for file in files_with(held.conn, site)}
    finally:
        held.close()
    names -= {path.name for path in own}
    others = (*archive.sealed_warcs(), *archive.arcs(), *archive.waczs())
    return [*own, *sorted(path for path in others if path.name in names)]


class Intake:
    """Takes files in, one after the other; another process that does so waits."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._open = ExitStack()
        #: names in ``warcs/`` by hex sha256, as the manifest has them
        self._known: dict[str, str] = {}
        #: names of which an event tells
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        self._open.enter_context(self._archive.lock_intake())
        check_manifest(self._archive, lambda: sealed_in(self._archive.database))
        for relative, sha256 in read_manifest(self._archive.root).items():
            folder, _, name = relative.partition("/")
            if folder == "warcs" and name and "/" not in name:
                self._known[sha256] = name
        self._told = {name for name, _ in _events(self._archive)}
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, path: Path, *, how: How = "any", site: str | None = None) -> Taken:
        """Keep the file at *path*: whole, on the medium, in the manifest and among the events when this returns.

        Bytes that are there already, under whatever name, are left as they are. A file that somebody put into
        ``warcs/`` by hand changes its name for ours. Raises WrongUse where it cannot be
        linked and must be, ArchiveFault or DiskFull; the archive is whole then.
        """
        suffix = suffix_of(path)
        warcs = self._archive.warcs
        draft = warcs / _DRAFT
        try:
            with path.open("rb") as source:
                sha256 = hashlib.file_digest(source, "sha256").hexdigest()
                if (known := self._known.get(sha256)) and (warcs / known).is_file():
                    return Taken(known, new=False, how="known")
                name = f"{KEPT}{sha256}{suffix}"
                made: Made = "known"
                if name in self._known.values():
                    raise WrongUse(f"{path}: part of what it holds was erased from this archive: not taken in again")
                if not (warcs / name).is_file():  # else we were killed the last time before the manifest had it
                    draft.unlink(missing_ok=True)
                    made = _bring(source.fileno(), path, draft, how)
                    _check_same(draft, sha256, path)
                    _protect(draft)
                if name not in self._told:
                    told = {"name": readable(path.name), "sha256": sha256, **({"site": site} if site else {})}
                    detail = json.dumps(told, sort_keys=True)
                    events = self._archive.decisions / EVENTS
                    append_event(events, type_=INGESTION, object_=f"warcs/{name}", outcome="success", detail=detail)
                    self._told.add(name)
                if made != "known":
                    draft.replace(warcs / name)
                    flush_directory(warcs)
        except OSError as error:
            raise fault(Path(error.filename or draft), error) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        put_here = path.name != name and self._is_put_here(path)  # before we tell of the same crawl ourselves
        add_to_manifest(self._archive.root, f"warcs/{name}", sha256)
        self._known[sha256] = name
        if put_here:
            try:
                path.unlink()
                flush_directory(warcs)
            except OSError as error:
                raise fault(path, error) from error
        return Taken(name, new=True, how=made)

    def _is_put_here(self, path: Path) -> bool:
        """Whether a file lies among ours that none of our crawls wrote, also none that is going on."""
        if path.parent.resolve() != self._archive.warcs.resolve() or path.name.endswith(OPEN):
            return False
        return crawl_told(path) is None or not is_known(self._archive, path)


def _events(archive: Archive) -> Iterator[tuple[str, dict[str, object]]]:
    """What was taken in, by name in ``warcs/``, and what was said of it."""
    for _, line in read_lines(archive.decisions):
        if line.get("type") == INGESTION and str(line.get("object")).startswith("warcs/"):
            try:
                said = json.loads(str(line.get("detail")))
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                yield str(line["object"]).removeprefix("warcs/"), {**said, "at": line.get("at")}


def _bring(source: int, path: Path, draft: Path, how: How) -> Made:
    """Have the bytes at *draft*, on the medium. Raises OSError, WrongUse."""
    if how == "link":
        return _link(source, path, draft)
    with _new(draft) as descriptor:
        # A copy that shares its blocks with the original: neither name can change the other's bytes.
        if _reflink(source, descriptor):
            return "reflink"
    draft.unlink()
    if how == "any":
        with suppress(WrongUse):
            return _link(source, path, draft)
    with _new(draft) as descriptor:
        at = 0
        while piece := os.pread(source, _PIECE_BYTES, at):
            at += len(piece)
            while piece:
                piece = piece[os.write(descriptor, piece) :]
        flush(descriptor)
    return "copy"


@contextmanager
def _new(draft: Path) -> Iterator[int]:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _reflink(source: int, descriptor: int) -> bool:
    try:
        fcntl.ioctl(descriptor, _FICLONE, source)
    except OSError:  # most file systems cannot
        return False
    flush(descriptor)
    return True


def _link(source: int, path: Path, draft: Path) -> Made:
    try:
        os.link(path.resolve(), draft)
    except OSError as error:
        raise WrongUse(f"{path}: cannot be linked: {error.strerror}; without --link it is copied") from error
    flush(source)
    return "hard link"


def _check_same(draft: Path, sha256: str, path: Path) -> None:
    with draft.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ArchiveFault(f"{path}: it is being changed: not taken in")


def _protect(draft: Path) -> None:
    """Nobody writes to it any more; of a hard link neither under its other name."""
    mode = draft.stat().st_mode & 0o777
    if mode & 0o222 or not mode & 0o400:
        with suppress(PermissionError):  # somebody else's, linked
            draft.chmod((mode | 0o444) & ~0o222)
