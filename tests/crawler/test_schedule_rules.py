"""When a site is crawled next, over a year, held against the clock of its zone minute by minute."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive.errors import BadProfile
from archive.layout import Archive
from crawler.schedule import rule as rule_module
from crawler.schedule.rule import Rule, share_of
from crawler.sites import schedule as schedule_module
from crawler.sites.profile import Profile
from crawler.sites.profile_files import read_profile
from crawler.sites.schedule import Schedule

#: clocks that change by an hour at night, by half an hour in the southern autumn, at midnight, and never
ZONES = ("Europe/Amsterdam", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata")
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("module", [rule_module, schedule_module], ids=lambda module: module.__name__)
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def on_the_clock(at: time, zone: str, year: int) -> list[datetime]:
    """For each day of *year* the first minute, in UTC, at which a clock in *zone* shows *at* or later."""
    here, found = ZoneInfo(zone), []
    for number in range(365):
        day = date(year, 1, 1) + timedelta(days=number)
        moment = datetime.combine(day, at, here).astimezone(UTC) - timedelta(minutes=61)
        while (local := moment.astimezone(here)).date() < day or local.time() < at:
            moment += MINUTE
        found.append(moment)
    return found


def begins(rule: Rule, first: datetime, *, late: timedelta = timedelta()) -> Iterator[datetime]:
    """Every crawl of a year: each begins *late*, and the next is counted from that."""
    moment: datetime | None = first
    while (moment := rule.after(moment)) and moment <= first + timedelta(days=365):
        yield moment
        moment += late


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "02:30", "23:50"])
def test_daily_is_once_on_every_day_of_the_year_at_its_time(zone: str, at: str) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=ZoneInfo(zone))
    expected = on_the_clock(time.fromisoformat(at), zone, 2027)
    for schedule in (
        Schedule(frequency="daily", at=at, jitter="0m"),
        Schedule(cron=f"{int(at[3:])} {int(at[:2])} * * *", jitter="0m"),
    ):
        rule = schedule.rule("museum", zone)
        moment, found = new_year - timedelta(hours=2), []
        while len(found) < 365 and (following := rule.after(moment)):
            moment = following
            if following >= new_year:
                found.append(following)
        assert found == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=7)])
@pytest.mark.parametrize(
    ("frequency", "crawls"),
    [
        ("twice daily", 730),
        ("daily", 365),
        ("weekly", 52),
        ("monthly", 12),
        ("bi-monthly", 6),
        ("quarterly", 4),
        ("semiannual", 2),
        ("annual", 1),
    ],
)
def test_a_year_has_so_many_crawls_however_late_each_begins(
    zone: str, late: timedelta, frequency: str, crawls: int
) -> None:
    schedule = Schedule(frequency=frequency, at="10:50", jitter="2h")
    rule = schedule.rule("library", zone)
    first = datetime(2026, 12, 31, 13, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = list(begins(rule, first, late=late))
    assert abs(len(found) - crawls) <= 1
    for moment in found:
        local = (moment - rule.jitter).astimezone(ZoneInfo(zone))
        assert (local.hour % 12, local.minute) == (10, 50), local
    if frequency == "weekly":
        assert len({moment.astimezone(ZoneInfo(zone)).weekday() for moment in found}) == 1
    if frequency in {"monthly", "quarterly"}:
        days = [moment.astimezone(ZoneInfo(zone)).day for moment in found]
        assert set(days) <= {28, 29, 30, 31}


def test_in_the_autumn_night_a_late_crawl_is_not_followed_by_another() -> None:
    """At 02:10 by the second clock, 40 minutes after 02:30 by the first."""
    rule = Rule("30 2 * * *", "Europe/Amsterdam")
    assert rule.after(datetime(2026, 10, 25, 1, 10, tzinfo=UTC)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_hour_has_23_and_25_of_them_on_these_days() -> None:
    rule = Rule("0 * * * *", "Europe/Amsterdam")
    for day, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)):
        moment = datetime.combine(day, time(), ZoneInfo("Europe/Amsterdam")).astimezone(UTC) - MINUTE
        found = 0
        while (following := rule.after(moment)) and following.astimezone(ZoneInfo("Europe/Amsterdam")).date() == day:
            moment, found = following, found + 1
        assert found == hours


def test_jitter_is_a_sites_own_and_spreads_sites() -> None:
    shares = [share_of(f"site{number}", timedelta(hours=1)) for number in range(600)]
    assert shares == [share_of(f"site{number}", timedelta(hours=1)) for number in range(600)]
    assert {share.total_seconds() // 60 for share in shares} == set(range(60))
    assert share_of("museum", timedelta(0)) == timedelta(0)


def test_a_profile_says_when_and_keeps_it_through_its_record(tmp_path: Path) -> None:
    profile = profile_with(
        tmp_path,
        'frequency = "Bi_Monthly"\nnot_before = 2027-03-01\nnot_after = 2028-01-01T12:00:00\ntime_limit = "36h"',
    )
    schedule = profile.schedule
    assert schedule
    assert schedule.frequency == "bi-monthly"
    assert schedule.begins("Europe/Amsterdam") == datetime(2027, 2, 28, 23, tzinfo=UTC)
    assert schedule.ends("Europe/Amsterdam") == datetime(2028, 1, 1, 11, tzinfo=UTC)
    assert schedule.limit() == timedelta(hours=36)
    assert Profile.from_json(profile.to_json()).to_json() == profile.to_json()
    assert Profile.from_json(profile.to_json()).schedule == schedule
    assert Profile.from_json(profile_with(tmp_path, 'cron = "0 4 * * MON"').to_json()).schedule == Schedule(
        cron="0 4 * * MON"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('frequency = "wekly"', "line 4: schedule.frequency: 'wekly' is no frequency; did you mean weekly?"),
        ("", "give one of frequency and cron"),
        ('frequency = "daily"\ncron = "0 2 * * *"', "give one of frequency and cron"),
        ('cron = "0 2 * *"', "line 4: schedule.cron: '0 2 * *' has 4 fields"),
        ('cron = "0 25 * * *"', "bad hour"),
        ('cron = "0 2 30 2 *"', "bad day-of-month"),
        ('cron = "0 2 * * *"\nat = "04:00"', "cron has its own time"),
        ('frequency = "daily"\nat = "2.30"', "line 5: schedule.at: '2.30' is no time of the day"),
        ('frequency = "daily"\njitter = "2d"', "longer than a day"),
        ('frequency = "daily"\ntime_limit = "0h"', "line 5: schedule.time_limit"),
        ('frequency = "daily"\nnot_before = "soon"', "'soon' is no date"),
        ('frequency = "daily"\nzone = "UTC"', "line 5: schedule.zone: no such key"),
    ],
)
def test_a_wrong_schedule_is_named(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(BadProfile) as caught:
        profile_with(tmp_path, lines)
    assert said in str(caught.value)


def profile_with(folder: Path, lines: str) -> Profile:
    archive = Archive.create(folder / "a")
    path = archive.sites / "s.toml"
    path.write_text(f'seeds = ["http://127.0.0.1:9/"]\n\n[schedule]\n{lines}\n')
    return read_profile(path)
