"""A site that may be asked at some hours only."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.layout import Archive
from crawler.sites.hours import Hours
from tests.clock import Clock
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Site, tree
from tests.waiting import until


def opens(moment: str, *spans: str, zone: str = "UTC") -> str | None:
    found = Hours(spans, zone).opens_at(datetime.fromisoformat(moment))
    return found.isoformat() if found else None


@pytest.mark.parametrize(
    ("moment", "spans", "expected"),
    [
        ("2026-11-28T12:00+00:00", (), None),
        ("2026-11-28T23:00+00:00", ("22:00-06:00",), None),
        ("2026-11-28T05:59+00:00", ("22:00-06:00",), None),
        ("2026-11-28T06:00+00:00", ("22:00-06:00",), "2026-11-28T22:00:00+00:00"),
        ("2026-11-28T12:00+00:00", ("01:00-02:00", "03:00-04:00"), "2026-11-29T01:00:00+00:00"),
        ("2026-11-28T02:30+00:00", ("01:00-02:00", "03:00-04:00"), "2026-11-28T03:00:00+00:00"),
        ("2026-11-28T03:30+00:00", ("01:00-02:00", "03:00-04:00"), None),
    ],
)
def test_when_it_opens(moment: str, spans: tuple[str, ...], expected: str | None) -> None:
    assert opens(moment, *spans) == expected


def test_hours_are_those_of_the_site(tmp_path: Path) -> None:
    # 22:00 in Amsterdam is 20:00 UTC in summer and 21:00 in winter.
    assert opens("2026-07-01T20:00+00:00", "22:00-06:00", zone="Europe/Amsterdam") is None
    assert opens("2026-12-01T20:00+00:00", "22:00-06:00", zone="Europe/Amsterdam") == "2026-12-01T22:00:00+01:00"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('hours = ["22-6"]', "22:00-06:00"),
        ('hours = ["08:00-08:00"]', "no span"),
        ('timezone = "Mars"', "no time zone"),
    ],
)
def test_a_wrong_span_is_named(tmp_path: Path, line: str, said: str) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    (archive.sites / "s.toml").write_text(f'seeds = ["http://127.0.0.1:9/"]\n{line}\n')
    done = bewaar("crawl", "s", "--archive", archive.root, code=2)
    assert said in done.stderr
    assert "line 2" in done.stderr


def test_outside_of_them_nothing_is_asked_and_inside_it_is(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    now = datetime.now(UTC)
    closed = f"{now + timedelta(hours=3):%H:%M}-{now + timedelta(hours=4):%H:%M}"
    opened = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    profile = archive.sites / "s.toml"
    with Site(tree(7)) as site:
        profile.write_text(f'seeds = ["{site.url()}"]\ndelay_s = 0\nhours = ["{closed}"]\n')
        process = start("crawl", "s", "--archive", archive.root)
        time.sleep(4)
        assert site.asked == []
        assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
        profile.write_text(f'seeds = ["{site.url()}"]\ndelay_s = 0\nhours = ["{opened}"]\n')
        bewaar("crawl", "s", "--archive", archive.root)
        assert set(tree(7)) <= set(site.paths())


def test_a_crawl_pauses_when_they_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    clock = Clock(tmp_path)
    for name, value in clock.environment().items():
        monkeypatch.setenv(name, value)
    with Site(tree(255), slow_s=0.05) as site:
        (archive.sites / "s.toml").write_text(
            f'seeds = ["{site.url()}"]\ndelay_s = 0.1\nhours = ["22:00-06:00"]\ntimezone = "UTC"\n'
        )
        clock.set(datetime(2026, 11, 28, 5, 58, tzinfo=UTC))
        process = start("crawl", "s", "--archive", archive.root)
        until(lambda: len(site.asked) > 5)
        clock.set(datetime(2026, 11, 28, 6, 0, 1, tzinfo=UTC))
        time.sleep(1)  # what is asked for already
        asked = len(site.asked)
        assert asked < 255
        time.sleep(2)
        assert len(site.asked) == asked
        assert process.poll() is None
        clock.set(datetime(2026, 11, 28, 22, 0, 1, tzinfo=UTC))
        until(lambda: len(site.asked) > asked + 5)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 130
