"""What is crawled over a year, and after whatever comes between: a clock that leaps, and nothing else is not real."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest

from archive.layout import Archive
from crawler.schedule.attempts import NAME
from tests.crawler.simulated_crawls import SimulatedWorld

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime(2027, 1, 1, 11, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """In memory where that can be: what is flushed in a year need not go to a disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Archive.create(Path(folder) / "a", contact="archivist@example.org")


def site(
    archive: Archive, name: str, schedule: str, *, zone: str = "Europe/Amsterdam", host: str = "", more: str = ""
) -> None:
    lines = (
        f'seeds = ["http://{host or name}.test/"]\ntimezone = "{zone}"\n{more}\n[schedule]\njitter = "0m"\n{schedule}\n'
    )
    (archive.sites / f"{name}.toml").write_text(lines)


def local(moment: datetime, zone: str = "Europe/Amsterdam") -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("zone", "odd"),
    [
        ("Europe/Amsterdam", {"03-28 03:00"}),  # there is no 02:30 in that night
        ("America/Havana", set()),  # clocks change at midnight
        ("Australia/Lord_Howe", set()),  # by half an hour, at 02:00
    ],
)
def test_a_year_has_a_crawl_on_each_of_its_days_at_its_time(archive: Archive, zone: str, odd: set[str]) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "02:30"', zone=zone)
    world = SimulatedWorld(archive, START, until=START + 365 * DAY)
    assert world.keeper().run_on() == 0
    begun = [crawl.began.astimezone(ZoneInfo(zone)) for crawl in world.crawls]
    # The first at once, and the next in the night that follows.
    days = [moment.date() for moment in begun[1:]]
    assert days == [days[0] + n * DAY for n in range(365)]
    assert {f"{moment:%m-%d %H:%M}" for moment in begun[1:] if f"{moment:%H:%M}" != "02:30"} == odd
    assert all(crawl.code == 0 and not crawl.resumed for crawl in world.crawls)


def test_360_days_have_so_many_crawls_of_each_frequency(archive: Archive) -> None:
    """The first of each at once."""
    expected = {"weekly": 52, "monthly": 12, "bi-monthly": 6, "quarterly": 4, "semiannual": 2, "annual": 1, "once": 1}
    for number, frequency in enumerate(expected):
        site(archive, f"site{number}", f'frequency = "{frequency}"\nat = "03:00"')
    site(archive, "sundays", 'cron = "30 2 * * SUN"')
    world = SimulatedWorld(archive, START, until=START + 360 * DAY)
    world.keeper(at_once=9).run_on()
    assert {frequency: len(world.of(f"site{number}")) for number, frequency in enumerate(expected)} == expected
    sundays = [crawl.began.astimezone(AMSTERDAM) for crawl in world.of("sundays")]
    assert (len(sundays), {moment.weekday() for moment in sundays}) == (52, {6})


