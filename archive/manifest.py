"""``manifest-sha256.txt``: one line per kept file, as ``sha256sum`` writes them and ``sha256sum -c`` checks them."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from archive.errors import ArchiveFault

NAME = "manifest-sha256.txt"

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def read_manifest(archive_root: Path) -> dict[str, str]:
    """Hex sha256 by path; lines that are none (a torn last one) are passed over."""
    try:
        text = (archive_root / NAME).read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return {}
    return {found[2]: found[1] for line in text.split("\n") if (found := _LINE.fullmatch(line))}


def add_to_manifest(archive_root: Path, relative: str, sha256: str) -> None:
    """Append the line of one file; once it is there, do nothing. On the medium when this returns.

    Raises ArchiveFault when the manifest cannot be written, or names another sha256 for a file that never changes.
    """
    line = f"{sha256}  {relative}"
    if not _LINE.fullmatch(line) or "\\" in relative or relative.startswith("/"):
        raise ValueError(f"not a line of a manifest: {line!r}")
    path = archive_root / NAME
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            known = read_manifest(archive_root).get(relative)
            if known is None:
                _append(fd, f"{line}\n".encode())
            elif known != sha256:
                raise ArchiveFault(f"{path}: {relative} stands there with sha256 {known}, and now is {sha256}")
        finally:
            os.close(fd)
    except OSError as error:
        raise ArchiveFault(f"{path}: {error.strerror}") from error


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
