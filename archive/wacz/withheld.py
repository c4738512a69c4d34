"""WARC files as others may have them: without the records of what decisions withhold. Members are left out whole, and
those that stay are copied byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.errors import BadRecord, Damaged, WrongUse
from archive.layout import Archive
from archive.manifest import read_manifest
from archive.model import Capture, Place, Record
from archive.store.decisions import may_withhold
from archive.store.rules import Rule, is_withheld, rules_in
from archive.warc.captures import member_bytes, read_captures
from archive.warc.reader import read_records


def rules_of(archive: Archive) -> list[Rule]:
    """What is withheld now. What else may be wrong with decisions is nobody's matter who packs. Raises WrongUse for a
    line that may withhold something and cannot be obeyed."""
    return rules_in(archive.decisions) if may_withhold(archive.decisions) else []


def shown(rules: Sequence[Rule], capture: Capture) -> bool:
    return not is_withheld(rules, capture.url, capture.warc_date)


def first_withheld(rules: Sequence[Rule], paths: Sequence[Path]) -> Path | None:
    """The first file, of any kind, that holds a capture that is withheld."""

    def nothing(_: BadRecord) -> None:
        """What cannot be read is told by whoever packs it."""

    found = (path for path in paths if any(not shown(rules, one) for one in read_captures(path, on_damage=nothing)))
    return next(found, None) if rules else None


class Cutting:
    """Of the files of one package; *folder* takes the copies, each by the name of its file."""

    def __init__(self, archive: Archive, rules: Sequence[Rule], folder: Path) -> None:
        self.rules = rules
        #: captures that were left out
        self.captures = 0
        #: a line for each file of which more is left out than was withheld
        self.problems: list[str] = []
        self._manifest = read_manifest(archive.root)
        self._folder = folder
        #: by file and offset in the copy: the offset in the file
        self._offsets: dict[tuple[str, int], int] = {}

    def see(self, path: Path) -> Path:
        """*path*, or its copy where it holds what is withheld.

        Raises WrongUse where that cannot be cut out, Damaged where the file is not what the manifest says.
        """
        if not self.rules:
            return path
        damage: list[BadRecord] = []
        kept: list[Place] = []
        dropped: set[str] = set()
        for record in read_records(path, on_damage=damage.append):
            if not self._hides(record, dropped):
                kept.append(record.place)
                continue
            if record.place.length == 0:
                raise WrongUse(
                    f"{path} at {record.place.offset}: what is withheld shares its gzip member with other records and"
                    " cannot be left out; --include-withheld packs it"
                )
            dropped.add(record.id)
            self.captures += record.type in ("response", "revisit", "resource")
        if not dropped:
            return path
        self._check(path)
        if damage:
            self.problems.append(f"{path}: holds what is withheld, so {len(damage)} damaged stretches are not packed")
        return self._copy(path, kept)

    def offset(self, place: Place) -> int:
        """Where the record lies in the archive's own file."""
        return self._offsets.get((place.file, place.offset), place.offset)

    def is_cut(self, path: Path) -> bool:
        return path.parent == self._folder

    def _hides(self, record: Record, dropped: set[str]) -> bool:
        return is_withheld(self.rules, record.url, record.date) or record.field("WARC-Concurrent-To") in dropped

    def _copy(self, path: Path, kept: list[Place]) -> Path:
        copy = self._folder / path.name
        with copy.open("xb") as file:
            last = -1
            for place in kept:
                if place.offset == last:  # several records in one member
                    continue
                last = place.offset
                self._offsets[place.file, file.tell()] = place.offset
                for piece in _bytes(path, place):
                    file.write(piece)
        return copy

    def _check(self, path: Path) -> None:
        expected = self._manifest.get(f"warcs/{path.name}")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if expected and found != expected:
            raise Damaged(f"{path}: manifest sha256 {expected}, computed {found}; not packed, see `bewaar verify`")


def _bytes(path: Path, place: Place) -> Iterator[bytes]:
    if place.length == 0:
        raise WrongUse(
            f"{path} at {place.offset}: holds what is withheld, and records that share a gzip member, which are not"
            " copied one by one; --include-withheld packs it whole"
        )
    yield from member_bytes(path, place).chunks()
