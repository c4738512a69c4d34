"""``bewaar due`` and ``bewaar schedule``: parse, call one function, print."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from archive import times
from archive.cli import archive_option, json_option, print_json
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.audit.cli import DAYS, audit_lines
from crawler.outcome import DONE, FAULT, INTERRUPTED, PROBLEMS

if TYPE_CHECKING:
    from crawler.schedule.install import Where
    from crawler.schedule.ran import Ran
    from crawler.schedule.turns import Turn
    from crawler.sites.profile import Profile

Command = TypeVar("Command", bound=Callable[..., Any])

at_once_option = click.option(
    "--at-once", type=click.IntRange(1, 64), default=4, show_default=True, help="Crawls side by side."
)


def _archive(path: Path) -> Archive:
    """Also one that is still to be made, of which somebody has written the profiles."""
    return Archive.find(path) or Archive.open(path)


@click.command()
@archive_option
@at_once_option
@click.option(
    "--audit-days",
    type=click.IntRange(0, 3660),
    default=DAYS,
    show_default=True,
    help="Once a day, read the share of the WARC files again that reads all within so many days; 0 does not.",
)
@click.option("--dry-run", is_flag=True, help="Begin nothing; show whose turn it is, and why.")
@click.option("--quiet", is_flag=True, help="Say only what was wrong: cron mails whatever is said.")
@json_option
def due(archive: Path, at_once: int, audit_days: int, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Crawl what is due by the schedules in the profiles, and end.

    An unfinished crawl is taken up first. A run that was missed is made up for, however many there were by one. Each
    site has a process of its own; two that ask the same host wait for one another, and so does a site for its own last
    crawl. What becomes due while others are crawled is crawled too. A crawl that fails is tried again later, a few
    times. Ctrl-C and SIGTERM end all crawls whole, and the next `bewaar due` goes on.

    \b
    Examples
      bewaar due --dry-run
      bewaar due --archive archive-data --at-once 8
    \b
    Exit codes
      0 done, also where nothing was due   1 a crawl had problems or failed, or a profile cannot be read   2 wrong use
      4 the archive could not be written   75 another `bewaar due` or `bewaar schedule run` is at it   130 interrupted
    """
    from crawler.schedule.keeper import BUSY, Keeper, lock_schedules
    from crawler.schedule.processes import Processes
    from crawler.schedule.scheduled import Profiles

    found = _archive(archive)
    if dry_run:
        turns, profiles, bad = _turns(found, Profiles(found), times.now())
        if as_json:
            print_json([asdict(turn) for turn in turns])
        else:
            for turn in turns:
                click.echo(f"{turn.site}: {_state(turn, profiles)}: {turn.why}")
        for site, said in bad.items():
            click.echo(f"{site}: not crawled: {said}", err=True)
        return PROBLEMS if bad else DONE
    ran: list[Ran] = []

    def show(one: Ran) -> None:
        ran.append(one)
        if not as_json and (not quiet or one.wrong or one.exit_code == PROBLEMS):
            click.echo(one.summary())

    found = Archive.create(archive)
    with lock_schedules(found) as held:
        if not held:
            if not quiet:
                click.echo(f"bewaar: {archive}: another process runs what is due", err=True)
            return BUSY
        say = _silence if quiet else _say
        code, audited = FAULT, None
        try:
            with Processes(found, say) as world:
                code = Keeper(found, world, at_once=at_once, say=say, show=show, warn=_say).run_due()
            if audit_days and code in {DONE, PROBLEMS}:
                audited = _audit(found, audit_days, quiet=quiet)
                code = max(code, audited or DONE)
        finally:
            # What was interrupted is taken up by the next one, which tells.
            if code != INTERRUPTED:
                _tell(found, anew=bool(ran) or audited is not None or code != DONE)
    if as_json:
        print_json([asdict(one) for one in ran])
    return code


def _tell(archive: Archive, *, anew: bool) -> None:
    """Once for all crawls and the audit; *anew*: there was one, or it could not begin."""
    from crawler.alerting.tell import tell_after_crawl, tell_held

    for line in (tell_after_crawl if anew else tell_held)(archive):
        _say(f"bewaar: alerts: {line}")


def _audit(archive: Archive, days: int, *, quiet: bool) -> int | None:
    """The share of today; None where it was read already."""
    from crawler.audit.audit import is_due, run_audit

    now = times.now()
    if not archive.manifest.exists() or not is_due(archive, now):
        return None
    done = run_audit(archive, days=days, now=now, progress=_silence)
    for line in audit_lines(done)[: -1 if quiet else None]:
        _say(line)
    return PROBLEMS if done.wrong else DONE


@click.group()
def schedule() -> None:
    """Crawls that begin by themselves: when, and what on this machine begins them."""


