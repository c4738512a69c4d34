"""Runs ``bewaar`` for the tests out of a process that has imported it already: each command is a fork of that, with its
own arguments, environment, directory and output. What a fresh interpreter adds to that is 0.4 s for imports; tests that
signal, kill or starve a command start one (`tests.front_door.start`), and so do those that ask what is imported.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

#: what most commands import, as `bewaar` itself does
PRELOADED = (
    "crawler.cli", "crawler.begin", "crawler.run", "crawler.upgrade", "crawler.rebuild", "crawler.ingestion",
    "archive.store", "archive.warc.verify", "archive.proof",
)  # fmt: skip


def keep() -> None:
    """The process itself: one line of Python literals asks for a command, one answers with how it ended."""
    import importlib

    for name in PRELOADED:
        importlib.import_module(name)
    if "twisted.internet.reactor" in sys.modules:
        raise SystemExit("a reactor does not survive a fork")
    print("ready", flush=True)
    for line in sys.stdin:
        arguments, cwd, environ, output, errors = eval(line)
        pid = os.fork()
        if pid == 0:
            _run(arguments, cwd, environ, output, errors)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: list[str], cwd: str, environ: dict[str, str], output: str, errors: str) -> None:
    code = 70
    try:
        for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY), (2, errors, os.O_WRONLY)):
            opened = os.open(path, flags)
            os.dup2(opened, number)
            os.close(opened)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["bewaar", *arguments]
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, encoding="utf-8") for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        from crawler.cli import main

        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as an interpreter does
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    finally:
        _end(code)


def _end(code: int) -> None:
    """As an interpreter ends: what was registered for it runs, and what was written is flushed."""
    import threading

    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the end of a main program does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


@cache
def _keeper(worker: int) -> subprocess.Popen[str]:
    """One for each process of tests."""
    kept = subprocess.Popen(
        [sys.executable, "-c", "from tests.door_keeper import keep; keep()"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert kept.stdout
    assert kept.stdout.readline() == "ready\n"
    atexit.register(kept.kill)
    return kept


def is_fresh(environ: dict[str, str]) -> bool:
    """Whether *environ* tells an interpreter, or its loader, something that only a fresh one obeys."""
    told = {name: value for name, value in environ.items() if name.startswith(("PYTHON", "LD_"))}
    return told != _TOLD


_TOLD = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LD_"))}


def run(
    arguments: list[str], *, cwd: Path | None, environ: dict[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    kept = _keeper(os.getpid())
    assert kept.stdin
    assert kept.stdout
    with tempfile.NamedTemporaryFile() as output, tempfile.NamedTemporaryFile() as errors:
        asked = (arguments, str(cwd or Path.cwd()), environ, output.name, errors.name)
        kept.stdin.write(f"{asked!r}\n")
        kept.stdin.flush()
        code = int(_read_line(kept, timeout_s, arguments))
        said = [Path(file.name).read_text(encoding="utf-8") for file in (output, errors)]
    return subprocess.CompletedProcess(arguments, code, *said)


def _read_line(kept: subprocess.Popen[str], timeout_s: float, arguments: list[str]) -> str:
    import select

    assert kept.stdout
    if not select.select([kept.stdout], [], [], timeout_s)[0]:
        kept.kill()
        _keeper.cache_clear()
        raise subprocess.TimeoutExpired(arguments, timeout_s)
    return kept.stdout.readline()
