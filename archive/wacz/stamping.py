"""A time stamp for the signature of a package: asked for when it is made, or put into one that is there."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cryptography import x509

from archive import signing, timestamps
from archive.digests import sha256_chunks
from archive.errors import BadRecord, Damaged, WrongUse
from archive.timestamps import Stamp
from archive.warc.drafts import draft
from archive.warc.packed import PACKAGE, PACKAGE_DIGEST
from archive.warc.reader import WarcFile
from archive.warc.zips import Wacz

#: sends a request to the authority at a URL, and returns its reply; this package is not on the network
Ask = Callable[[str, bytes], bytes]
#: ``signedData`` to the fields that a time stamp adds to it, and what it says
Stamper = Callable[[Mapping[str, Any]], tuple[Mapping[str, str], Stamp]]
_PIECE_BYTES = 1 << 20


def by_asking(ask: Ask, url: str, roots: Sequence[x509.Certificate]) -> Stamper:
    """Raises WrongUse for what is no URL of an authority."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUse(f"{url!r} is not the URL of a time stamp authority, such as http://tsa.example.org/tsr")

    def stamper(signed: Mapping[str, Any]) -> tuple[Mapping[str, str], Stamp]:
        query = timestamps.make_query(signed, nonce=True)
        reply = ask(url, query.data)
        try:
            return timestamps.take_reply(reply, signed, nonce=query.nonce, roots=roots)
        except timestamps.BadStamp as error:
            raise timestamps.BadStamp(f"{url}: {error}") from error

    return stamper


def by_reply(path: Path, roots: Sequence[x509.Certificate]) -> Stamper:
    """Raises WrongUse for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            reply = file.read(timestamps.LARGEST_REPLY_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}") from error

    def stamper(signed: Mapping[str, Any]) -> tuple[Mapping[str, str], Stamp]:
        try:
            return timestamps.take_reply(reply, signed, roots=roots)
        except timestamps.BadStamp as error:
            raise timestamps.BadStamp(f"{path}: {error}") from error

    return stamper


def write_query(package: Path, query: Path) -> None:
    """What to hand to an authority, for the signature of *package*. Raises WrongUse, Damaged, ArchiveFault."""
    with WarcFile(package) as file:
        signed = _vouched(package, _opened(package, file))["signedData"]
    with draft(query) as sink:
        sink.write(timestamps.make_query(signed, nonce=False).data)


def stamp_package(package: Path, stamper: Stamper) -> Stamp:
    """Put a time stamp into *package*; it is as it was where that fails. Raises WrongUse where it is not signed, has a
    time stamp already or is none of the kind, BadStamp, Damaged, ArchiveFault."""
    with WarcFile(package) as held:
        wacz = _opened(package, held)
        vouched = _vouched(package, wacz)
        if "timeSignature" in vouched["signedData"]:
            raise WrongUse(f"{package}: has a time stamp already")
        if any(other.offset > wacz.entries[PACKAGE_DIGEST].offset for other in wacz.entries.values()):
            raise WrongUse(f"{package}: {PACKAGE_DIGEST} is not the last file in it: it can take no time stamp")
        fields, stamp = stamper(vouched["signedData"])
        vouched["signedData"] |= fields
        with package.open("rb") as file, draft(package, replace=True) as sink:
            os.fchmod(sink.fileno(), os.fstat(file.fileno()).st_mode & 0o7777)
            _copy_with(file, json.dumps(vouched, indent=2).encode(), sink)
    return stamp


def _copy_with(file: IO[bytes], data: bytes, sink: IO[bytes]) -> None:
    """The ZIP byte for byte up to its last file, which holds *data* instead, and the directory that goes with it."""
    with zipfile.ZipFile(file) as held:
        *before, last = sorted(held.infolist(), key=lambda entry: entry.header_offset)
        comment = held.comment
    file.seek(0)
    left = last.header_offset
    while left and (piece := file.read(min(left, _PIECE_BYTES))):
        sink.write(piece)
        left -= len(piece)
    renewed = zipfile.ZipInfo(last.filename, last.date_time)
    renewed.compress_type, renewed.external_attr = zipfile.ZIP_DEFLATED, last.external_attr
    # zipfile begins to write where the file stands, and the places of what it is told of are kept
    with zipfile.ZipFile(sink, "w") as written:
        written.filelist = before
        written.NameToInfo = {entry.filename: entry for entry in before}
        written.comment = comment
        written.writestr(renewed, data)


def _opened(package: Path, file: WarcFile) -> Wacz:
    """Raises WrongUse, Damaged."""
    try:
        wacz = Wacz(file.fd, str(package), file.limits)
    except BadRecord as bad:
        raise WrongUse(f"{bad}; not a WACZ") from bad
    for offset, fault in wacz.faults:
        raise Damaged(f"{package} at {offset}: {fault.what}")
    return wacz


def _vouched(package: Path, wacz: Wacz) -> dict[str, Any]:
    """datapackage-digest.json of a package whose signature holds. Raises WrongUse, Damaged."""
    try:
        entry, vouched = wacz.entries[PACKAGE], wacz.json(wacz.entries[PACKAGE_DIGEST])
    except KeyError as error:
        raise WrongUse(f"{package}: no {error.args[0]}: it is not a signed WACZ") from error
    signed = vouched.get("signedData") if isinstance(vouched, dict) else None
    if not isinstance(signed, dict):
        raise WrongUse(f"{package}: not signed, and a time stamp is over the signature; pack it with --sign KEY")
    try:
        signing.check(signed, sha256_chunks(wacz.chunks(entry)))
    except signing.BadSignature as error:
        raise Damaged(f"{package}: {PACKAGE_DIGEST}: {error}") from error
    found: dict[str, Any] = vouched
    return found
