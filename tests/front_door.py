"""``bewaar`` as a user runs it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.stand_in import stand_in

COMMAND = [sys.executable, "-m", "crawler.cli"]
CONTACT = "archivist@example.org"


def _loaded_with(environ: Mapping[str, str]) -> dict[str, str]:
    """What tells an interpreter, or its loader, something that only a fresh one obeys."""
    return {name: value for name, value in environ.items() if name.startswith(("PYTHON", "LD_"))}


_HERE = _loaded_with(os.environ)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def bewaar(
    *arguments: str | Path, code: int | None = 0, cwd: Path | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; *code* is the exit code it must have (None: any)."""
    environ = environment()
    if _loaded_with(environ) != _HERE:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=timeout_s, cwd=cwd, env=environ,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    else:
        keeper = stand_in(os.getpid())
        done = keeper.run(list(map(str, arguments)), cwd=cwd or Path.cwd(), environ=environ, timeout_s=timeout_s)
    assert "Traceback" not in done.stderr, done.stderr
    if code is not None:
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def refused(*arguments: str | Path, code: int = 2) -> str:
    """The one line that wrong use is answered with."""
    done = bewaar(*arguments, code=code)
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def crawl(url: str, archive: Path, *options: str, code: int | None = 0) -> dict[str, Any]:
    """Crawl without delay; what ``--json`` printed."""
    done = bewaar(
        "crawl", url, "--archive", archive, "--contact", CONTACT, "--delay", "0", "--json", *options, code=code
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Leave it running, in a session of its own."""
    environ = environment()
    fork = [str(stand_in(os.getpid()).program), *COMMAND[1:]]
    return _start(fork if _loaded_with(environ) == _HERE else COMMAND, arguments)


def start_afresh(*arguments: str | Path) -> subprocess.Popen[str]:
    """As `start`, with an interpreter that has yet to load all of it: for who stops it at any moment."""
    return _start(COMMAND, arguments)


def _start(command: list[str], arguments: Iterable[str | Path]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment(), start_new_session=True,
    )  # fmt: skip
