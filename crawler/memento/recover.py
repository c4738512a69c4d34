"""`bewaar recover`: begins or goes on with a recovery, runs it, and writes the rows of what came."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from archive import times
from archive.counted import counted
from archive.dedup import Originals
from archive.errors import WrongUse
from archive.layout import FROM, Archive
from archive.recovery import repair
from archive.store import decisions
from archive.written import record_written
from crawler import ingestion
from crawler.attribution import Sites
from crawler.ingestion import Watch, read_files
from crawler.memento.address import Asked, Extent, interfaces
from crawler.memento.frontier import MementoFrontier
from crawler.memento.recovery import MementoRecovery, Recovered, RecoveryOutcome
from crawler.pending import Pending
from crawler.plan import plan_crawl
from crawler.sites.fields import check_url
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import load_profile


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    #: URLs, or names of profiles
    targets: tuple[str, ...]
    #: address of the other archive, or the name of its profile
    archive: str
    extent: Extent | None = None
    #: ``*_at`` texts
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    collapse: bool = False
    from_start: bool = False
    contact: str | None = None
    #: keys of a profile that go before what the archive's says
    settings: tuple[tuple[str, Any], ...] = ()


def recover(archive: Archive, wanted: Wanted, watch: Watch) -> RecoveryOutcome:
    """Have the captures, and write their rows. Raises WrongUse, Locked, ArchiveFault; what was kept is whole then."""
    profile, address = profile_of(archive, wanted)
    asked = asked_for(archive, wanted)
    decisions.check(archive.decisions)
    with ExitStack() as stack:
        stack.enter_context(archive.lock_site(profile.name))
        for repaired in repair(archive, prefix=profile.name):
            watch.say(
                f"{repaired.file} was left open by a recovery that was cut short: "
                f"{counted(record=repaired.records)} kept, {repaired.torn_bytes} torn bytes beside it"
            )
        record_written(archive)
        if archive.database.exists():  # of an older schema, or left empty by whoever was killed while making it
            ingestion.open_store(archive).close()
        pending = Pending(archive)
        # What an earlier one had and did not read: it is not asked for again.
        _read(archive, profile.name, pending, Watch(say=watch.say))
        path = archive.state / f"{profile.name}.{_digest(address, asked, wanted)}.recovery.db"
        if wanted.from_start:
            MementoFrontier.remove(path)
        if aside := MementoFrontier.put_aside_damaged(path):
            watch.say(f"{aside}; what was recovered is in the WARC files and is not asked for again")
        frontier = MementoFrontier(path)
        stack.callback(frontier.close)
        recovery = _recovery(archive, profile, address, asked, wanted, frontier=frontier)
        stack.callback(recovery.recovered.close)
        stack.callback(recovery.originals.close)
        _run(recovery)
        _read(archive, profile.name, pending, watch)
        is_over = recovery.outcome.status == "finished"
    if is_over or recovery.outcome.no_archive:
        MementoFrontier.remove(path)
    return recovery.outcome


def list_only(
    archive: Archive, wanted: Wanted
) -> tuple[RecoveryOutcome, list[tuple[str, str, str | None, str | None, str | None, str]]]:
    """What the other archive has: URL, time, status, media type, digest and state of each capture. Nothing is kept."""
    profile, address = profile_of(archive, wanted)
    asked = asked_for(archive, wanted)
    with TemporaryDirectory(prefix="bewaar-recover-") as away, ExitStack() as stack:
        frontier = MementoFrontier(None)
        stack.callback(frontier.close)
        there = archive if archive.state.is_dir() else replace(archive, root=Path(away))
        there.make_folders() if there is not archive else None
        recovery = _recovery(there, profile, address, asked, wanted, frontier=frontier, away=Path(away))
        stack.callback(recovery.recovered.close)
        stack.callback(recovery.originals.close)
        _run(recovery)
        return recovery.outcome, frontier.listed()


def profile_of(archive: Archive | None, wanted: Wanted) -> tuple[Profile, str]:
    """How the other archive is asked, and its address. One that somebody wrote a profile of is asked by that."""
    settings = dict(wanted.settings)
    if "://" in wanted.archive:
        address = _checked(wanted.archive)
        known = Sites(archive).profile_of(Sites(archive).site_of(address)) if archive else None
        profile = known or default_profile(address)
    else:
        profile = load_profile(wanted.archive, archive)
        address = profile.home or profile.seeds[0]
    name = f"{FROM}{profile.name}"[:100]
    return profile.with_settings(**settings, name=name, seeds=(address,), login=()), address


def asked_for(archive: Archive | None, wanted: Wanted) -> tuple[Asked, ...]:
    since = times.digits14(wanted.since) if wanted.since else None
    until = times.digits14(wanted.until) if wanted.until else None
    if since and until and since > until:
        raise WrongUse(f"--since {wanted.since} is later than --until {wanted.until}")
    found: list[Asked] = []
    for target in wanted.targets:
        if "://" in target:
            found.append(Asked(_checked(target), wanted.extent or "page", since, until))
            continue
        profile = load_profile(target, archive)
        found += [Asked(seed, wanted.extent or profile.scope, since, until) for seed in profile.seeds]
    return tuple(dict.fromkeys(found))


def _checked(url: str) -> str:
    try:
        return check_url(url)
    except ValueError as fault:
        raise WrongUse(f"{url[:200]}: {fault}") from fault


def _digest(address: str, asked: Sequence[Asked], wanted: Wanted) -> str:
    text = f"{address} {sorted(map(str, asked))} {wanted.collapse}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _recovery(
    archive: Archive,
    profile: Profile,
    address: str,
    asked: tuple[Asked, ...],
    wanted: Wanted,
    *,
    frontier: MementoFrontier,
    away: Path | None = None,
) -> MementoRecovery:
    said = frontier.said("crawl")
    unfinished = (said[0], times.parse(said[1])) if said else None
    plan = plan_crawl(archive, profile, contact=wanted.contact, unfinished=unfinished)
    frontier.say("crawl", (plan.crawl_id, times.warc_date(plan.started_at)))
    recovered = Recovered(archive, address)
    frontier.reclaim(recovered.knows)
    return MementoRecovery(
        plan=plan,
        frontier=frontier,
        outcome=RecoveryOutcome(plan.crawl_id, seeds={}),
        recovered=recovered,
        originals=Originals(archive, profile.name),
        address=address,
        interfaces=tuple(interfaces(address)),
        asked=asked,
        limit=wanted.limit,
        collapse=wanted.collapse,
        away=away,
    )


def _run(recovery: MementoRecovery) -> None:
    from crawler.memento.run import run_recovery  # with Scrapy and its reactor

    with _own_signals():
        run_recovery(recovery)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Scrapy's process takes the signals, and does not give them back."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _read(archive: Archive, name: str, pending: Pending, watch: Watch) -> None:
    files = archive.warcs_of(name)
    if files or pending.names:
        read_files(archive, pending, files, ingestion.Outcome(), watch)
