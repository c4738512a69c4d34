"""Stands in for the interpreter that Bewaar starts its processes with: what is started becomes a fork of a process that
has imported all of Bewaar and read a page, and so does what that starts in turn. It has its own id, arguments,
environment, directory and open files, can be signalled and killed, and is spared 1.5 s of imports and patterns.

One server listens on a socket. A program that takes the place of the interpreter asks it for a fork, hands its open
files over, passes on the signals it gets, and ends as the fork ends; the fork does not outlive it. Tests that starve a
command, or kill it also while it starts, start a fresh interpreter (`tests.front_door.start_afresh`), and so do those
that ask what is imported.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

_CLIENT = """#!{python} -ISE
import os, signal, socket, sys

def is_handed_on(fd):
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False

numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
files = [fd for fd in map(int, os.listdir("/proc/self/fd")) if is_handed_on(fd)]
server = socket.socket(socket.AF_UNIX)
server.connect({server!r})
asked = repr((sys.argv[1:], os.getcwd(), dict(os.environ), files)).encode()
socket.send_fds(server, [len(asked).to_bytes(4, "big")], files)
server.sendall(asked)
answer = server.makefile("r")
pid = int(answer.readline())
for number in numbers:
    signal.signal(number, lambda number, _: os.kill(pid, number))
