"""Fetches what a crawl's pages need and the crawl does not hold, into the crawl: a further WARC file of it, by its
scope, politely, and only what it lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal

from archive import times
from archive.errors import WrongUse
from archive.layout import Archive
from archive.recovery import repair
from archive.report.completeness import Completeness, Missing, measure
from archive.report.crawl import asked_in, find_crawl, patched
from archive.store import Store, decisions
from archive.written import record_written
from crawler.begin import Begun, mask_log, unfinished_in
from crawler.frontier import Frontier
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.kept import recorded_profile
from crawler.plan import Patch, plan_crawl
from crawler.rebuild import catch_up
from crawler.seen import seen_key
from crawler.sites.profile import Profile
from crawler.sites.profile_files import load_profile

_CRAWL = "SELECT site_id, status, started_at FROM crawl WHERE id = ?"
_HELD = "SELECT DISTINCT r.url FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.crawl_id = ?"
_HOPS = """SELECT r.url, min(coalesce(c.hops, '')) FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.crawl_id = ? AND c.record_type <> 'failure' GROUP BY r.url"""

Which = Literal["recorded", "current"]


def begin_patch(
    archive: Archive,
    given: str,
    *,
    contact: str | None = None,
    profile: Which = "recorded",
    again: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> tuple[Begun | None, str]:
    """The crawl to run, and its id; None where there is nothing to ask for. What earlier patches asked for in vain is
    asked for with *again*, and so is what answered that it is not there.

    Raises WrongUse for a crawl of others, and for one that can be gone on with; Locked while its site is crawled.
    """
    archive.check_writable()
    decisions.check(archive.decisions)
    crawl, site, started_at = _find(archive, given)
    with ExitStack() as stack:
        stack.enter_context(archive.lock_site(site))
        path = archive.state / f"{site}.frontier.db"
        if aside := Frontier.put_aside_damaged(path):
            say(f"{aside}; the next crawl begins anew")
        if (unfinished := unfinished_in(path)) and unfinished[0] == crawl:
            raise WrongUse(f"{crawl} has not come to its end: `bewaar crawl` of {site} goes on with it")
        recovered = tuple(repair(archive, prefix=site))
        record_written(archive)
        with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
            if catch_up(archive, store, site):
                Ingests(archive, store).derive([site])
            connection = store.db.conn
            missing = to_ask(connection, crawl, again=again)
            if not missing:
                return None, crawl
            asked = {one.url for one in missing}
            held = frozenset(seen_key(url) for (url,) in connection.execute(_HELD, (crawl,)) if url not in asked)
            hops = dict(connection.execute(_HOPS, (crawl,)).fetchall())
        requisites = tuple((one.url, one.via, hops.get(one.via, "")) for one in missing)
        plan = plan_crawl(
            archive,
            _profile(archive, crawl, site, profile),
            contact=contact,
            unfinished=(crawl, times.parse(started_at)),
        )
        plan = replace(plan, resumed=False, patch=Patch(requisites, held - {seen_key(url) for url in asked}))
        mask_log(stack, plan)
        # What one before it had still to ask for is missing, and was found again.
        path = archive.state / f"{site}.patch.db"
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
        frontier = Frontier(path)
        stack.callback(frontier.close)
        frontier.begin(plan.crawl_id, started_at, "patch")
        return Begun(plan, frontier, recovered, stack.pop_all()), crawl


def completeness_of(archive: Archive, crawl: str) -> Completeness:
    with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
        return measure(*asked_in(store.db.conn, crawl))


def to_ask(connection: sqlite3.Connection, crawl: str, *, again: bool) -> list[Missing]:
    missing = measure(*asked_in(connection, crawl)).missing
    if again:
        return missing
    # What a rule refused is judged anew: the profile may say something else now.
    tried = patched(connection, crawl)
    return [one for one in missing if one.url not in tried and (one.why.is_worth_asking or one.why.kind == "refused")]


def _find(archive: Archive, given: str) -> tuple[str, str, str]:
    if not archive.database.exists():
        raise WrongUse(f"{archive.database}: no database; `bewaar rebuild` derives it from the WARC files")
    with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
        crawl = find_crawl(store.db.conn, given)
        site, status, started_at = store.db.conn.execute(_CRAWL, (crawl,)).fetchone()
    if status == "imported":
        raise WrongUse(f"{crawl} was made by others: what it missed cannot become part of it")
    return crawl, site, started_at


def _profile(archive: Archive, crawl: str, site: str, which: Which) -> Profile:
    if which == "current":
        return load_profile(site, archive)
    found = recorded_profile(archive, crawl)
    if found is None:
        raise WrongUse(f"{crawl}: its WARC files record no profile; give --profile current")
    return found
