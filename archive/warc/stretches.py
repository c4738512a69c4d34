"""A large file judged by several processes, a stretch each, with the findings of one reading it from end to end.

Where a stretch begins is a guess: what looks like a record there may lie inside another's block. A stretch is taken
only if the one before it, judged exactly, ends where it begins; else it is judged again from there.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from archive.warc.reader import WarcFile

STRETCH_BYTES = 8 << 20
#: smaller ones where the file is small, so that no process is left with much more than another
_STRETCHES_EACH = 8
_LEAST_BYTES = 1 << 20
#: a worker goes on while so many findings wait to be taken
_HELD = 20_000

#: an end of a pipe: a Connection
End = Any
#: judges the records from one offset up to another; yields what it finds, returns where the next record may begin
Judge = Callable[[WarcFile, int, int | None], Generator[Any, None, int | None]]


def workers() -> int:
    """How many processes are worth their while: one where this one has threads, which a fork would lose."""
    if threading.active_count() > 1 or not hasattr(os, "fork"):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def judge_in_stretches(
    path: Path, file: WarcFile, judge: Judge, *, processes: int | None = None, stretch_bytes: int | None = None
) -> Iterator[Any]:
    """What *judge* finds in all of *file*, which lies at *path*, in its order."""
    processes = processes or workers()
    if stretch_bytes is None:
        stretch_bytes = min(STRETCH_BYTES, max(_LEAST_BYTES, file.size // (processes * _STRETCHES_EACH)))
    count = -(-file.size // stretch_bytes)
    processes = min(processes, count)
    if processes < 2:
        yield from judge(file, 0, None)
        return
    context: Any = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(processes)]
    started = []
    try:
        for n, (_, sender) in enumerate(pipes):
            readers = [reader for reader, _ in pipes]
            senders = [other for other, _sender in enumerate(pipes) if other != n]
            closing = [*readers, *(pipes[other][1] for other in senders)]
            work = (path, judge, range(n, count, processes), stretch_bytes, sender, closing)
            started.append(context.Process(target=_work, args=work, daemon=True))
            started[-1].start()
        for _, sender in pipes:
            sender.close()  # so that a worker that dies is the end of its pipe
        at: int | None = 0
        for n in range(count):
            at = yield from _take(file, judge, pipes[n % processes][0], at, (n + 1) * stretch_bytes)
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.join()
        for reader, _ in pipes:
            reader.close()


def _take(file: WarcFile, judge: Judge, reader: End, at: int | None, stop: int) -> Generator[Any, None, int | None]:
    """What the worker found if it began *at* where the stretch before ended; else what is found from there."""
    taken, fits = 0, False
    try:
        begun = reader.recv()
        fits = at is not None and begun == at < stop
        while isinstance(held := reader.recv(), list):
            if fits:
                taken += len(held)
                yield from held
        after: int | None = held[0]
        if fits:
            return after
    except (EOFError, OSError):  # it died, killed for want of memory, say: the rest is ours to do
        pass
    if at is None or at >= stop:
        return at
    found = judge(file, at, stop)
    for _ in range(taken):
        next(found)
    return (yield from found)


def _work(  # noqa: PLR0917  # a process takes its arguments by place
    path: Path, judge: Judge, stretches: range, stretch_bytes: int, sender: End, closing: list[End]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # how the parent ends us
    for other in closing:
        other.close()
    try:
        with WarcFile(path) as file:
            for n in stretches:
                start = file.find_record(n * stretch_bytes) if n else 0
                stop = (n + 1) * stretch_bytes
                sender.send(start)
                end = _send(judge(file, start, stop), sender) if start is not None and start < stop else None
                sender.send((end,))
    except OSError:  # nobody wants to know any more, or the file cannot be read: our end of the pipe tells
        return


def _send(found: Generator[Any, None, int | None], sender: End) -> int | None:
    returned: list[int | None] = []

    def told() -> Iterator[Any]:
        returned.append((yield from found))

    telling = told()
    while held := list(itertools.islice(telling, _HELD)):
        sender.send(held)
    return returned[0]