signal.pthread_sigmask(signal.SIG_SETMASK, before)
code = int(answer.readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
os._exit(code)
"""

#: what crawls, their readers and the other commands import; nothing of it may install a reactor
PRELOADED = (
    "crawler.cli", "crawler.begin", "crawler.run", "crawler.upgrade", "crawler.follow", "crawler.alerting.tell",
    "crawler.alerting.gather", "crawler.alerting.digest", "crawler.alerting.send", "crawler.schedule.keeper",
    "crawler.audit.audit", "crawler.capture.extension", "crawler.capture.handler", "crawler.scheduler", "crawler.extract",
    "crawler.spiders.reader", "crawler.politeness.downloader", "crawler.spiders.site", "crawler.rebuild",
    "crawler.ingestion", "archive.store", "archive.warc.verify", "archive.proof", "uvloop", "archive.marker",
    "crawler.spiders.memento", "scrapy.extensions.feedexport", "scrapy.extensions.closespider",
)  # fmt: skip
#: of descriptors while they are moved to where they belong
_ABOVE = 500


class StandIn:
    """Context manager. *environ* is the server's, and so what it was loaded with."""

    def __init__(self, place: Path, environ: Mapping[str, str]) -> None:
        self.program = place / "python"
        self._socket, self._environ = place / "stand-in", dict(environ)

    def __enter__(self) -> Self:
        self.program.write_text(_CLIENT.format(python=sys.executable, server=str(self._socket)))
        self.program.chmod(0o755)
        code = "import sys; from tests.stand_in import serve; serve(*sys.argv[1:])"
        self._server = subprocess.Popen(
            [sys.executable, "-c", code, str(self._socket), str(self.program)], env=self._environ, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        assert self._server.stdout
        assert self._server.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.kill()
        self._server.communicate()

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """``bewaar`` with these arguments."""
        return subprocess.Popen(
            [self.program, "-m", "crawler.cli", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self._environ,
        )  # fmt: skip

    def run(
        self, arguments: list[str], *, cwd: Path, environ: Mapping[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """``bewaar`` with these arguments, to its end. Raises TimeoutExpired; it is killed then."""
        with (
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile("w+", encoding="utf-8") as output,
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
            socket.socket(socket.AF_UNIX) as server,
        ):
            server.settimeout(timeout_s)
            server.connect(str(self._socket))
            asked = repr((["-m", "crawler.cli", *arguments], str(cwd), dict(environ), [0, 1, 2])).encode()
            socket.send_fds(
                server, [len(asked).to_bytes(4, "big")], [file.fileno() for file in (nothing, output, errors)]
            )
            server.sendall(asked)
            answer = server.makefile("r")
            answer.readline()  # its id
            try:
                code = int(answer.readline())
            except TimeoutError as error:
                raise subprocess.TimeoutExpired(arguments, timeout_s) from error
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


@cache
def stand_in(_worker: int, library: str = "") -> StandIn:
    """That of a process of tests, as long as it lives; with *library* loaded under it, one of its own."""
    place = tempfile.TemporaryDirectory(prefix="bewaar-tests-")
    atexit.register(place.cleanup)
    loaded = {"LD_PRELOAD": library} if library else {}
    opened = StandIn(Path(place.name), os.environ | loaded).__enter__()
    atexit.register(opened.__exit__, None, None, None)
    return opened


def serve(place: str, program: str) -> None:
    import gc
    import importlib
    import select
    import signal

    for name in PRELOADED:
        importlib.import_module(name)
    _read_a_page()
    if "twisted.internet.reactor" in sys.modules:
        raise SystemExit("a reactor does not survive a fork")
    gc.freeze()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen(64)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listening, woken, *waiting.values()], [], [])
        if listening in ready:
            asking, _ = listening.accept()
            head, files, _, _ = socket.recv_fds(asking, 4, 250)
            text = asking.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                arguments, cwd, environ, numbers = eval(text)
                _become(program, arguments, cwd, environ, dict(zip(numbers, files, strict=True)))
            for file in files:
                os.close(file)
            asking.sendall(b"%d\n" % pid)
            waiting[pid] = asking
        for pid, asked in waiting.items():
            if asked in ready:  # whoever asked was killed
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if woken in ready:
            os.read(woken, 1 << 16)
            while waiting:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                with waiting.pop(pid) as asked:
                    try:
                        asked.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
                    except OSError:
                        continue  # whoever asked was killed


def _read_a_page() -> None:
    """Compiles what is looked for on pages, which each process would do with the first it reads."""
    from archive.model import Page
    from crawler.extract import extract_styled, page_text
    from crawler.extract.hints import Hints
    from crawler.tree import parse

    text = "<!DOCTYPE html><title>a</title><h1>Members</h1><ul><li>Alpha Trust<li>Beta Trust</ul>"
    tree = parse(text)
    page_text(tree)
    extract_styled(Page("http://a.test/", text.encode(), text, "utf-8", (), 200), tree, Hints())


def _become(program: str, arguments: list[str], cwd: str, environ: dict[str, str], files: dict[int, int]) -> None:
    import fcntl
    from multiprocessing.spawn import set_executable

    os.setpgid(0, 0)
    moved = {number: fcntl.fcntl(file, fcntl.F_DUPFD, _ABOVE) for number, file in files.items()}
    os.closerange(0, _ABOVE)
    for number, file in moved.items():
        os.dup2(file, number)
    os.closerange(_ABOVE, 2 * _ABOVE)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    if "DISK_STATE" in environ:  # tests.disk; its library was loaded before it had that
        ctypes.CDLL(None).disk_begin()
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8") for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    sys.executable = program
    set_executable(program)  # that of multiprocessing, which has looked for it already
    code = 70
    try:
        code = _main(arguments)
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


def _main(arguments: list[str]) -> int:
    flags = [argument for argument in arguments if argument in {"-P", "-B", "-S", "-I"}]
    match arguments[len(flags) :]:
        case ["-m", "crawler.follow" as module, *rest]:
            from crawler.follow import main as follow

            sys.argv = [module, *rest]
            return follow()
        case ["-m", "crawler.cli", *rest]:
            from crawler.cli import main

            sys.argv = ["bewaar", *rest]
            main()
        case ["-c", code, *rest]:  # of multiprocessing
            sys.argv = ["-c", *rest]
            exec(code, {"__name__": "__main__"})
        case _:
            os.execv(sys.orig_argv[0], [sys.orig_argv[0], *arguments])
    return 0
