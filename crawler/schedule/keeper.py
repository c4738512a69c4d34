"""Crawls what is due: each site in a process of its own, so many at a time, and no host by two of them."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from archive import times
from archive.layout import Archive
from archive.locks import lock_file
from crawler.outcome import DONE, FAULT, INTERRUPTED, PROBLEMS
from crawler.schedule.attempts import CUT_OFF, Attempts, Memory
from crawler.schedule.history import is_running, last_crawl, last_sign
from crawler.schedule.processes import Ended, Signalled, World
from crawler.schedule.ran import Ran, code_of, what_failed
from crawler.schedule.scheduled import Hosts, Profiles, in_order, next_line
from crawler.schedule.turns import Turn, turn_of

#: another process runs what is due (EX_TEMPFAIL of sysexits.h)
BUSY = 75
LOCK = "due.lock"
#: of its last word in the frontier a crawl that outlived its keeper has printed how it ended
_REPORTS_WITHIN = timedelta(minutes=1)


@contextmanager
def lock_schedules(archive: Archive) -> Iterator[bool]:
    """Hold the schedules of *archive*; False where another process does. The kernel drops the lock with its owner."""
    archive.check_writable()
    archive.make_folders()
    with lock_file(archive.state / LOCK) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.utime(descriptor)  # when it ran last, for whoever asks
            yield True
        except BlockingIOError:
            yield False


class Keeper:
    def __init__(
        self,
        archive: Archive,
        world: World,
        *,
        at_once: int,
        say: Callable[[str], None],
        show: Callable[[Ran], None],
        warn: Callable[[str], None],
    ) -> None:
        """*say* is given lines of progress, *warn* what is wrong beside the crawls, *show* each of these at its end.
        The lock of schedules is held."""
        self._archive, self._world, self._at_once = archive, world, at_once
        self._say, self._show, self._warn = say, show, warn
        self._memory = Memory.read(archive)
        self._remembered = self._memory.to_json()
        self._profiles = Profiles(archive)
        self._running: dict[str, Turn] = {}
        self._said: dict[str, str] = {}
        self._zones: dict[str, str] = {}
        self._codes: list[int] = []
        self._stopping = False

    def run_due(self) -> int:
        """Crawl what is due, and what becomes due meanwhile; the exit code."""
        while True:
            turns = self._tick()
            if not self._running:
                break
            self._take(self._world.wait(_soonest(turns)))
        if self._stopping:
            return INTERRUPTED
        if not self._codes and (line := next_line(turns, self._zones)):
            self._say(line)
        return max(self._codes, key=(DONE, PROBLEMS, FAULT).index, default=DONE)

    def run_on(self, rest: Callable[[bool], None] = lambda _: None) -> int:
        """Crawl what becomes due, until a signal ends it. *rest* is called between two things that happen, and told
        whether the last was the end of a crawl."""
        told: str | None = ""
        while True:
            turns = self._tick()
            if self._stopping and not self._running:
                return DONE
            if not self._running and (line := next_line(turns, self._zones)) != told:
                told = line
                self._say(line or "nothing is scheduled")
            happened = self._world.wait(_soonest(turns))
            self._take(happened)
            if not self._stopping:
                rest(isinstance(happened, Ended))

    def _tick(self) -> list[Turn]:
        """Begin what can be begun; all turns as they are then."""
        now = self._world.now()
        profiles, bad = self._profiles.scheduled()
        self._zones = {site: profile.timezone for site, profile in profiles.items()}
        self._tell_bad(bad)
        for site in profiles:
            self._memory.sites.setdefault(site, Attempts(seen=times.seconds(now)))
        outside = {site for site in profiles if site not in self._running and is_running(self._archive, site)}
        self._settle(outside, now)
        turns = []
        for site, profile in profiles.items():
            running = site in self._running or site in outside
            last = last_crawl(self._archive, site)
            turns.append(turn_of(profile, last, self._memory.sites[site], now, running=running))
        turns.sort(key=in_order)
        if not self._stopping:
            busy = {site: Hosts(profiles[site]) for site in (*self._running, *outside) if site in profiles}
            for turn in turns:
                if turn.state == "due":
                    self._begin_or_tell(turn, Hosts(profiles[turn.site]), busy, now)
        self._remember()
        return turns

    def _begin_or_tell(self, turn: Turn, hosts: Hosts, busy: dict[str, Hosts], now: datetime) -> None:
        other = next((site for site, theirs in busy.items() if theirs.meets(hosts)), None)
        if other or len(self._running) >= self._at_once:
            waits = f"{other}, which is being crawled, asks the same host" if other else f"{self._at_once} are crawled"
            self._say_once(turn.site, f"{turn.site}: {turn.why}; waits: {waits}")
            return
        self._say_once(turn.site, f"{turn.site}: begins: {turn.why}")
        self._memory.sites[turn.site].begin(now, crawl=turn.resumes, anew=not turn.again)
        # On the medium first: one that kills us all is not begun for ever.
        self._remember(flush=True)
        self._world.begin(turn.site, options_of(turn))
        self._running[turn.site], busy[turn.site] = turn, hosts

    def _take(self, happened: Ended | Signalled | None) -> None:
        if isinstance(happened, Ended):
            turn = self._running.pop(happened.site)
            self._said.pop(happened.site, None)
            self._note(happened, turn.why, self._world.now())
        elif isinstance(happened, Signalled) and happened.number != signal.SIGHUP:
            self._stopping = True
            if self._running:
                names = ", ".join(sorted(self._running))
                self._say(f"{signal.Signals(happened.number).name}: ending the crawls of {names}")
            self._world.interrupt()

    def _note(self, ended: Ended, why: str, now: datetime) -> None:
        wrong = what_failed(ended.code, ended.report)
        crawl = ended.report.get("crawl")
        last = last_crawl(self._archive, ended.site)
        attempts = self._memory.sites.setdefault(ended.site, Attempts(seen=times.seconds(now)))
        attempts.end(
            now,
            crawl=str(crawl) if crawl else last.unfinished if last else None,
            wrong=wrong,
            interrupted=ended.code == INTERRUPTED,
        )
        self._remember()
        self._codes.append(code_of(ended.code))
        self._show(Ran(ended.site, ended.code, why, wrong, ended.report))

    def _settle(self, outside: set[str], now: datetime) -> None:
        """Attempts that nobody saw end: whoever began them was killed. They may have gone on without it."""
        for site, attempts in self._memory.sites.items():
            if site in self._running or site in outside or attempts.ended or not attempts.began:
                continue
            began = times.parse(attempts.began)
            report = self._world.report_of(site, began)
            if isinstance(code := report.get("exit_code"), int):
                self._note(Ended(site, code, report), "went on when whoever began it was killed", now)
                continue
            last = last_crawl(self._archive, site)
            # One that was taken up began long before.
            done = last and not last.unfinished and (attempts.crawl or last.began >= began)
            sign = min(max(last_sign(self._archive, site) or began, began), now)
            if done and now - sign < _REPORTS_WITHIN:
                continue
            crawl = last.unfinished if last else None
            attempts.end(sign, crawl=crawl, wrong=None if done else CUT_OFF, interrupted=False)

    def _tell_bad(self, bad: Mapping[str, str]) -> None:
        for site, said in bad.items():
            if self._memory.told.get(site) != said:
                self._warn(f"{site}: not crawled: {said}")
                self._codes.append(PROBLEMS)
        self._memory.told = dict(bad)

    def _remember(self, *, flush: bool = False) -> None:
        if (now := self._memory.to_json()) != self._remembered:
            self._memory.write(self._archive, flush=flush)
            self._remembered = now

    def _say_once(self, site: str, line: str) -> None:
        if self._said.get(site) != line:
            self._said[site] = line
            self._say(line)


def options_of(turn: Turn) -> list[str]:
    """Of ``bewaar crawl``."""
    return ["--max-time", str(turn.max_time_s), "--from-start" if turn.from_start else "--resume"]


def _soonest(turns: list[Turn]) -> datetime | None:
    return min((turn.at for turn in turns if turn.at and turn.state == "waiting"), default=None)
