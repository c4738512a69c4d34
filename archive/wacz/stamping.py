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
from archive.digests import sha256
from archive.errors import Damaged, WrongUse
from archive.timestamps import Stamp
from archive.wacz.check import LARGEST_JSON_BYTES, READING_FAULTS
from archive.wacz.directory import BadZip, faults, open_zip
from archive.warc.drafts import draft

DIGEST = "datapackage-digest.json"
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
    with package.open("rb") as file, _opened(package, file) as held:
        signed = _signed(package, held)
    with draft(query) as sink:
        sink.write(timestamps.make_query(signed, nonce=False).data)


def stamp_package(package: Path, stamper: Stamper) -> Stamp:
    """Put a time stamp into *package*; it is as it was where that fails. Raises WrongUse where it is not signed, has a
    time stamp already or is none of the kind, BadStamp, Damaged, ArchiveFault."""
    with package.open("rb") as file, _opened(package, file) as held:
        signed = _signed(package, held)
        if "timeSignature" in signed:
            raise WrongUse(f"{package}: has a time stamp already")
        entry = held.getinfo(DIGEST)
        if any(other.header_offset > entry.header_offset for other in held.infolist()):
            raise WrongUse(f"{package}: {DIGEST} is not the last file in it: it can take no time stamp")
        fields, stamp = stamper(signed)
        vouched = json.loads(held.read(DIGEST))
        vouched["signedData"] |= fields
        with draft(package, replace=True) as sink:
            os.fchmod(sink.fileno(), os.fstat(file.fileno()).st_mode & 0o7777)
            _copy_with(file, held, entry, json.dumps(vouched, indent=2).encode(), sink)
    return stamp


def _copy_with(file: IO[bytes], held: zipfile.ZipFile, last: zipfile.ZipInfo, data: bytes, sink: IO[bytes]) -> None:
    """The ZIP byte for byte up to its *last* file, which holds *data* instead, and the directory that goes with it."""
    file.seek(0)
    left = last.header_offset
    while left and (piece := file.read(min(left, _PIECE_BYTES))):
        sink.write(piece)
        left -= len(piece)
    renewed = zipfile.ZipInfo(last.filename, last.date_time)
    renewed.compress_type, renewed.external_attr = zipfile.ZIP_DEFLATED, last.external_attr
    # zipfile begins to write where the file stands, and the places of what it is told of are kept
    with zipfile.ZipFile(sink, "w") as written:
        written.filelist = [entry for entry in held.infolist() if entry is not last]
        written.NameToInfo = {entry.filename: entry for entry in written.filelist}
        written.comment = held.comment
        written.writestr(renewed, data)


def _opened(package: Path, file: IO[bytes]) -> zipfile.ZipFile:
    try:
        held = open_zip(package, file)
    except BadZip as error:
        raise WrongUse(f"{error}; not a WACZ") from error
    for at, what in faults(held.infolist()):
        raise Damaged(f"{package} at {at}: {what}")
    return held


def _signed(package: Path, held: zipfile.ZipFile) -> dict[str, Any]:
    """The ``signedData`` of a package whose signature holds. Raises WrongUse, Damaged."""
    try:
        data, vouched = _read(held, "datapackage.json"), json.loads(_read(held, DIGEST))
    except KeyError as error:
        raise WrongUse(f"{package}: no {error.args[0]}: it is not a signed WACZ") from error
    except (*READING_FAULTS, RecursionError) as error:
        raise Damaged(f"{package}: datapackage.json or {DIGEST} cannot be read: {error}") from error
    signed = vouched.get("signedData") if isinstance(vouched, dict) else None
    if not isinstance(signed, dict):
        raise WrongUse(f"{package}: not signed, and a time stamp is over the signature; pack it with --sign KEY")
    try:
        signing.check(signed, sha256(data))
    except signing.BadSignature as error:
        raise Damaged(f"{package}: {DIGEST}: {error}") from error
    return signed


def _read(held: zipfile.ZipFile, name: str) -> bytes:
    """Raises KeyError with *name*, and what reading a damaged ZIP raises."""
    try:
        entry = held.getinfo(name)
    except KeyError:
        raise KeyError(name) from None
    if entry.file_size > LARGEST_JSON_BYTES:
        raise ValueError(f"{name} of {entry.file_size} bytes, limit {LARGEST_JSON_BYTES}")
    return held.read(entry)
