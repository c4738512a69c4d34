"""How a crawl begins: the site is locked, what an earlier one left is repaired, an unfinished one is taken up again."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from archive import times
from archive.counted import counted
from archive.databases import is_sqlite
from archive.errors import NotAnArchive, WrongUse
from archive.layout import Archive
from archive.recovery import repair
from archive.warc.reader import read_records
from archive.warc.recover import Recovery
from archive.written import record_written
from crawler.frontier import CUT_OFF, RETRIED, UNANSWERED, Frontier
from crawler.given import NOTHING, Given
from crawler.plan import CrawlPlan, plan_crawl
from crawler.sites.profile import Profile
from crawler.warcinfo import crawl_of

#: an unfinished crawl older than this is not resumed without being asked
STALE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Begun:
    """A crawl that holds its site's lock and its open frontier; `close` gives both back."""

    plan: CrawlPlan
    frontier: Frontier
    recovered: tuple[Recovery, ...]
    held: ExitStack
    #: what was found wrong and mended on the way, or taken over from the crawl that goes on
    told: tuple[str, ...] = ()

    def close(self) -> None:
        self.held.close()


def begin_crawl(
    archive: Archive,
    profile: Profile,
    *,
    given: Given = NOTHING,
    resume: bool | None = None,
    ask: Callable[[str], bool] | None = None,
    same_seeds: bool = False,
) -> Begun:
    """*given* is what *profile* holds beside what is on file; a crawl that goes on holds what it was given before, too.
    *resume*: True takes an unfinished crawl up whatever its age, False begins a new one, None decides by age and,
    for a stale one, by *ask*; with *same_seeds* one that began with other seeds or another scope is not taken up.
    A frontier that is damaged is put aside, which `Begun.told` tells.
    Raises Locked when the site is being crawled, WrongUse when nobody can be asked, or for a line of decisions by which
    nothing could be derived at the end; NotAnArchive where archive.db is no database."""
    if archive.database.exists() and not is_sqlite(archive.database):
        raise NotAnArchive(f"{archive.database}: not a database: `bewaar rebuild` derives it again")
    if any(archive.decisions.glob("*.jsonl")):
        from archive.store.decisions import check  # the store, too

        check(archive.decisions)
    with ExitStack() as stack:
        stack.enter_context(archive.lock_site(profile.name))
        recovered = tuple(repair(archive, prefix=profile.name))
        record_written(archive)
        path = archive.state / f"{profile.name}.frontier.db"
        aside = Frontier.put_aside_damaged(path)
        told: tuple[str, ...] = (
            (f"{aside}; the crawl begins anew, what was captured is in the WARC files",) if aside else ()
        )
        unfinished = unfinished_in(path)
        asked = f"{profile.scope} of {' '.join(sorted(profile.seeds))}"
        if unfinished and same_seeds and resume is None and unfinished[2] not in {"", asked}:
            raise WrongUse(
                f"an unfinished crawl of {profile.name} began with something else, {unfinished[2][:300]}: end it with "
                "that, or give --resume to go on with it all the same, or --from-start to begin a new one"
            )
        if unfinished and _take_up(profile.name, unfinished[1], resume=resume, ask=ask):
            earlier = Given.from_json(unfinished[3])
            before, given = given.told_by(earlier), given.after(earlier)
            profile = profile.with_settings(**given.settings)
            plan = plan_crawl(archive, profile, contact=given.contact, extract=given.extract, unfinished=unfinished[:2])
            told += (f"{plan.crawl_id} goes on with what it began with: {before}",) if before else ()
        else:
            plan = plan_crawl(archive, profile, contact=given.contact, extract=given.extract)
            Frontier.remove(path)
        mask_log(stack, plan)
        frontier = Frontier(path)
        stack.callback(frontier.close)
        frontier.begin(plan.crawl_id, times.warc_date(plan.started_at), asked, given.to_json())
        if plan.resumed:
            _learn(frontier, archive, plan)
        return Begun(plan, frontier, recovered, stack.pop_all(), told)


def mask_log(stack: ExitStack, plan: CrawlPlan) -> None:
    """Until *stack* is closed."""
    if plan.credentials.secrets:
        stack.callback(logging.setLogRecordFactory, logging.getLogRecordFactory())
        logging.setLogRecordFactory(partial(_masked_record, plan.redactor.text, logging.getLogRecordFactory()))


def _masked_record(text: Callable[[str], str], make: Callable[..., Any], *args: Any, **named: Any) -> logging.LogRecord:
    """A log line without the secrets: the log is kept in the WARC."""
    record: logging.LogRecord = make(*args, **named)
    if (said := record.getMessage()) != (masked := text(said)):
        record.msg, record.args = masked, ()
    if record.exc_info:
        record.exc_text = text(logging.Formatter().formatException(record.exc_info))
    return record


def unfinished_in(path: Path) -> tuple[str, datetime, str, str] | None:
    """Id, start, what it was asked and what it was given."""
    if not path.exists():
        return None
    frontier = Frontier(path)
    try:
        found = frontier.unfinished()
        return (found[0], times.parse(found[1]), found[2], frontier.given(found[0])) if found else None
    finally:
        frontier.close()


def _take_up(site: str, started: datetime, *, resume: bool | None, ask: Callable[[str], bool] | None) -> bool:
    if resume is not None:
        return resume
    age = times.now() - started
    if age < STALE:
        return True
    what = f"an unfinished crawl of {site} is {counted(day=age.days)} old"
    if ask is not None and sys.stdin.isatty():
        return ask(f"{what}. Resume it?")
    raise WrongUse(f"{what}: give --resume to go on with it, or --from-start to begin a new one")


def _learn(frontier: Frontier, archive: Archive, plan: CrawlPlan) -> None:
    """Tell the frontier what the WARCs of this crawl hold: *captured* is decided by them, not by the frontier."""
    from crawler.events import Event, events, status  # only a crawl that is resumed reads

    sizes = {path.name: path.stat().st_size for path in archive.warcs_of(plan.site)}
    frontier.ask_for_lost(lambda file: sizes.get(file, 0))
    for path in archive.warcs_of(plan.site):
        crawl = crawl_of(path)
        if crawl is None or crawl.id != plan.crawl_id:
            continue
        # What cannot be read was told when the file was repaired, and is told by `verify`: it is asked for again.
        for event in events(read_records(path, on_damage=lambda _: None)):
            if not isinstance(event, Event) or event.record.type == "metadata" or not event.record.url:
                continue
            hops = event.about.get("hopsFromSeed", "")
            if event.record.type == "response" and event.record.field("WARC-Truncated") in CUT_OFF:
                frontier.ask_again(event.record.url, read=True)
            elif status(event.record) in RETRIED | UNANSWERED:
                frontier.ask_again(event.record.url)
            elif hops != "P":
                frontier.learn(event.record.url, event.about.get("via"), hops, event.record.place)
    frontier.reclaim()
