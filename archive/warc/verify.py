"""Checks WARC, ARC and WACZ files: every record read, every declared digest computed again, every header held against
the standard. Reports file, offset, what was expected and what was found.

What is broken is a failure, whoever wrote it. What departs from the letter of the standard is a failure in our own
files, a warning in others'.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archive.errors import BadRecord
from archive.warc.judge import damage_of, judge
from archive.warc.ledger import Ledger, Told, note
from archive.warc.reader import WarcFile, open_files
from archive.warc.rules import Fault
from archive.warc.stretches import judge_in_stretches

#: how files of records are named
NAMES = (".warc.gz", ".warc", ".arc.gz", ".arc", ".wacz")

_OURS = re.compile(rb"^software:[ \t]*bewaar/", re.IGNORECASE | re.MULTILINE)
_MOST_INFO_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Finding:
    file: str
    offset: int
    #: one line for a person
    what: str
    expected: str = ""
    found: str = ""
    severity: Literal["failure", "warning"] = "failure"
    #: a name for scripts, such as ``block-digest``
    rule: str = ""


@dataclass(slots=True)
class Checked:
    """Counts what was looked at, so that silence can be told from idleness."""

    files: int = 0
    records: int = 0
    #: tombstones among them: records that are not missing but were erased
    erased: int = 0
    #: of the indexes in WACZ files
    lines: int = 0


def warc_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among *paths*, and those of records in the directories among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                found for found in path.rglob("*") if found.name.lower().endswith(NAMES) and found.is_file()
            )
        else:
            yield path


def verify_file(path: Path, checked: Checked, *, strict: bool = False) -> Iterator[Finding]:
    """Findings on one file alone. Never raises for what it holds."""
    verification = Verification(checked, strict=strict)
    yield from verification.file(path)
    yield from verification.end()


class Verification:
    """Files one after the other, and at the `end` what they hold between them."""

    def __init__(self, checked: Checked, *, strict: bool = False) -> None:
        self._checked, self._strict = checked, strict
        self._ledger = Ledger()
        #: of each file, whether a departure is a failure in it
        self._exact: list[bool] = []

    def file(self, path: Path) -> Iterator[Finding]:
        self._checked.files += 1
        try:
            with WarcFile(path) as file:
                yield from self._wacz(path, file) if file.is_zip else self._records(str(path), file, path)
        except OSError as error:
            yield Finding(
                str(path), 0, f"cannot be read: {error.strerror}", "a file", str(error.strerror), rule="unreadable"
            )

    def end(self, elsewhere: Iterable[Path] = ()) -> Iterator[Finding]:
        """Ids that stand twice, and records that name one that is neither in the files nor *elsewhere*, which is read
        only where there are such, or is not what they take it for."""
        self._checked.erased = self._ledger.erased
        for told in self._ledger.twice():
            yield self._told(told)
        if next(self._ledger.misled(), None) is not None:
            for path in elsewhere:
                self._learn(path)
            for told in self._ledger.misled():
                yield self._told(told)
        self._ledger.close()

    def _records(self, name: str, file: WarcFile, path: Path | None = None) -> Iterator[Finding]:
        exact = self._strict or is_ours(file)
        found_in = judge_in_stretches(path, file, judge) if path else judge(file, 0, None)
        self._exact.append(exact)
        number, records, damaged = self._ledger.open_file(name), 0, False
        for found in found_in:
            if isinstance(found, tuple):
                records += 1
                self._ledger.take(number, found)
            else:
                damaged = damaged or found.fault.rule == "record"
                yield finding_of(name, found.offset, found.fault, exact=exact)
        if not records and not damaged:
            yield Finding(name, 0, "holds no record", "a record", "none", rule="empty")
        self._checked.records += records

    def _wacz(self, path: Path, file: WarcFile) -> Iterator[Finding]:
        from archive.warc import packed
        from archive.warc.indexed import index_faults
        from archive.warc.zips import Wacz

        try:
            wacz = Wacz(file.fd, file.name, file.limits)
        except BadRecord as bad:
            yield finding_of(str(path), bad.offset, damage_of(bad).fault, exact=True)
            return
        exact = self._strict or packed.is_ours(wacz)
        for offset, fault in itertools.chain(packed.package_faults(wacz), index_faults(wacz, self._checked)):
            yield finding_of(str(path), offset, fault, exact=exact)
        # What is wrong with the zip was said above.
        for inner in open_files(path, on_damage=lambda _: None):
            yield from self._records(f"{path}{inner.name.removeprefix(file.name)}", inner)

    def _learn(self, path: Path) -> None:
        try:
            for file in open_files(path, on_damage=lambda _: None):
                for record, cursor in file.scan(on_damage=lambda _: None):
                    self._ledger.take(None, note(record, cursor.first, 0, 0))
        except (BadRecord, OSError):  # it is not what was to be verified
            return

    def _told(self, told: Told) -> Finding:
        return finding_of(told.file, told.offset, told.fault, exact=self._exact[told.number])


def finding_of(file: str, offset: int, fault: Fault, *, exact: bool) -> Finding:
    """*exact*: a departure is a failure in it."""
    severity: Literal["failure", "warning"] = "warning" if fault.departure and not exact else "failure"
    return Finding(file, offset, fault.what, fault.expected, fault.found, severity, fault.rule)


def is_ours(file: WarcFile) -> bool:
    """Whether Bewaar wrote it, as its first record says."""
    try:
        first, _ = next(file.scan(), (None, None))
    except BadRecord:
        return False
    if first is None or first.type != "warcinfo":
        return False
    return _OURS.search(b"".join(first.block.chunks(0, _MOST_INFO_BYTES))) is not None