@schedule.command("list")
@archive_option
@click.option("--at", "moment", metavar="TIME", help="As it would be then, if nothing was crawled until then.")
@click.option("--days", type=click.IntRange(1, 3660), help="Every crawl within so many days, each on time.")
@json_option
def schedule_list(archive: Path, moment: str | None, days: int | None, as_json: bool) -> int:
    """When each site is crawled next, by its own clock and in UTC.

    \b
    Examples
      bewaar schedule list
      bewaar schedule list --days 30
      bewaar schedule list --at 2027-03-28T02:00 --json
    """
    from crawler.schedule.scheduled import Profiles
    from crawler.schedule.turns import upcoming

    found = _archive(archive)
    now = times.parse(times.read_since(moment)) if moment else times.now()
    turns, profiles, bad = _turns(found, Profiles(found), now)
    rows: list[dict[str, Any]] = []
    for turn in turns:
        profile = profiles[turn.site]
        if days:
            until = now + timedelta(days=days)
            rows += [{"site": turn.site, **_both(at, profile)} for at in upcoming(profile, turn, until)]
            continue
        assert profile.schedule
        said = {"rule": profile.schedule.described(turn.site, profile.timezone), "state": turn.state, "why": turn.why}
        rows.append({"site": turn.site, **_both(turn.at, profile), **said})
    rows.sort(key=lambda row: (row["utc"] is None, row["utc"] or "", row["site"]))
    if as_json:
        print_json(rows)
    elif rows:
        from rich.console import Console
        from rich.table import Table

        table = Table(*("site next UTC rule why" if not days else "site next UTC").split())
        for row in rows:
            table.add_row(*(str(row[key] or "-") for key in row if key != "state"))
        Console(width=None if sys.stdout.isatty() else 200).print(table)
    else:
        click.echo("nothing is scheduled: give a profile a [schedule]", err=True)
    for site, fault in bad.items():
        click.echo(f"{site}: not crawled: {fault}", err=True)
    return PROBLEMS if bad else DONE


@schedule.command("run")
@archive_option
@at_once_option
def schedule_run(archive: Path, at_once: int) -> int:
    """Stay, and crawl what becomes due, until Ctrl-C or SIGTERM: for a container, or a terminal.

    Profiles that change are seen within a minute, or at once on SIGHUP.

    \b
    Example
      bewaar schedule run --archive archive-data
    """
    from crawler.schedule.keeper import BUSY, Keeper, lock_schedules
    from crawler.schedule.processes import Processes

    _archive(archive)
    found = Archive.create(archive)
    with lock_schedules(found) as held:
        if not held:
            click.echo(f"bewaar: {archive}: another process runs what is due", err=True)
            return BUSY
        with Processes(found, _say) as world:
            show = lambda ran: click.echo(ran.summary())  # noqa: E731
            rest = lambda ended: _tell(found, anew=ended)  # noqa: E731
            return Keeper(found, world, at_once=at_once, say=_say, show=show, warn=_say).run_on(rest)


@schedule.command("install")
@archive_option
@click.option("--system", is_flag=True, help="Units of systemd for the machine; as root.")
@click.option("--user", is_flag=True, help="Units of systemd for you alone.")
@click.option("--cron", is_flag=True, help="A line for cron, where there is no systemd.")
@click.option("--print", "print_only", is_flag=True, help="Show it, and write nothing.")
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write the files there.")
@click.option("--name", default="bewaar-due", show_default=True, help="Of the units: one for each archive.")
@click.option("--notify", metavar="COMMAND", help="Run by a shell when something was wrong.")
@click.option("--at-once", type=click.IntRange(1, 64), help="Crawls side by side [4].")
@click.option("--enable", "enabled", is_flag=True, help="Have it run from now on, too.")
def schedule_install(
    archive: Path,
    system: bool,
    user: bool,
    cron: bool,
    print_only: bool,
    folder: Path | None,
    name: str,
    notify: str | None,
    at_once: int | None,
    enabled: bool,
) -> int:
    """Write what has this machine run `bewaar due` every quarter of an hour, and say what to do next.

    Nothing runs before it is enabled. What is written can be read first (--print), and written again: files of the
    same name that somebody else wrote are left alone.

    \b
    Examples
      bewaar schedule install --user --print
      sudo "$(command -v bewaar)" schedule install --system --archive /srv/archive
      bewaar schedule install --user --notify 'mail -s "Bewaar" me@example.org </dev/null'
      bewaar schedule install --cron
    """
    from crawler.schedule.install import enable, install, plan_installation
    from crawler.schedule.scheduled import Profiles

    given: dict[Where, bool] = {"system": system, "user": user, "cron": cron}
    where = [name for name, is_given in given.items() if is_given]
    if len(where) != 1:
        which = "--system, --user or --cron" + ("; one of them" if where else "")
        raise WrongUse(f"say what is to run it: {which}; with --print nothing is written")
    found = Archive.open(archive)
    plan = plan_installation(found, where[0], name=name, folder=folder, notify=notify, at_once=at_once)
    if print_only:
        for path, text in plan.files.items():
            click.echo(f"# {path}\n{text}")
        return DONE
    install(plan)
    for path in plan.files:
        click.echo(f"written: {path}")
    if enabled:
        enable(plan)
    elif plan.then:
        click.echo("not yet enabled; that is done by")
        for line in plan.then:
            click.echo(f"  {line}")
    for remark in plan.remarks:
        click.echo(remark)
    profiles, _ = Profiles(found).scheduled()
    if not profiles:
        say = "no site has a schedule yet, and nothing will be crawled: [schedule] in its profile says when"
        click.echo(say)
    return DONE


def _turns(archive: Archive, known: Any, now: datetime) -> tuple[list[Turn], dict[str, Profile], dict[str, str]]:
    from crawler.schedule.attempts import Memory
    from crawler.schedule.scheduled import turns_of

    profiles, bad = known.scheduled()
    return turns_of(archive, profiles, Memory.read(archive), now), profiles, bad


def _state(turn: Turn, profiles: dict[str, Profile]) -> str:
    if turn.state != "waiting":
        return turn.state
    return f"at {_both(turn.at, profiles[turn.site])['next']}"


def _both(at: datetime | None, profile: Profile) -> dict[str, str | None]:
    here = at.astimezone(ZoneInfo(profile.timezone)) if at else None
    return {"next": f"{here:%a %Y-%m-%d %H:%M %Z}" if here else None, "utc": times.seconds(at) if at else None}


def _say(line: str) -> None:
    click.echo(line, err=True)


def _silence(line: str) -> None:
    del line
