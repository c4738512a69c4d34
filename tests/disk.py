"""A disk that fails at the n-th call, and one that can be looked at as a power cut would leave it.

``disk.c`` is loaded under a process (LD_PRELOAD) and every process that one starts; SQLite's calls go through it as
well as Python's. The fault is the kernel's as far as they can tell: a call returns -1 and sets errno. What `Disk` starts
is a fork (`tests.stand_in`) of a process that has the library loaded, and looks at its environment anew.
"""

from __future__ import annotations

import atexit
import ctypes
import errno
import os
import random
import struct
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.front_door import environment
from tests.machine import program
from tests.stand_in import stand_in

SOURCE = Path(__file__).with_name("disk.c")
#: what a medium writes or does not write as one
PAGE = 4096
_HEAD = struct.Struct("=c7xQQQQ")


class _Shared(ctypes.Structure):
    _fields_ = (
        ("met", ctypes.c_int64),
        ("hits", ctypes.c_int64),
        ("call", ctypes.c_char * 8),
        ("path", ctypes.c_char * 4096),
    )


@cache
def _library() -> Path:
    place = tempfile.TemporaryDirectory(prefix="bewaar-tests-")
    atexit.register(place.cleanup)
    gcc = program("gcc", "gcc libc6-dev")
    library = Path(place.name) / "disk.so"
    subprocess.run([gcc, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Fault:
    """From the *n*-th of *calls* (letters of ``disk.c``) on a path that *glob* meets, *times* fail; 0: all after it."""

    calls: str
    glob: str
    n: int = 1
    errno: int = errno.EIO
    times: int = 1
    #: the first write that is hit is done by half, and is no error yet
    short: bool = False

    def __str__(self) -> str:
        times = f" x{self.times}" if self.times else " on"
        return f"{self.calls} {self.glob} #{self.n}{times} {errno.errorcode[self.errno]}{' short' * self.short}"


class Met(NamedTuple):
    """How often the fault's pattern was met, how often it struck, and where first."""

    calls: int
    hits: int
    call: str
    path: str


class Disk:
    """What lies below *root*, as the processes see it that are started here, or with `environment`."""

    def __init__(self, root: Path, beside: Path) -> None:
        self.root = root
        self.journal = beside / "disk.journal"
        self._library = _library()
        self._state = beside / "disk.state"

    def environment(self, fault: Fault | None = None, *, journal: bool = False) -> dict[str, str]:
        self._state.unlink(missing_ok=True)
        values = {"LD_PRELOAD": str(self._library), "DISK_ROOT": str(self.root), "DISK_STATE": str(self._state)}
        if fault:
            values["DISK_FAULT"] = (
                f"{fault.calls}:{fault.errno}:{int(fault.short)}:{fault.n}:{fault.times}:{fault.glob}"
            )
        if journal:
            values["DISK_JOURNAL"] = str(self.journal)
        return environment() | values

    def start(
        self, *arguments: str | Path, fault: Fault | None = None, journal: bool = False, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """``bewaar`` with these arguments, in a session of its own."""
        program = stand_in(os.getpid(), str(self._library)).program
        return subprocess.Popen(
            [program, "-m", "crawler.cli", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=cwd, env=self.environment(fault, journal=journal),
            start_new_session=True,
        )  # fmt: skip

    def run(
        self, *arguments: str | Path, fault: Fault | None = None, journal: bool = False, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """``bewaar`` with these arguments, to its end."""
        process = self.start(*arguments, fault=fault, journal=journal, cwd=cwd)
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def met(self) -> Met:
        shared = _Shared.from_buffer_copy(self._state.read_bytes())
        return Met(shared.met, shared.hits, shared.call.decode(), os.fsdecode(shared.path))


class Call(NamedTuple):
    kind: str
    inode: int
    offset: int
    path: str
    data: bytes


def read_journal(path: Path) -> Iterator[Call]:
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            kind, inode, offset, length, size = _HEAD.unpack(head)
            name = os.fsdecode(file.read(length))
            yield Call(kind.decode(), inode, offset, name.removesuffix(" (deleted)"), file.read(size))


@dataclass(eq=False)
class File:
    #: what is on the medium for certain
    safe: bytearray = field(default_factory=bytearray)
    #: writes (offset, bytes) and truncations (size, None) that are not flushed
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    is_folder: bool = False

    def flush(self) -> None:
        for offset, data in self.pending:
            _apply(self.safe, offset, data)
        self.pending.clear()

    def left(self, how: str, chance: random.Random) -> bytes:
        """What a power cut leaves of it: ``nothing`` of what was not flushed, ``all`` of it, a ``prefix``, or some
        ``pages``; where the size reached the medium and a page did not, there are zeros."""
        content = bytearray(self.safe)
        pending = self.pending
        if how == "nothing":
            pending = []
        elif how == "prefix":
            pending = pending[: chance.randint(0, len(pending))]
        for offset, data in pending:
            if data is None or how != "pages":
                _apply(content, offset, data)
                continue
            if len(content) < offset + len(data):
                content.extend(bytes(offset + len(data) - len(content)))
            for at in range(offset - offset % PAGE, offset + len(data), PAGE):
                if chance.random() < 0.5:
                    start, end = max(at, offset), min(at + PAGE, offset + len(data))
                    content[start:end] = data[start - offset : end - offset]
        return bytes(content)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    if data is not None:
        content[offset : offset + len(data)] = data


class Medium:
    """What of a journal's calls has reached the medium for certain, and what only the kernel knows of.

    A file's bytes are safe once the file was flushed, its name once its folder was: POSIX promises no more.
    """

    def __init__(self) -> None:
        #: by path, as processes see them
        self.files: dict[str, File] = {}
        #: by path, as the medium has them
        self.safe: dict[str, File] = {}
        self._by_inode: dict[int, File] = {}
        #: per folder: names taken away, and files given names
        self._pending: defaultdict[str, list[dict[str, File | None]]] = defaultdict(list)

    def do(self, call: Call) -> None:
        file = self._by_inode.get(call.inode)
        match call.kind:
            case "c":
                made = self._by_inode[call.inode] = File()
                if call.path:
                    self._name({call.path: made})
            case "d":
                self._name({call.path: File(is_folder=True)})
            case "u":
                self._name({call.path: None})
            case "r":
                self._name({call.path: None, call.data.decode(): self.files[call.path]})
            case "w" if file:
                file.pending.append((call.offset, call.data))
            case "t" if file:
                file.pending.append((call.offset, None))
            case "s" if file:
                file.flush()
            case "s":
                for change in self._pending.pop(call.path, ()):
                    _rename(self.safe, change)

    def _name(self, change: dict[str, File | None]) -> None:
        _rename(self.files, change)
        (folder,) = {str(Path(path).parent) for path in change}
        self._pending[folder].append(change)

    def leave(self, root: Path, how: str, chance: random.Random) -> None:
        """Make in *root* what a power cut could leave at this moment."""
        names = dict(self.safe)
        for changes in self._pending.values():
            kept = {"nothing": 0, "all": len(changes)}.get(how, chance.randint(0, len(changes)))
            for change in changes[:kept]:
                _rename(names, change)
        root.mkdir(parents=True)
        for path, file in sorted(names.items()):
            place = root / path
            if not place.parent.is_dir():
                continue  # the folder it lay in is gone
            if file.is_folder:
                place.mkdir()
            else:
                place.write_bytes(file.left(how, chance))


def _rename(names: dict[str, File], change: dict[str, File | None]) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file
