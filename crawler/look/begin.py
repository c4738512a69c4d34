"""How a look begins: as a crawl does, beside whatever crawl of the site is unfinished."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive import times
from archive.layout import Archive
from archive.recovery import repair
from archive.written import record_written
from crawler.begin import Begun
from crawler.frontier import Frontier
from crawler.plan import plan_crawl
from crawler.sites.profile import Profile, default_profile

#: nobody waits longer than this for a site they want to add
PATIENCE: dict[str, Any] = {
    "idle_s": 20.0,
    "timeout_s": 120.0,
    "max_time_s": 300.0,
    "max_response_bytes": 64 << 20,
    # What a look reads must stand in its own records.
    "dedup": "off",
}


def profile_of_look(url: str, name: str | None = None, **settings: Any) -> Profile:
    """What *url* is looked at with. Raises WrongUse for what is no URL, or no name."""
    named = {"name": name} if name else {}
    return default_profile(url, **{**PATIENCE, **named, **settings})


def begin_look(archive: Archive, profile: Profile, *, contact: str | None = None) -> Begun:
    """Raises Locked while the site is being crawled, WrongUse where nobody answers for it."""
    with ExitStack() as stack:
        stack.enter_context(archive.lock_site(profile.name))
        recovered = tuple(repair(archive, prefix=profile.name))
        record_written(archive)
        plan = replace(plan_crawl(archive, profile, contact=contact), look=True)
        path = archive.state / f"{profile.name}.look.db"
        _remove(path)
        stack.callback(_remove, path)
        frontier = Frontier(path)
        stack.callback(frontier.close)
        frontier.begin(plan.crawl_id, times.warc_date(plan.started_at))
        return Begun(plan, frontier, recovered, stack.pop_all())


def _remove(path: Path) -> None:
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink(missing_ok=True)
