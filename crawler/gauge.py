"""How far reading is: a bar with the time left on a terminal, a line for each file elsewhere. To standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archive.counted import counted
from crawler.files import Ingested
from crawler.ingestion import Watch

#: between two lines that say how long it takes, where there is no terminal
PLAIN_S = 30.0


@contextmanager
def gauge() -> Iterator[Watch]:
    if sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield plain(_write)


def plain(say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> Watch:
    """A line for each file, and now and then one that says how long it takes."""
    began = said_at = clock()
    total = 0
    reached: dict[str, int] = {}

    def begin(size: int) -> None:
        nonlocal began, said_at, total
        began = said_at = clock()
        total = size

    def at(file: str, offset: int) -> None:
        nonlocal said_at
        reached[file] = offset
        now, read = clock(), sum(reached.values())
        if now - said_at < PLAIN_S or not 0 < read <= total:
            return
        said_at = now
        say(f"{read / total:.0%} of {total >> 20} MiB read, {(now - began) * (total - read) / read:.0f} s left")

    return Watch(begin=begin, say=say, at=at, done=lambda done: say("\n".join(lines_of(done))))


def lines_of(done: Ingested) -> list[str]:
    return [f"{done.file}: {counted(capture=done.captures)}", *(f"  damaged: {what}" for what in done.damage)]


def _write(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console  # as much to load as a small file to read
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task("taking the files in", total=None)
        reached: dict[str, int] = {}

        def begin(size: int) -> None:
            shown.update(task, description="reading", total=size)

        def at(file: str, offset: int) -> None:
            # Offsets in a file that lies in a WACZ begin at 0 again: the last one counts.
            reached[file] = offset
            shown.update(task, completed=sum(reached.values()))

        def done(ingested: Ingested) -> None:
            for line in lines_of(ingested):
                shown.console.print(line, markup=False, highlight=False)

        yield Watch(begin=begin, say=lambda line: shown.console.print(line, markup=False), at=at, done=done)
        shown.update(task, description="done", completed=shown.tasks[0].total or 0)
