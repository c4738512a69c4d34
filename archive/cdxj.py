"""CDXJ: one line for each capture, sorted by SURT key and time, that replay looks captures up in.

A line is ``urlkey time {json}`` (CDXJ 0.1, 4): the key as `archive.urls` makes it, the time in 14 digits, and a JSON
object whose values are all strings, whatever they count. pywb, ReplayWeb.page and cdxj-indexer read and write the same.
"""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from archive import times
from archive.digests import sha256_chunks
from archive.errors import BadRecord, WrongUse
from archive.faults import fault
from archive.model import Capture, Record
from archive.warc.captures import member_bytes, read_with_captures
from archive.warc.drafts import draft
from archive.warc.reader import INSIDE, stored_in

#: characters of lines held in memory at a time; what is more is sorted on disk
SORTED_IN_MEMORY = 32 << 20


def cdxj_line(capture: Capture, *, record_digest: str | None = None) -> str:
    """The line of *capture*, without its line end. *record_digest* is over the gzip member, as WACZ asks for it.

    What the record does not have is left out. The digest is the one the file declares, so that a revisit finds its
    original; ours stands in where there is none.
    """
    fields = {
        "url": capture.url,
        "mime": "warc/revisit" if capture.type == "revisit" else capture.mime,
        "status": capture.status,
        "digest": capture.declared_digest or capture.payload_digest,
        "length": capture.place.length,
        "offset": capture.place.offset,
        "filename": capture.place.file,
        "recordDigest": record_digest,
    }
    block = json.dumps({name: str(value) for name, value in fields.items() if value is not None})
    return f"{capture.urlkey} {times.digits14(capture.warc_date)} {block}"


def cdxj_index(captures: Iterable[Capture]) -> Iterator[str]:
    """The lines of an index, in the order of ``LC_ALL=C sort``. Failed fetches have no place in it: there is nothing to
    replay.
    """
    yield from sort_lines(cdxj_line(capture) for capture in captures if capture.type != "failure")


def index_files(
    paths: Iterable[Path],
    *,
    on_damage: Callable[[BadRecord], None],
    record_digests: bool = False,
    through_zips: bool = False,
    shown: Callable[[Capture], bool] = lambda _: True,
) -> Iterator[str]:
    """The index of WARC, ARC and WACZ files. What cannot be read or looked up is told, and left out. *through_zips*:
    places in a WACZ are where the bytes lie in the zip, for programs that read it without knowing; what is not stored
    in it as it is has none."""
    return sort_lines(
        line
        for path in paths
        for line in _file_lines(path, on_damage, shown, record_digests=record_digests, through_zips=through_zips)
    )


def _file_lines(
    path: Path,
    on_damage: Callable[[BadRecord], None],
    shown: Callable[[Capture], bool],
    *,
    record_digests: bool,
    through_zips: bool,
) -> Iterator[str]:
    starts = stored_in(path) if through_zips else {}
    packed: set[str] = set()
    for record, found in read_with_captures(path, on_damage=on_damage):
        if found and shown(found):
            capture = as_indexed(record, found)
            if through_zips and INSIDE in (file := capture.place.file):
                if file not in starts:
                    if file not in packed:
                        on_damage(BadRecord(file, 0, "is compressed in the zip: its records have no place there"))
                    packed.add(file)
                    continue
                offset = capture.place.offset + starts[file]
                capture = replace(capture, place=replace(capture.place, file=file.partition(INSIDE)[0], offset=offset))
            if record_digests and INSIDE in found.place.file:
                raise WrongUse(f"{path}: the records of a WACZ have their digests in its own index")
            digest = sha256_chunks(member_bytes(path, capture.place).chunks()) if record_digests else None
            yield cdxj_line(capture, record_digest=digest)


def as_indexed(record: Record, capture: Capture) -> Capture:
    """The line ends behind a record are not of its length in an index, where its file is not compressed: so have it
    cdxj-indexer and pywb."""
    if not record.padding:
        return capture
    return replace(capture, place=replace(capture.place, length=capture.place.length - record.padding))


def as_rows(lines: Iterable[str]) -> Iterator[str]:
    """One JSON array, in pieces: each line an object, with its key and time beside its other fields."""
    opening = "[\n"
    for line in lines:
        key, time, block = line.split(" ", 2)
        yield f"{opening}  {json.dumps({'urlkey': key, 'timestamp': time} | json.loads(block))}"
        opening = ",\n"
    yield f"{opening if opening.startswith('[') else chr(10)}]\n"


def write_index(path: Path, pieces: Iterable[str]) -> None:
    """Raises ArchiveFault; *path* is then as it was."""
    with draft(path, replace=True) as file:
        for piece in pieces:
            file.write(piece.encode())


def sort_lines(lines: Iterable[str], *, in_memory: int = SORTED_IN_MEMORY) -> Iterator[str]:
    """*lines*, each once, in the order of ``LC_ALL=C sort``, however many they are. Raises ArchiveFault."""
    # Keys and JSON are ASCII, so code points sort as bytes do.
    runs: list[IO[str]] = []
    held: list[str] = []
    size = 0
    try:
        for line in lines:
            held.append(line)
            size += len(line)
            if size > in_memory:
                runs.append(_write_run(sorted(held)))
                held, size = [], 0
        before = None
        for line in heapq.merge(*(map(_without_end, run) for run in runs), sorted(held)):
            if line != before:
                yield line
            before = line
    finally:
        for run in runs:
            run.close()


def _write_run(lines: list[str]) -> IO[str]:
    try:
        run = tempfile.TemporaryFile("w+", encoding="ascii", newline="\n", prefix="bewaar-")  # noqa: SIM115  # read later
        run.writelines(f"{line}\n" for line in lines)
        run.seek(0)
    except OSError as error:
        raise fault(Path(tempfile.gettempdir()) / "temporary file", error) from error
    return run


def _without_end(line: str) -> str:
    return line.removesuffix("\n")
