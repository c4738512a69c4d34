"""``manifest-sha256.txt``: one line per kept file, as ``sha256sum`` writes them and ``sha256sum -c`` checks them."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ArchiveFault
from archive.layout import is_unicode

NAME = "manifest-sha256.txt"

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
#: no path is as long (PATH_MAX is 4096); what is longer is no line of a manifest
_LONGEST_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands. One that is none has neither *sha256* nor *path*."""

    #: the first is 1
    number: int
    #: where it begins, bytes
    offset: int
    #: cut off where it is too long to be one
    text: str
    #: False for a last line without its end: the trace of a power cut
    whole: bool
    #: hex
    sha256: str | None = None
    path: str | None = None


def read_lines(archive_root: Path) -> Iterator[Line]:
    """Every line of the manifest, good or bad; none where there is no manifest. Raises OSError."""
    try:
        file = (archive_root / NAME).open("rb")
    except FileNotFoundError:
        return
    with file:
        number = offset = 0
        while line := file.readline(_LONGEST_BYTES):
            number, start, rest = number + 1, offset, line
            offset += len(line)
            while not rest.endswith(b"\n") and (rest := file.readline(_LONGEST_BYTES)):
                offset += len(rest)
            text, whole = line.removesuffix(b"\n").decode("utf-8", "backslashreplace"), bool(rest)
            # Of a torn line the path may be cut short, and the next line is written over it: it counts for nothing.
            found = _LINE.fullmatch(text) if whole and line.endswith(b"\n") else None
            yield Line(number, start, text, whole, *(found.groups() if found else ()))


def read_manifest(archive_root: Path) -> dict[str, str]:
    """Hex sha256 by path; lines that are none (a torn last one) are passed over: `archive.proof` reports them."""
    return {line.path: line.sha256 for line in read_lines(archive_root) if line.path and line.sha256}


def missing_warcs(archive_root: Path, site: str | None = None) -> list[str]:
    """The WARC files, of *site* alone where one is given, that the manifest names and that are not there."""
    begins = f"warcs/{site}-" if site else "warcs/"
    names = sorted(name for name in read_manifest(archive_root) if name.startswith(begins))
    return [name for name in names if ".." not in name.split("/") and not (archive_root / name).exists()]


def add_to_manifest(archive_root: Path, relative: str, sha256: str) -> None:
    """Append the line of one file; once it is there, do nothing. On the medium when this returns.

    Raises ArchiveFault when the manifest cannot be written, or names another sha256 for a file that never changes.
    """
    line = f"{sha256}  {relative}"
    if not is_unicode(relative):
        raise ArchiveFault(f"{archive_root}/{ascii(relative)[1:-1]}: its name is not UTF-8: rename the file")
    if not _LINE.fullmatch(line) or "\\" in relative or relative.startswith("/"):
        raise ValueError(f"not a line of a manifest: {line!r}")
    path = archive_root / NAME
    try:
        new = not path.exists()
        with _locked(path) as fd:
            known = read_manifest(archive_root).get(relative)
            if known is None:
                _append(fd, f"{line}\n".encode())
                if new:
                    _flush_name(archive_root)
            elif known != sha256:
                raise ArchiveFault(f"{path}: {relative} stands there with sha256 {known}, and now is {sha256}")
    except OSError as error:
        raise ArchiveFault(f"{path}: {error.strerror}") from error


def renew_in_manifest(archive_root: Path, digests: Mapping[str, str | None]) -> None:
    """Give files that people change their present sha256, or with None no line any more; all else stays as it stands,
    what is no line too. Raises ArchiveFault."""
    path = archive_root / NAME
    try:
        with _locked(path) as fd:
            known = read_manifest(archive_root)
            changed = {relative for relative, sha256 in digests.items() if known.get(relative) != sha256}
            if not changed:
                return
            with os.fdopen(os.dup(fd), "rb") as file:
                kept = [line for line in file if line.endswith(b"\n") and _path(line) not in changed]
            added = sorted(f"{digests[relative]}  {relative}\n" for relative in changed if digests[relative])
            _replace(path, b"".join(kept) + "".join(added).encode())
    except OSError as error:
        raise ArchiveFault(f"{path}: {error.strerror}") from error


def write_manifest(archive_root: Path, lines: Mapping[str, str]) -> None:
    """Put *lines*, hex sha256 by path, in place of what stands there; all of them or none. Raises ArchiveFault."""
    path = archive_root / NAME
    try:
        _replace(path, "".join(f"{sha256}  {relative}\n" for relative, sha256 in sorted(lines.items())).encode())
    except OSError as error:
        raise ArchiveFault(f"{path}: {error.strerror}") from error


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The manifest, made if it is not there, with nobody else writing it. Raises OSError."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            try:
                ours = os.path.samestat(os.fstat(fd), path.stat())
            except FileNotFoundError:
                ours = False
            if ours:
                yield fd
                return
            # Whoever held it has put a new one in its place: what is written to this one nobody will read.
        finally:
            os.close(fd)


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _flush_name(path.parent)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _path(line: bytes) -> str | None:
    found = _LINE.fullmatch(line[:_LONGEST_BYTES].removesuffix(b"\n").decode("utf-8", "backslashreplace"))
    return found[2] if found else None


def _flush_name(folder: Path) -> None:
    """Have the manifest's name on the medium as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(fd: int, line: bytes) -> None:
    size = os.fstat(fd).st_size
    tail = os.pread(fd, 1 << 16, max(0, size - (1 << 16)))
    # A line without its end is the trace of a power cut; with it behind us `sha256sum -c` would fail for ever.
    size -= len(tail) - (tail.rfind(b"\n") + 1)
    end = size + len(line)
    try:
        while size < end:
            size += os.pwrite(fd, line[size - end :], size)
        os.ftruncate(fd, end)
        os.fsync(fd)
    except OSError:
        os.ftruncate(fd, end - len(line))
        raise
