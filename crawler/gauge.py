"""How far reading is: a bar with the time left on a terminal, a line for each file elsewhere. To standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from crawler.files import Ingested
from crawler.ingestion import Watch


@contextmanager
def gauge() -> Iterator[Watch]:
    if sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield Watch(say=_write, done=lambda done: _write("\n".join(lines_of(done))))


def lines_of(done: Ingested) -> list[str]:
    return [f"{done.file}: {done.captures} captures", *(f"  damaged: {what}" for what in done.damage)]


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
        shown.update(task, description="done")
