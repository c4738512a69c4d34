"""What logos suggest, as rows for whoever reviews: two organisations that may be one, a logo that may be somebody's, a
name that stands on a logo in letters. Computed when asked for: no fact's value, and no row of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archive.model import Place
from archive.pictures.ocr import Letters
from archive.store import payloads_in
from archive.store.lookalikes import agreement, lookalikes, recognised, unnamed
from archive.store.payloads import picture_in


@dataclass(frozen=True, slots=True)
class Suggestion:
    #: same logo: *subject* and *suggestion* are organisations shown with one picture. recognised: *subject* is a logo
    #: nothing names, *suggestion* the organisation whose logo it looks like. read: *suggestion* stands on the logo
    kind: Literal["same logo", "recognised", "read"]
    #: None where it holds over all sites
    site: str | None
    role: str | None
    subject: str
    suggestion: str
    #: 0 to 1: the part of the look's bits that agree, or Tesseract's own for what it read
    confidence: float
    #: payload digest of the subject's logo, and a capture that shows it
    digest: str
    record_id: str
    #: the same of the suggestion's
    other_digest: str | None = None
    other_record_id: str | None = None


def suggest(connection: sqlite3.Connection) -> Iterator[Suggestion]:
    """By what logos look like; the surest of a kind first, each pair once."""
    for pair in lookalikes(connection):
        yield Suggestion(
            "same logo", None, None, pair.organisation, pair.other, agreement(pair.distance),
            pair.digest, pair.record_id, pair.other_digest, pair.other_record_id,
        )  # fmt: skip
    for logo in recognised(connection):
        yield Suggestion(
            "recognised", logo.site, logo.role, logo.subject, logo.organisation, agreement(logo.distance),
            logo.digest, logo.record_id, logo.other_digest, logo.other_record_id,
        )  # fmt: skip


def read_names(connection: sqlite3.Connection, warcs: Path) -> Iterator[Suggestion]:
    """What stands on the logos that nothing names. Raises WrongUse where Tesseract is not there, before the first."""
    letters = Letters()
    read = payloads_in(warcs)
    for logo in list(unnamed(connection)):
        payload = read(Place(logo.file, logo.offset, logo.length), logo.digest)
        picture = picture_in(payload) if payload is not None else None
        found = letters.read(picture) if picture is not None else None
        if found is not None:
            yield Suggestion(
                "read", logo.site, logo.role, logo.subject, found.text, found.confidence, logo.digest, logo.record_id
            )
