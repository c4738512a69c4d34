"""The table ``[schedule]`` of a profile: how often a site is crawled without anybody asking."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from archive.configuration import Table, did_you_mean
from crawler.schedule.rule import FREQUENCIES, Rule, check_cron, share_of

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
#: of one crawl that is begun by its schedule, where the profile names none
_TIME_LIMITS = {"twice daily": "10h", "daily": "20h", "weekly": "3d", "cron": "1d"}
_LONGEST = "7d"


def _check_frequency(word: Any) -> str:
    known = {name.replace(" ", "").replace("-", ""): name for name in FREQUENCIES}
    plain = re.sub(r"[ _-]", "", word.lower()) if isinstance(word, str) else ""
    if plain not in known:
        close = did_you_mean(plain, list(known))
        raise ValueError(f"{str(word)[:100]!r} is no frequency{close} (one of {', '.join(FREQUENCIES)})")
    return known[plain]


def _check_clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{text[:100]!r} is no time of the day, such as 02:30")
    return text


def parse_span(text: str) -> timedelta:
    """``"90m"``, ``"4h"`` or ``"3d"``. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,5})\s*([mhd])", text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is no length of time, such as 90m, 4h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _check_jitter(text: str) -> str:
    if parse_span(text) > timedelta(days=1):
        raise ValueError(f"{text[:100]!r} is longer than a day")
    return text


def _check_limit(text: str) -> str:
    if not parse_span(text):
        raise ValueError("a crawl of no time is none")
    return text


def _check_moment(value: Any) -> str:
    """TOML has dates and times of its own; JSON has texts."""
    try:
        moment = value if isinstance(value, date) else _read_moment(value)
    except (TypeError, ValueError):
        raise ValueError(f"{str(value)[:100]!r} is no date, such as 2027-01-31 or 2027-01-31T08:30:00") from None
    return moment.isoformat()


class Schedule(Table):
    #: ``twice daily``, ``daily``, ``weekly``, ``monthly``, ``bi-monthly`` (every two months), ``quarterly``,
    #: ``semiannual``, ``annual`` or ``once``: at once when there was no crawl yet, then so long after the last
    frequency: Annotated[str, BeforeValidator(_check_frequency)] | None = None
    #: in place of *frequency*: minute, hour, day of the month, month and weekday as in a crontab, ``"30 2 * * SUN"``
    cron: Annotated[str, AfterValidator(check_cron)] | None = None
    #: with *frequency*: not before this time of the day, on the clock of *timezone*; twice daily also 12 hours later
    at: Annotated[str, AfterValidator(_check_clock)] = "02:00"
    #: the crawl begins up to so long later, by the site's name: always the same, and not all sites at once
    jitter: Annotated[str, AfterValidator(_check_jitter)] = "1h"
    #: a crawl ends after so long, as with ``--max-time``: 10h when twice daily, 20h when daily, 3d when weekly, 1d with
    #: *cron*, else 7d
    time_limit: Annotated[str, AfterValidator(_check_limit)] | None = None
    #: no crawl begins before this date or time
    not_before: Annotated[str, BeforeValidator(_check_moment)] | None = None
    #: nor after this one
    not_after: Annotated[str, BeforeValidator(_check_moment)] | None = None
    #: how often a crawl that failed is tried again, after 15 minutes, 1 hour, 4 hours ...; then it has to wait for its
    #: next time
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    #: nothing is begun and nothing taken up until this is gone
    paused: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Schedule:
        if (self.frequency is None) == (self.cron is None):
            raise ValueError("give one of frequency and cron")
        if self.cron and "at" in self.model_fields_set and self.at != "02:00":
            raise ValueError("at: goes with frequency; cron has its own time")
        return self

    def rule(self, site: str, zone: str) -> Rule:
        jitter = share_of(site, parse_span(self.jitter))
        if self.cron:
            return Rule(self.cron, zone, jitter)
        assert self.frequency
        hour, minute = map(int, self.at.split(":"))
        hours = f"{hour % 12},{hour % 12 + 12}" if self.frequency == "twice daily" else str(hour)
        days, months = FREQUENCIES[self.frequency]
        return Rule(f"{minute} {hours} * * *", zone, jitter, days, months, once=self.frequency == "once")

    def limit(self) -> timedelta:
        return parse_span(self.time_limit or _TIME_LIMITS.get(self.frequency or "cron", _LONGEST))

    def begins(self, zone: str) -> datetime | None:
        return _moment(self.not_before, zone)

    def ends(self, zone: str) -> datetime | None:
        return _moment(self.not_after, zone)

    def described(self, site: str, zone: str) -> str:
        """
        >>> Schedule(frequency="weekly", at="02:30", jitter="0m").described("museum", "Europe/Amsterdam")
        'weekly at 02:30, Europe/Amsterdam'
        """
        minutes = int(share_of(site, parse_span(self.jitter)).total_seconds()) // 60
        if self.cron:
            return f"cron {self.cron}{f' + {minutes} min' if minutes else ''}, {zone}"
        if self.frequency == "once":
            return "once"
        hour, minute = divmod(
            sum(int(n) * unit for n, unit in zip(self.at.split(":"), (60, 1), strict=True)) + minutes, 60
        )
        return f"{self.frequency} at {hour % 24:02}:{minute:02}, {zone}"


def _read_moment(text: str) -> date:
    return date.fromisoformat(text) if len(text) <= len("2027-01-31") else datetime.fromisoformat(text)


def _moment(text: str | None, zone: str) -> datetime | None:
    """In UTC; without an offset it is on the clock of *zone*, and a date is its midnight."""
    if text is None:
        return None
    moment = _read_moment(text)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
