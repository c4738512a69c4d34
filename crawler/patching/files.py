"""What the captures in WARC files say of what their pages need, without an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.errors import Damaged, WrongUse
from archive.model import HTML, Place, Reading, Record
from archive.report.completeness import Asked
from archive.warc.reader import WarcFile, open_files, open_warc
from crawler.events import Event, events
from crawler.reading import GOOD, Reader


def asked_in(files: Iterable[Path]) -> list[Asked]:
    """All files together are taken for one crawl. What is damaged in them is passed over: `bewaar verify` names it.
    Raises WrongUse for a file of which no record can be read."""
    places: dict[str, tuple[Path, Place]] = {}

    def original(record_id: str) -> Record | None:
        if record_id not in places:
            return None
        folder, place = places[record_id]
        try:
            with open_warc(folder, place.file) as file:
                return file.read(place.offset, place.length)
        except (OSError, Damaged):
            return None

    reader = Reader(facts=False, find_original=original)
    read: Counter[Path] = Counter()
    found = []
    for path in files:
        for file in open_files(path, on_damage=_pass):
            with file:
                for event in events(_counted(file, path, read)):
                    if not isinstance(event, Event) or not event.record.url:
                        continue
                    places.setdefault(event.record.id, (path.parent, event.record.place))
                    found.append(_asked(reader.read(event)))
        if not read[path]:
            raise WrongUse(f"{path}: no WARC, ARC or WACZ file, or not one of its records can be read")
    return found


def _counted(file: WarcFile, path: Path, read: Counter[Path]) -> Iterator[Record]:
    for record, _ in file.scan(on_damage=_pass):
        read[path] += 1
        yield record


def _pass(_: Damaged) -> None:
    return None


def _asked(reading: Reading) -> Asked:
    capture = reading.capture
    failed = capture.type == "failure"
    status = capture.status
    is_good = status is None or status in GOOD or (status == 304 and capture.type == "revisit")
    is_page = capture.page_key is not None and not failed and is_good and capture.mime in HTML
    urls = reading.urls
    return Asked(
        url=capture.url,
        status=status,
        failed=failed,
        error=capture.error,
        truncated=capture.truncated,
        redirect_to=next((link.url for link in reading.links if link.hop == "R"), None),
        is_page=is_page,
        needs=urls.urls if urls is not None and urls.kind == "needs" else None,
    )
