"""The history derived again, so that what was decided a moment ago is true at once in every view."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archive.errors import Damaged, WrongUse
from archive.layout import Archive
from archive.store import Store
from crawler.ingest import derive_site
from crawler.reading import Reader, opening
from crawler.sites.profile import Profile

#: of each site the last crawl that has captured anything, and the first of its files, where its profile stands
_LAST_CRAWLS = """SELECT k.site_id, k.id, k.profile_digest IS NOT NULL, (SELECT min(w.path) FROM warc w
  WHERE w.id IN (SELECT c.warc_id FROM capture c WHERE c.crawl_id = k.id))
FROM crawl k WHERE k.id = (SELECT max(j.id) FROM crawl j WHERE j.site_id = k.site_id
  AND EXISTS (SELECT 1 FROM capture c WHERE c.crawl_id = j.id)) ORDER BY k.site_id"""


def derive_again(archive: Archive, store: Store, sites: Iterable[str] | None = None) -> None:
    """Load the decisions and derive *sites*, or all. A crawl that another process writes meanwhile waits for a moment,
    and derives its site once more when it ends.

    Raises WrongUse where the profile that a site's history depends on cannot be read; nothing is derived then.
    """
    wanted = None if sites is None else set(sites)
    profiles: dict[str, Profile | None] = {}
    for site, crawl, has_profile, file in store.db.conn.execute(_LAST_CRAWLS).fetchall():
        if wanted is None or site in wanted:
            profiles[site] = _recorded(archive, crawl, file) if has_profile else None
    store.load_decisions(archive.decisions)
    for site, profile in profiles.items():
        derive_site(store, site, profile, archive.warcs)


def _recorded(archive: Archive, crawl: str, file: str) -> Profile:
    # sealed, being written, or sealed between the two
    for path in (archive.warcs / file, archive.warcs / f"{file}.open", archive.warcs / file):
        if path.is_file() and (profile := _profile_in(path)):
            return profile
    raise WrongUse(
        f"{archive.warcs / file}: the profile of crawl {crawl} cannot be read there, and "
        "without it its history cannot be derived; the decision is kept, and `bewaar rebuild` goes by it"
    )


def _profile_in(path: Path) -> Profile | None:
    reader = Reader()
    try:
        for record in opening(path):
            reader.learn(record)
    except (OSError, Damaged):
        return None
    return reader.profile
