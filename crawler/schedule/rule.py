"""When a site is crawled next: a calendar rule in a time zone, moved by the site's own share of the jitter.

Pure: no clock, no file. Times of the day are found by cronsim, which on the nights when clocks change has every one of
them once: in spring 02:30 is at 03:00, in autumn it is the first of the two.
"""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

#: days and months between two crawls; twice daily is two times on the clock
FREQUENCIES: dict[str, tuple[int, int]] = {
    "twice daily": (0, 0),
    "daily": (1, 0),
    "weekly": (7, 0),
    "monthly": (0, 1),
    "bi-monthly": (0, 2),
    "quarterly": (0, 3),
    "semiannual": (0, 6),
    "annual": (0, 12),
    "once": (0, 0),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Every time that *cron* says; with *every_days* or *every_months* only once in so many of them, counted from the
    crawl before."""

    #: five fields
    cron: str
    zone: str = "UTC"
    #: behind what *cron* says, always the same
    jitter: timedelta = timedelta()
    every_days: int = 0
    every_months: int = 0
    once: bool = False

    def after(self, moment: datetime) -> datetime | None:
        """When the next crawl begins, in UTC, if the last one began at *moment* (aware); None for never."""
        if self.once:
            return None
        here = (moment - self.jitter).astimezone(ZoneInfo(self.zone)).replace(microsecond=0)
        if self.every_days or self.every_months:
            # Whoever began late, behind midnight perhaps, has the day of the time that it was late for.
            times = CronSim(self.cron, here + timedelta(seconds=1), reverse=True)
            day = _later(next(times).date(), self.every_days, self.every_months)
            here = datetime.combine(day, time(), here.tzinfo) - timedelta(seconds=1)
        for begins in CronSim(self.cron, here):
            # Of the hour that comes twice in autumn cronsim knows the first: there it leads backwards.
            if (found := begins.astimezone(UTC) + self.jitter) > moment:
                return found
        return None

    def first_from(self, moment: datetime) -> datetime | None:
        """The first time that *cron* says from *moment* on, whatever there was before."""
        return Rule(self.cron, self.zone, self.jitter).after(moment - timedelta(seconds=1))


def _later(day: date, days: int, months: int) -> date:
    """
    >>> _later(date(2027, 11, 30), 0, 3)
    datetime.date(2028, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=days)


def check_cron(text: str) -> str:
    """*text* as one line of five fields. Raises ValueError, also for a day that never comes."""
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{text[:100]!r} has {len(fields)} fields: minute, hour, day, month and weekday are five")
    try:
        next(CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"{text[:100]!r}: {str(error)[:1].lower()}{str(error)[1:]}") from error
    except StopIteration:
        raise ValueError(f"{text[:100]!r}: that day never comes") from None
    return " ".join(fields)


def share_of(site: str, jitter: timedelta) -> timedelta:
    """The part of *jitter* that is this site's, in whole minutes: always the same, and spread over all sites.

    >>> share_of("museum", timedelta(hours=1)), share_of("library", timedelta(hours=1))
    (datetime.timedelta(seconds=720), datetime.timedelta(seconds=2940))
    """
    minutes = int(jitter.total_seconds()) // 60
    number = int.from_bytes(hashlib.sha256(site.encode()).digest()[:8])
    return timedelta(minutes=number % minutes if minutes else 0)
