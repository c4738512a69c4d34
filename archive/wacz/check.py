"""Checks a WACZ, ours or others', without unpacking it: all that `bewaar verify` holds against a package, its index
lines among them, and the signature. The records in it are verify's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from archive import signing, timestamps
from archive.digests import sha256_chunks
from archive.errors import BadRecord
from archive.wacz.signatures import Expected, check_signed
from archive.warc.indexed import index_faults
from archive.warc.packed import PACKAGE, PACKAGE_DIGEST, is_ours, package_faults
from archive.warc.reader import WarcFile
from archive.warc.verify import Finding, finding_of
from archive.warc.zips import Wacz


@dataclass(slots=True)
class Checked:
    """What was looked at, so that silence can be told from idleness."""

    resources: int = 0
    lines: int = 0
    signer: signing.Signer | None = None
    stamp: timestamps.Stamp | None = None
    #: why a time stamp that is there was not looked at
    stamp_unchecked: str | None = None


def check_wacz(path: Path, checked: Checked, expected: Expected | None = None) -> Iterator[Finding]:
    """Findings as they are made, with what is *expected* of the signature. Never raises for what the file holds."""
    try:
        with WarcFile(path) as file:
            wacz = Wacz(file.fd, file.name, file.limits)
            checked.resources = len(wacz.entries.keys() - {PACKAGE, PACKAGE_DIGEST})
            exact = is_ours(wacz)
            for offset, fault in chain(package_faults(wacz), index_faults(wacz, checked)):
                yield finding_of(str(path), offset, fault, exact=exact)
            yield from _check_signature(path, wacz, checked, expected or Expected())
    except BadRecord as bad:
        yield Finding(str(path), bad.offset, str(bad).partition(f" at {bad.offset}: ")[2], "a WACZ", "none")
    except OSError as error:
        yield Finding(str(path), 0, f"cannot be read: {error.strerror or error}")


def _check_signature(path: Path, wacz: Wacz, checked: Checked, expected: Expected) -> Iterator[Finding]:
    entry = wacz.entries.get(PACKAGE_DIGEST)
    try:
        package = wacz.entries[PACKAGE]
        described, digest = wacz.json(package), sha256_chunks(wacz.chunks(package))
        vouched = wacz.json(entry) if entry else {}
    except (KeyError, BadRecord):
        return  # said by `package_faults`
    signed = vouched.get("signedData") if isinstance(vouched, dict) else None
    created = described.get("created") if isinstance(described, dict) else None
    for what in check_signed(signed, digest, created, expected, checked):
        yield Finding(
            str(path),
            entry.offset if entry else 0,
            f"{PACKAGE_DIGEST}: {what}" if entry else what,
            rule="wacz-signature",
        )
