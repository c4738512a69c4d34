"""Several sites at once: a process for each, as many side by side as are worth their while. They wait for one another
where they ask the same host, and where they write to the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

from crawler.outcome import DONE, FAULT, INTERRUPTED, LIMITED, PROBLEMS, WRONG_USE

#: a crawl waits for its site most of the time, and costs a core while it does not
AT_ONCE = 4
#: exit codes, the worst last
_BY_GRAVITY = (DONE, LIMITED, PROBLEMS, WRONG_USE, FAULT)


def crawl_together(
    sites: Sequence[str], options: Sequence[str], *, say: Callable[[str, str], None], show: Callable[[str, str], None]
) -> int:
    """Crawl each of *sites* with the same *options* of ``bewaar crawl``; the worst exit code.

    *say* is given each line of progress, behind its site, as it comes; *show* what a crawl printed, at its end.
    """
    codes = run_together(sites, lambda site: ["crawl", *options, "--", site], say, show)
    if INTERRUPTED in codes:
        return INTERRUPTED
    return max(codes, key=lambda code: _BY_GRAVITY.index(code) if code in _BY_GRAVITY else len(_BY_GRAVITY))


def run_together(
    sites: Sequence[str],
    command: Callable[[str], Sequence[str]],
    say: Callable[[str, str], None],
    show: Callable[[str, str], None],
) -> list[int]:
    """Run what *command* makes of each of *sites*, a verb of ``bewaar`` and its arguments; the exit codes.

    Ctrl-C and SIGTERM go to each process once: a terminal's own would reach it a second time, which means "at once".
    """
    runs = _Runs(command, say, show)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(runs.run, site) for site in sites]
        # Nothing stands outside the try: a signal there would leave the processes to run to their ends.
        while True:
            try:
                wait(running)
                break
            except KeyboardInterrupt:
                runs.interrupt()
    return [future.result() for future in running]


class _Runs:
    def __init__(
        self,
        command: Callable[[str], Sequence[str]],
        say: Callable[[str, str], None],
        show: Callable[[str, str], None],
    ) -> None:
        self._command, self._say, self._show = command, say, show
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._interrupted = False

    def run(self, site: str) -> int:
        command = [sys.executable, "-P", "-m", "crawler.cli", *self._command(site)]
        with self._lock:
            if self._interrupted:
                return INTERRUPTED
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                errors="replace", process_group=0,
            )  # fmt: skip
            self._running.add(process)
        assert process.stdout
        assert process.stderr
        printed: list[str] = []
        taking = threading.Thread(target=lambda out=process.stdout: printed.append(out.read()), daemon=True)
        taking.start()
        for line in process.stderr:
            self._say(site, line.rstrip("\n"))
        code = process.wait()
        if code in (-signal.SIGINT, -signal.SIGTERM):  # before Python had begun
            code = INTERRUPTED
        taking.join()
        with self._lock:
            self._running.discard(process)
            self._show(site, printed[0] if printed else "")
        return code

    def interrupt(self) -> None:
        with self._lock:
            self._interrupted = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGINT)
