"""When an extractor reads otherwise than it did, every capture is read again before anything is added: history never
mixes versions of one extractor."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing

from archive.counted import counted
from archive.databases import read_only_uri
from archive.layout import Archive

# What was read last was read by the versions of then, and so was all before it.
_VERSIONS = """SELECT role, {version} FROM observation
WHERE capture_id = (SELECT max(capture_id) FROM observation)"""


def outdated(archive: Archive) -> Mapping[str, tuple[int, int]]:
    """By kind of fact the version that read the rows, 0 where nobody knows it, and the one of today, where they differ.
    Nothing where no facts have been read."""
    if not archive.database.exists():
        return {}
    try:
        with closing(sqlite3.connect(read_only_uri(archive.database), uri=True)) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(observation)")}
            # A database that is older than versions holds rows whose versions nobody knows.
            version = "extractor_version" if "extractor_version" in columns else "0"
            held = dict(connection.execute(_VERSIONS.format(version=version)).fetchall()) if columns else {}
    except sqlite3.DatabaseError:
        return {}  # damaged, or none at all: whoever opens it next says so
    if not held:
        return {}
    import crawler.extract  # noqa: F401  # registers the extractors, which a first crawl does without here
    from crawler.extract.registry import EXTRACTORS

    now = {role: extractor.version for role, extractor in EXTRACTORS.items()}
    return {role: (held.get(role, 0), version) for role, version in now.items() if held.get(role, 0) != version}


def read_again(archive: Archive, say: Callable[[str], None]) -> bool:
    """Derive the database again where `outdated` names anything; whether it did. Another process that comes to it
    meanwhile waits, and then finds it done. Raises WrongUse while a crawl writes: it began before the upgrade."""
    if not outdated(archive):
        return False
    from crawler.rebuild import rebuild

    with archive.lock_database():
        if not (changed := outdated(archive)):
            return False
        said = ", ".join(f"{role} {before} -> {now}" for role, (before, now) in sorted(changed.items()))
        say(f"the extractors have changed since the facts were read ({said}): all captures are read again")
        rebuild(archive, progress=lambda done: say(f"{done.file}: {counted(capture=done.captures)}"), say=say).close()
    return True
