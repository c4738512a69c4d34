"""A clock that is set, for every process that is started with its environment: `clock.c` is loaded under them."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from datetime import datetime
from pathlib import Path

from tests.machine import program

SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """Goes on from where it was set. Files keep the times that the kernel gives them: see `date_files`."""

    def __init__(self, place: Path) -> None:
        self._library, self._offset = place / "clock.so", place / "clock.offset"
        gcc = program("gcc", "gcc libc6-dev")
        subprocess.run(
            [gcc, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", self._library, SOURCE, "-ldl"], check=True
        )
        self._offset.write_bytes(bytes(8))

    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET": str(self._offset)}

    def set(self, now: datetime) -> None:
        seconds = now.timestamp() - time.time()
        with self._offset.open("r+b") as file:
            file.write(struct.pack("=q", int(seconds * 1e9)))

    def date_files(self, root: Path) -> None:
        """Give what was written below *root* since the last time the time that it was written at by this clock."""
        (offset,) = struct.unpack("=q", self._offset.read_bytes())
        for path in root.rglob("*"):
            status = path.lstat()
            # A change of its times is a change of the file, too.
            if status.st_mtime_ns <= time.time_ns() and status.st_mtime_ns + offset > time.time_ns():
                at = status.st_mtime_ns + offset
                os.utime(path, ns=(at, at), follow_symlinks=False)
