"""Whose turn it is: what the rule of a site, its last crawl and its last attempts say at a moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from archive import times
from archive.counted import counted
from crawler.schedule.attempts import Attempts
from crawler.schedule.history import LastCrawl
from crawler.schedule.rule import Rule
from crawler.sites.profile import Profile

#: an unfinished crawl older than this gives way to a new one, once that is due
STALE = timedelta(days=7)
#: a crawl whose time is used up ends soon, and whole
_LEAST_S = 60
#: times that were missed are counted so far
_COUNTED = 1000

State = Literal["due", "waiting", "running", "paused", "over"]


@dataclass(frozen=True, slots=True)
class Turn:
    site: str
    state: State
    #: one line for a person
    why: str
    #: when it begins at the earliest, in UTC; None where it does not, or is under way
    at: datetime | None = None
    #: the unfinished crawl that is taken up
    resumes: str | None = None
    #: begun beside an unfinished one that is too old
    from_start: bool = False
    #: tried again, or taken up: its time has not come anew
    again: bool = False
    max_time_s: int = 0


def turn_of(
    profile: Profile, last: LastCrawl | None, attempts: Attempts | None, now: datetime, *, running: bool = False
) -> Turn:
    """*profile* has a schedule; *attempts*: None where no schedule of it was ever looked at."""
    schedule, site, zone = profile.schedule, profile.name, profile.timezone
    assert schedule
    attempts = attempts or Attempts(seen=times.seconds(now))
    if schedule.paused:
        return Turn(site, "paused", "paused in its profile")
    if running:
        return Turn(site, "running", "is being crawled")
    begins, ends = schedule.begins(zone), schedule.ends(zone)
    regular = _regular(profile, last, attempts, now, begins)
    why = _why_regular(schedule.rule(site, zone), last, regular, now, zone)
    if regular and ends and regular > ends:
        regular, why = None, f"over: not after {_clock(ends, zone)}"
    elif regular is None:
        why = "over: crawled once" if schedule.frequency == "once" else "over: its time never comes again"
    unfinished = last.unfinished if last else None
    again = _again(attempts, schedule.retries, now, unfinished=unfinished)
    if again and begins and again < begins:
        again = begins
    stale = bool(last and unfinished and regular and regular <= now and now - last.began > STALE)
    # What is unfinished goes before what is due, which follows it.
    is_again = again is not None and not stale and (regular is None or again <= max(regular, now))
    at = again if is_again else regular
    if is_again:
        why = f"resumes {unfinished}" if unfinished else "tried again"
        if attempts.failures:
            why += f", attempt {attempts.failures + 1} of {schedule.retries + 1}: {attempts.wrong}"
    elif attempts.failures > schedule.retries:
        why += f"; given up after {attempts.failures} attempts: {attempts.wrong}"
    if stale and last:
        why += f"; {unfinished} stays unfinished, it is {counted(day=(now - last.began).days)} old"
    if at is None:
        return Turn(site, "over", why)
    opens = profile.opening_hours().opens_at(max(at, now))
    if opens:
        at = opens.astimezone(UTC)
        why += f"; the site may be asked from {_clock(at, zone)} on"
    limit = min(schedule.limit().total_seconds(), profile.max_time_s or float("inf"))
    resumes = None if stale else unfinished
    spent = attempts.spent_s if resumes and resumes == attempts.crawl else 0
    left = max(_LEAST_S, int(limit) - spent)
    return Turn(site, "due" if at <= now else "waiting", why, at, resumes, stale, is_again, left)


def upcoming(profile: Profile, turn: Turn, until: datetime) -> list[datetime]:
    """When its crawls begin up to *until*, if each does when it is due."""
    assert profile.schedule
    rule = profile.schedule.rule(profile.name, profile.timezone)
    ends = profile.schedule.ends(profile.timezone)
    found: list[datetime] = []
    at = turn.at
    while at and at <= until and not (ends and at > ends and found):
        found.append(at)
        if (at := rule.after(at)) and (opens := profile.opening_hours().opens_at(at)):
            at = opens.astimezone(UTC)
    return found


def _regular(
    profile: Profile, last: LastCrawl | None, attempts: Attempts, now: datetime, begins: datetime | None
) -> datetime | None:
    assert profile.schedule
    rule = profile.schedule.rule(profile.name, profile.timezone)
    before = [last.began] if last else []
    # Also those that came to nothing: what fails is not due again at once.
    tried = attempts.began if attempts.failures else attempts.since
    before += [times.parse(tried)] if tried else []
    if before:
        at = rule.after(max(before))
    elif profile.schedule.cron:
        at = rule.first_from(times.parse(attempts.seen))
    else:
        at = min(times.parse(attempts.seen), now)
    return rule.first_from(begins) if at and begins and at < begins else at


def _again(attempts: Attempts, retries: int, now: datetime, *, unfinished: str | None) -> datetime | None:
    """When the crawl that failed, or was not finished, is taken up; None where none was, or it is given up."""
    if attempts.failures:
        return attempts.retry_at() if attempts.failures <= retries else None
    return now if unfinished else None


def _why_regular(rule: Rule, last: LastCrawl | None, at: datetime | None, now: datetime, zone: str) -> str:
    if at is None:
        return ""
    if at > now:
        return "never crawled" if last is None else "waits for its time"
    if last is None:
        return "never crawled"
    missed, following = 0, rule.after(at)
    while following and following <= now and missed < _COUNTED:
        missed, following = missed + 1, rule.after(following)
    more = f", and {counted(time=missed)} since, which are one" if missed else ""
    return f"due since {_clock(at, zone)}{more}"


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
