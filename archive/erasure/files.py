"""The WARC files of an erasure, one after the other: each is what it was, or has its tombstones and its line in the
manifest, at whatever moment the power goes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from archive.counted import counted
from archive.erasure.journal import Journal, Rewriting, write
from archive.erasure.needles import Needles
from archive.errors import ArchiveFault
from archive.faults import fault
from archive.layout import Archive
from archive.manifest import renew_in_manifest
from archive.warc.reader import WarcFile
from archive.warc.rewrite import rewrite
from archive.warc.segment import flush, flush_directory
from archive.warc.tombstones import Terms


def draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.erasing")


def rewrite_files(archive: Archive, journal: Journal, say: Callable[[str], None]) -> list[str]:
    """What could not be reached beside the archive's own files. Raises ArchiveFault for a file that is neither what it
    was nor what it was to become, and for what the disk does; the next call goes on."""
    told: list[str] = []
    for name, rewriting in sorted(journal.files.items()):
        path = archive.check_own(archive.warcs / name)
        found = _sha256(path)
        if found == rewriting.before:
            links = path.stat().st_nlink
            if links > 1:
                told.append(f"{name} was a hard link: the same file still stands under {links - 1} other names")
            _replace(archive, path, journal, rewriting)
            found = rewriting.after or ""
            say(f"{name}: {counted(record=sum(map(len, rewriting.fates.values())))} erased or masked")
        if found != rewriting.after:
            raise ArchiveFault(
                f"{path}: sha256 {found}, expected {rewriting.before} before and {rewriting.after} after erasing: "
                "damaged, or changed by somebody else"
            )
        renew_in_manifest(archive.root, {f"warcs/{name}": found})
    return told


def terms_of(journal: Journal) -> Terms:
    order = journal.order
    return Terms(
        erasure=journal.erasure,
        at=journal.at,
        reason=order.reason,
        who=order.who,
        order=order.reference,
        with_url=not order.without_url,
        with_digests=not order.without_digest,
    )


def _replace(archive: Archive, path: Path, journal: Journal, rewriting: Rewriting) -> None:
    draft, mode = draft_of(path), path.stat().st_mode & 0o777
    needles, terms = Needles(journal.order.texts, journal.urls), terms_of(journal)
    try:
        with draft.open("w+b") as sink:
            with WarcFile(path) as file:
                if file.is_zip:
                    from archive.erasure.packages import rewrite_package

                    rewrite_package(file, sink, rewriting.fates, needles, terms)
                else:
                    rows = rewriting.fates.get(path.name, ())
                    fates = {(offset, record_id): fate for offset, record_id, fate in rows}
                    rewrite(file, sink, fates, terms, needles.masked)
            sink.flush()
            flush(sink.fileno())
            os.fchmod(sink.fileno(), mode)
        rewriting.after = _sha256(draft)
        write(archive, journal)
        draft.replace(path)
        flush_directory(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise fault(path, error) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise fault(path, error) from error
