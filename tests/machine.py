"""What tests need of the machine. Where it is not there they are skipped, and say so; in CI they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        unavailable(f"{name} is not installed: apt-get install {package}")
    return found


@contextmanager
def small_file_system(place: Path, options: str, *, is_left_open: bool = False) -> Iterator[Path]:
    """A tmpfs at *place*, with such *options* as ``size=6m``. Nothing may be open on it at the end, but where a process
    that was killed may have left something."""
    place.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode:
        unavailable("mounting a tmpfs needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", *(["-l"] if is_left_open else []), place], check=True)
