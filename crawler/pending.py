"""What was taken in and is not derived yet, on the medium: it outlives the process that was to do it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from archive.faults import fault
from archive.layout import Archive

#: begins the name of a file in ``state/`` that says so; the number of its process follows
_PENDING = "ingesting-"


class Pending:
    """Names of files in ``warcs/``: what this process took in, and those that were ended."""

    def __init__(self, archive: Archive) -> None:
        self.names: set[str] = set()
        self._archive = archive
        self._path = archive.state / f"{_PENDING}{os.getpid()}"
        self._left: list[Path] = []
        for path in archive.state.glob(f"{_PENDING}*"):
            self.names |= _names_in(path)
            if not _is_alive(path.name.removeprefix(_PENDING)):
                self._left.append(path)

    def add(self, names: Iterable[str]) -> None:
        self.names |= set(names)
        if not self.names:
            return
        try:
            with self._path.open("w", encoding="utf-8") as file:
                json.dump(sorted(self.names), file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise fault(self._path, error) from error

    def clear(self) -> None:
        for path in (self._path, *self._left):
            path.unlink(missing_ok=True)


def read_pending(archive: Archive) -> tuple[set[str], bool]:
    """The names, and whether a process is at work on some of them; changes nothing."""
    found = sorted(archive.state.glob(f"{_PENDING}*"))
    names = set().union(*map(_names_in, found))
    return names, any(_is_alive(path.name.removeprefix(_PENDING)) for path in found)


def _names_in(path: Path) -> set[str]:
    with suppress(OSError, ValueError, TypeError):
        return set(json.loads(path.read_text(encoding="utf-8")))
    return set()


def _is_alive(pid: str) -> bool:
    if pid == str(os.getpid()):
        return False
    try:
        os.kill(int(pid), 0)
    except (OSError, ValueError):
        return False
    return True
