"""Thumbnails on disk, in ``state/thumbnails/`` of an archive that can be written, within a size; what was asked for
least recently goes first.

They are named by the digest of the payload they were made of, in a folder for what is withheld now: another takedown,
and another folder begins, and those of before are deleted. A file says its own digest, so that what a power cut left of
one, or somebody put there, is never sent.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archive.store.rules import Rule
from archive.whole import make_folder

LIMIT_BYTES = 64 << 20
#: a file that is larger is none of ours
_LARGEST_BYTES = 1 << 20
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
#: of the limit: what a process may write before it looks at what others wrote; and what is made free at a time
_UNSEEN, _FREED = 32, 8
#: a draft of a process that was killed, seconds
_STALE_S = 600


def folder_of(thumbnails: Path, rules: Sequence[Rule]) -> Path:
    """Where thumbnails lie that were made while *rules* held."""
    held = sorted((rule.key, rule.whole_name, rule.since, rule.until) for rule in rules)
    return thumbnails / hashlib.sha256(repr(held).encode()).hexdigest()[:32]


def forget_others(thumbnails: Path, rules: Sequence[Rule]) -> None:
    """Delete all that was made while other rules held."""
    kept = folder_of(thumbnails, rules)
    with suppress(OSError):
        for folder in thumbnails.iterdir() if not thumbnails.is_symlink() else ():
            if folder != kept:
                # A symbolic link is not followed: it is no folder of ours.
                shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    used_at: float
    size: int


class ThumbnailCache:
    """Safe to be asked by several threads and processes at once. Whatever the disk does, nothing is raised: a
    thumbnail is made again."""

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._unseen_bytes = limit_bytes  # before the first file is written it is looked what is there

    def find(self, digest: str) -> bytes | None:
        path = self._path(digest)
        if path is None:
            return None
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_BYTES:
                    return None
                kept = file.read()
                if hashlib.sha256(kept[32:]).digest() == kept[:32]:
                    os.utime(descriptor)
                    return kept[32:]
            path.unlink()
        return None

    def keep(self, digest: str, thumbnail: bytes) -> None:
        path = self._path(digest)
        size = len(thumbnail) + 32
        if path is None or size > min(self._limit, _LARGEST_BYTES):
            return
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with suppress(OSError), self._lock:
            self._make_folder()
            self._make_room(size)
            try:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                    file.write(hashlib.sha256(thumbnail).digest() + thumbnail)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def forget(self, digest: str) -> None:
        if path := self._path(digest):
            with suppress(OSError):
                path.unlink()

    def _make_folder(self) -> None:
        if self.folder.parent.is_symlink():
            raise NotADirectoryError(self.folder.parent)
        make_folder(self.folder.parent, 0o700)
        make_folder(self.folder, 0o700)

    def _path(self, digest: str) -> Path | None:
        found = _DIGEST.fullmatch(digest)
        return self.folder / found[1] if found else None

    def _make_room(self, size: int) -> None:
        self._unseen_bytes += size
        if self._unseen_bytes <= self._limit // _UNSEEN:
            return
        files, total = self._files()
        if total + size > self._limit - self._limit // _FREED:
            files.sort(key=lambda file: (file.used_at, file.path))
            room = max(0, self._limit - self._limit // _FREED - size)
            for file in files:
                if total <= room:
                    break
                with suppress(FileNotFoundError):
                    file.path.unlink()
                total -= file.size
        self._unseen_bytes = size

    def _files(self) -> tuple[list[_File], int]:
        files = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if entry.name.startswith(".") and time.time() - status.st_mtime > _STALE_S:
                        Path(entry.path).unlink(missing_ok=True)
                    elif stat.S_ISREG(status.st_mode):
                        files.append(_File(Path(entry.path), status.st_mtime, status.st_size))
        return files, sum(file.size for file in files)
