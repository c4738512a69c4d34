"""What reading one record, or one page, may cost, and the process that is ended when it costs more."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

#: for one record; what ends a crawl's reader must end all others too, or rows would differ by who wrote them
RECORD_TIMEOUT_S = 60.0
#: address space of a process that reads
MEMORY_BYTES = 3 << 30
#: bodies beyond this are captures, not pages: nobody reads them, and parsing costs memory
PAGE_MAX_BYTES = 16 << 20
#: the problem of a record that ended a reader
GAVE_UP = "reader gave up"
TOO_LARGE = "too large to be read"


def too_large(size: int) -> str:
    return f"{size} bytes of HTML, limit {PAGE_MAX_BYTES}"


def bind_memory() -> None:
    """Of this process, for the rest of its life."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


@contextmanager
def reader_process(read: Callable[..., None], *what: object) -> Iterator[tuple[Connection, SpawnProcess]]:
    """A process that calls *read* with an end of a pipe and *what*; the other end is ours. It is ended when we are done
    with it; how long it may say nothing is for the caller to watch."""
    # A fresh interpreter: this process may have SQLite open, which does not survive a fork.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_bound, args=(theirs, read, what), daemon=True)
    # It begins with importing, for a second: of a Ctrl-C then Python would tell, with a traceback. (multiprocessing's
    # own helper, where it is not there yet, would unblock the signal.)
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    try:
        yield ours, process
    finally:
        process.kill()
        process.join()
        ours.close()


def _bound(channel: Connection, read: Callable[..., None], what: tuple[object, ...]) -> None:
    """The process itself."""
    # Ctrl-C goes to the whole group; who started us ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    bind_memory()
    read(channel, *what)