def test_missed_runs_become_one(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "02:30"')
    world = SimulatedWorld(archive, START)
    world.due()
    # The machine is off for ten days, over the night the clocks change too.
    assert world.due(datetime(2027, 3, 30, 9, tzinfo=UTC)) == 0
    assert "museum: begins: due since 2027-01-02 02:30 CET, and 87 times since, which are one" in world.said
    assert len(world.crawls) == 2
    world.due(datetime(2027, 3, 31, 0, 29, tzinfo=UTC))
    assert len(world.crawls) == 2
    world.due(datetime(2027, 3, 31, 0, 31, tzinfo=UTC))
    assert local(world.crawls[-1].began) == "03-31 02:31"


def test_a_crawl_that_takes_longer_than_its_interval_is_followed_by_one_and_never_beside_it(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "02:30"')
    site(archive, "library", 'frequency = "daily"\nat = "04:00"')
    world = SimulatedWorld(
        archive, START, plan=lambda name, now: (60 * HOUR if name == "museum" else HOUR, 0), until=START + 19 * DAY
    )
    world.keeper().run_on()
    museum = world.of("museum")
    for one, next_one in itertools.pairwise(museum):
        assert next_one.began == one.ends
    assert len(museum) == 8
    # Nobody else waits for it.
    assert len(world.of("library")) == 19 + 1


def test_one_that_takes_long_keeps_no_other_from_being_crawled_by_the_same_due(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"')
    site(archive, "library", 'frequency = "daily"\nat = "04:00"')
    world = SimulatedWorld(archive, START, plan=lambda name, now: (60 * HOUR if name == "museum" else HOUR, 0))
    assert world.due() == 0
    assert [local(crawl.began) for crawl in world.of("library")] == ["01-01 12:00", "01-02 04:00", "01-03 04:00"]


def test_so_many_at_once_and_one_host_never_twice(archive: Archive) -> None:
    for name in ("a", "b", "c", "d", "e"):
        site(archive, name, 'frequency = "daily"')
    site(archive, "again", 'frequency = "daily"', host="www.a")
    site(archive, "whole", 'frequency = "daily"', host="x.y.b", more='scope = "domain"')
    site(archive, "part", 'frequency = "daily"', host="z.y.b")
    world = SimulatedWorld(archive, START)
    world.due(at_once=3)
    assert len(world.crawls) == 8
    for moment in (crawl.began for crawl in world.crawls):
        assert sum(crawl.began <= moment < crawl.ends for crawl in world.crawls) <= 3
    for pair in (("a", "again"), ("whole", "part"), ("whole", "b")):
        one, other = sorted(world.of(name)[0].span for name in pair)
        assert one[1] <= other[0], pair
    assert "again: never crawled; waits: a, which is being crawled, asks the same host" in world.said


def test_after_a_power_cut_a_crawl_is_taken_up_and_not_begun_again(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"\ntime_limit = "10h"')
    world = SimulatedWorld(archive, START)
    keeper = world.keeper()
    keeper._tick()
    world.kill()
    assert world.due(START + 20 * MINUTE) == 0
    first, second = world.crawls
    assert second.id == first.id
    assert second.resumed
    assert len(world.crawls) == 2
    # Its week counts from when it began.
    world.due(START + 6 * DAY + 16 * HOUR)
    assert local(world.crawls[-1].began) == "01-08 04:00"
    assert not world.crawls[-1].resumed


def test_what_cuts_everything_off_again_and_again_is_not_tried_for_ever(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"\nretries = 3')
    world = SimulatedWorld(archive, START)
    for tick in range(96):
        keeper = world.keeper()
        world._now = START + tick * 15 * MINUTE
        keeper._tick()
        world.kill()
    assert len(world.crawls) == 4
    world.due(START + 6 * DAY + 16 * HOUR)
    assert len(world.crawls) == 6, "taken up when its time came, and then the run that was due"


def test_one_that_outlived_its_due_is_left_alone_and_counted(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"')
    world = SimulatedWorld(archive, START)
    world.keeper()._tick()
    with archive.lock_site("museum"):
        assert world.due(START + HOUR) == 0
        assert len(world.crawls) == 1
    ended = world._end(world.crawls[0])
    world.reports["museum"] = {**ended.report, "exit_code": 3}
    assert world.due(START + 2 * HOUR) == 0
    assert [ran.exit_code for ran in world.shown] == [3]
    assert len(world.crawls) == 1
    world.due(START + 6 * DAY + 16 * HOUR)
    assert len(world.crawls) == 2


def test_a_lock_that_names_a_process_of_somebody_else_holds_nobody_up(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"')
    world = SimulatedWorld(archive, START)
    (archive.state / "museum.lock").write_text("pid 1 since 2026-12-31T00:00:00Z\n")
    assert archive.holder_of("museum") == 1
    world.due()
    assert len(world.crawls) == 1


@pytest.mark.parametrize(("code", "exit_code"), [(4, 4), (137, 1)])
def test_what_fails_is_tried_again_so_often_and_then_has_to_wait(archive: Archive, code: int, exit_code: int) -> None:
    site(archive, "museum", 'frequency = "weekly"\nretries = 3')
    world = SimulatedWorld(archive, START, plan=lambda name, now: (MINUTE, code))
    codes = [world.due(START + tick * 15 * MINUTE) for tick in range(6 * 24 * 4)]
    assert codes.count(exit_code) == 4
    assert set(codes) == {0, exit_code}
    waits = [later.began - former.ends for former, later in itertools.pairwise(world.crawls)]
    assert [wait // (15 * MINUTE) for wait in waits] == [1, 4, 16]
    # By then it is due again, and may fail as often.
    for tick in range(6 * 24 * 4, 8 * 24 * 4):
        world.due(START + tick * 15 * MINUTE)
    assert len(world.crawls) == 8


def test_problems_and_drift_are_told_and_not_tried_again(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "weekly"')
    world = SimulatedWorld(archive, START, plan=lambda name, now: (MINUTE, 1))
    end = world._end

    def with_a_page(crawl):  # type: ignore[no-untyped-def]
        ended = end(crawl)
        ended.report["seeds"]["http://127.0.0.2/"] = {"status": 200, "problem": None}
        return ended

    world._end = with_a_page  # type: ignore[method-assign]
    assert world.due() == 1
    assert world.due(START + DAY) == 0
    assert len(world.crawls) == 1


def test_an_interruption_ends_all_and_all_go_on(archive: Archive) -> None:
    for name in ("museum", "library"):
        site(archive, name, 'frequency = "weekly"\ntime_limit = "3h"')
    world = SimulatedWorld(archive, START, plan=lambda name, now: (2 * HOUR, 0), until=START + HOUR)
    assert world.due() == 130
    world.until = None
    assert world.due(START + 2 * HOUR) == 0
    assert len(world.crawls) == 4
    assert {crawl.id for crawl in world.crawls[:2]} == {crawl.id for crawl in world.crawls[2:]}
    # An hour of its three is over.
    assert {crawl.options[1] for crawl in world.crawls[:2]} == {"10800"}
    assert {crawl.options[1] for crawl in world.crawls[2:]} == {"7195"}


def test_an_unfinished_crawl_goes_first_and_one_too_old_gives_way(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "12:00"')
    world = SimulatedWorld(archive, START, plan=lambda name, now: (2 * HOUR, 0), until=START + HOUR)
    world.due()
    world.until = None
    world.due(START + 3 * DAY)
    assert [(crawl.id, crawl.resumed) for crawl in world.crawls[1:2]] == [(world.crawls[0].id, True)]
    assert [crawl.resumed for crawl in world.crawls] == [False, True, False]
    world.until = START + 4 * DAY
    world._stopped = False
    world.due(START + 4 * DAY)
    world.until = None
    world.due(START + 13 * DAY)
    assert "--from-start" in world.crawls[-1].options
    assert not world.crawls[-1].resumed
    assert any("stays unfinished, it is 9 days old" in line for line in world.said)


def test_opening_hours_are_waited_for(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "12:00"', more='hours = ["22:00-06:00"]')
    world = SimulatedWorld(archive, START, until=START + 3 * DAY)
    world.keeper().run_on()
    assert [local(crawl.began) for crawl in world.crawls] == ["01-01 22:00", "01-02 22:00", "01-03 22:00"]


def test_not_before_not_after_and_paused(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "daily"\nat = "12:00"\nnot_before = 2027-01-10\nnot_after = 2027-01-12')
    site(archive, "library", 'frequency = "daily"\npaused = true')
    world = SimulatedWorld(archive, START, until=START + 20 * DAY)
    world.keeper().run_on()
    assert [local(crawl.began) for crawl in world.crawls] == ["01-10 12:00", "01-11 12:00"]


def test_a_crontab_rule_waits_for_its_first_time_and_survives_a_lost_state(archive: Archive) -> None:
    site(archive, "museum", 'cron = "30 2 * * SUN"')
    world = SimulatedWorld(archive, START)
    world.due()
    assert world.crawls == []
    world.due(START + 2 * DAY)
    assert len(world.crawls) == 1
    # What was crawled when, the archive tells; the file holds the failures only.
    for damage in (b"", b"{", b'{"sites": {"museum": {"seen": 1}}, "told": {}}', b'{"sites": [], "told": {}}'):
        (archive.state / NAME).write_bytes(damage)
        world.due(START + 3 * DAY)
        assert len(world.crawls) == 1
    (archive.state / NAME).unlink()
    (archive.state / "museum.frontier.db").unlink()
    (archive.warcs / "museum-20270103013000000-00000-host.warc.gz").touch()
    world.due(START + 3 * DAY)
    assert len(world.crawls) == 1
    world.due(START + 9 * DAY)
    assert len(world.crawls) == 2


def test_a_profile_that_cannot_be_read_is_told_once_and_stops_no_other(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "wekly"')
    site(archive, "library", 'frequency = "weekly"')
    world = SimulatedWorld(archive, START)
    assert world.due() == 1
    assert [crawl.site for crawl in world.crawls] == ["library"]
    assert any("museum.toml line 6: schedule.frequency: 'wekly'" in line for line in world.said)
    assert world.due(START + HOUR) == 0
    site(archive, "museum", 'frequency = "weekly"')
    world.due(START + 2 * HOUR)
    assert [crawl.site for crawl in world.crawls] == ["library", "museum"]


def test_a_loop_sees_profiles_that_are_changed_and_added(archive: Archive) -> None:
    site(archive, "museum", 'frequency = "annual"')
    world = SimulatedWorld(archive, START, until=START + 4 * DAY)
    plan = world.plan

    def busy(name: str, now: datetime) -> tuple[timedelta, int]:
        site(archive, "library", 'frequency = "daily"\nat = "09:00"')
        return plan(name, now)

    world.plan = busy
    world.keeper().run_on()
    assert [crawl.site for crawl in world.crawls] == ["museum", *["library"] * 5]
