"""The history derived again, so that what was decided a moment ago is true at once in every view."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archive.errors import Damaged, WrongUse
from archive.layout import KEPT, Archive
from archive.store import Store
from crawler.ingest import derive_site
from crawler.ingests import Ingests
from crawler.reading import Reader
from crawler.sites.profile import Profile
from crawler.warcinfo import opening

#: of each site the last crawl that has captured anything, and the first of its files, where its profile stands
_LAST_CRAWLS = """SELECT k.site_id, k.id, k.profile_digest IS NOT NULL, k.status = 'imported',
  (SELECT min(w.path) FROM warc w WHERE w.id IN (SELECT c.warc_id FROM capture c WHERE c.crawl_id = k.id))
FROM crawl k WHERE k.id = (SELECT max(j.id) FROM crawl j WHERE j.site_id = k.site_id
  AND EXISTS (SELECT 1 FROM capture c WHERE c.crawl_id = j.id)) ORDER BY k.site_id"""


def derive_again(archive: Archive, store: Store, sites: Iterable[str] | None = None) -> None:
    """Load the decisions and derive *sites*, or all. A crawl that another process writes meanwhile waits for a moment,
    and derives its site once more when it ends.

    Raises WrongUse where the profile that a site's history depends on cannot be read; nothing is derived then.
    """
    profiles = recorded_profiles(archive, store)
    store.load_decisions(archive.decisions)
    for site in profiles if sites is None else profiles.keys() & set(sites):
        derive_site(store, site, profiles[site], archive.warcs)


def recorded_profiles(archive: Archive, store: Store) -> dict[str, Profile | None]:
    """By site the profile of its last crawl; None where it had none. Of a site that others captured last it is as an
    ingest takes it. Raises WrongUse."""
    profiles: dict[str, Profile | None] = {}
    ingests = Ingests(archive, store)
    for site, crawl, has_profile, imported, file in store.db.conn.execute(_LAST_CRAWLS).fetchall():
        if imported or file.startswith(KEPT):
            profiles[site] = ingests.profile_of(site)
            if profiles[site] is None and _records_one(store, site):
                raise _unreadable(archive, crawl, file)
        else:
            profiles[site] = _recorded(archive, crawl, file) if has_profile else None
    return profiles


def _records_one(store: Store, site: str) -> bool:
    sql = "SELECT 1 FROM crawl WHERE site_id = ? AND status <> 'imported' AND profile_digest IS NOT NULL"
    return store.db.conn.execute(sql, (site,)).fetchone() is not None


def _recorded(archive: Archive, crawl: str, file: str) -> Profile:
    # sealed, being written, or sealed between the two
    for path in (archive.warcs / file, archive.warcs / f"{file}.open", archive.warcs / file):
        if path.is_file() and (profile := _profile_in(path)):
            return profile
    raise _unreadable(archive, crawl, file)


def _unreadable(archive: Archive, crawl: str, file: str) -> WrongUse:
    return WrongUse(
        f"{archive.warcs / file}: the profile of crawl {crawl} cannot be read there, and without it the history of its "
        "site cannot be derived"
    )


def _profile_in(path: Path) -> Profile | None:
    reader = Reader()
    try:
        for record in opening(path):
            reader.learn(record)
    except (OSError, Damaged):
        return None
    return reader.profile
