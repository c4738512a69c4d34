"""`archive.warc.recover`, with what the database knows of the files."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from shlex import quote

from archive.databases import read_only_uri
from archive.errors import ArchiveFault, WrongUse
from archive.layout import KEPT, Archive, is_unicode
from archive.manifest import add_to_manifest, read_manifest
from archive.warc.recover import Recovery, crawl_told, recover


def repair(archive: Archive, *, prefix: str | None = None) -> list[Recovery]:
    """What killed processes left, made whole. Raises WrongUse and ArchiveFault, as `recover` does."""

    def committed(file: str) -> int:
        from archive.store.places import committed_end  # it brings the whole store, which a crawl does without

        return committed_end(archive.database, file)

    return recover(
        archive,
        prefix=prefix,
        committed=committed,
        sealed_rows=lambda: sealed_rows(archive),
        is_known=lambda path: is_known(archive, path),
    )


def is_known(archive: Archive, path: Path) -> bool:
    """Whether something beside the file itself says that it was made here: the log, the frontier, a row or another file
    of its crawl, or the event of its intake. One copied by hand out of another archive is as whole, and tells as much.
    """
    if path.name.startswith(KEPT):
        from archive.store.decisions import read_lines

        return any(line.get("object") == f"warcs/{path.name}" for _, line in read_lines(archive.decisions))
    crawl = crawl_told(path)
    if crawl is None or (is_unicode(crawl) and "/" not in crawl and (archive.logs / f"{crawl}.log").exists()):
        return True
    # The rows of a file that stands as sealed without its line may be all that tells of the crawl: `rebuild` reads any.
    beside = " AND NOT EXISTS (SELECT 1 FROM warc WHERE sealed AND path = ?)"
    for database in (archive.database, *sorted(archive.state.glob("*.db"))):
        more, values = (beside, (crawl, path.name)) if database == archive.database else ("", (crawl,))
        with suppress(sqlite3.Error), closing(sqlite3.connect(read_only_uri(database), uri=True)) as db:
            if db.execute(f"SELECT 1 FROM crawl WHERE id = ?{more}", values).fetchone():
                return True
    named = read_manifest(archive.root)
    others = (other for other in archive.sealed_warcs() if f"warcs/{other.name}" in named)
    return any(crawl_told(other) == crawl for other in others)


def sealed_rows(archive: Archive) -> dict[str, str] | None:
    """Hex sha256, as the database has it, of the files that stand as sealed there; None without one."""
    from archive.store.places import sealed_in

    return sealed_in(archive.database)


def restore_lines(archive: Archive) -> tuple[list[str], list[str]]:
    """Give the files in ``warcs/`` that lack their line in the manifest one, where they are what the database says: the
    names of these, and of those that got none a line for a person. Raises WrongUse without a database, ArchiveFault."""
    rows = sealed_rows(archive)
    if rows is None:
        raise WrongUse(
            f"{archive.database}: no database that can be read, so nothing tells what the files were. Take the manifest"
            " out of a backup; or look at the files with `bewaar verify`, and if you believe them write it yourself: "
            f"cd {quote(str(archive.root))} && find warcs -type f ! -name '*.open' ! -name '*.torn' "
            f"-exec sha256sum {{}} + >> {archive.manifest.name}"
        )
    known = read_manifest(archive.root)
    given, left = [], []
    for path in (*archive.sealed_warcs(), *archive.arcs(), *archive.waczs()):
        name = f"warcs/{path.name}"
        if name in known:
            continue
        if (expected := rows.get(path.name)) is None:
            left.append(f"{name}: the database does not know it: `bewaar ingest` takes it in, or move it away")
        elif (found := _sha256(archive.check_own(path))) != expected:
            left.append(f"{name}: the database has sha256 {expected}, computed {found}: damaged, or another file")
        else:
            add_to_manifest(archive.root, name, found)
            given.append(name)
    return given, left


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArchiveFault(f"{path}: {error.strerror}") from error
