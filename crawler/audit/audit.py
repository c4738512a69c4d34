"""`archive.fixity`, with what it wrote down put into the database as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from archive.fixity import Audited, audit, past_audits
from archive.layout import Archive
from archive.store import Store
from archive.written import record_written
from crawler.items import KINDS

#: as often as `bewaar due` reads a share
EVERY = timedelta(hours=20)


def run_audit(
    archive: Archive, *, days: int, now: datetime, everything: bool = False, progress: Callable[[str], None]
) -> Audited:
    """Raises WrongUse and ArchiveFault, as `archive.fixity.audit` does."""
    archive.check_writable()
    archive.make_folders()
    try:
        return audit(archive, days=days, now=now, everything=everything, progress=progress)
    finally:
        record_written(archive)
        if archive.database.exists():
            with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
                store.load_decisions(archive.decisions)


def is_due(archive: Archive, now: datetime) -> bool:
    last = past_audits(archive).last
    return last is None or now - last >= EVERY
