"""A quarter in the life of an archive: what its reports, exit codes and mails say each week, no more and no less, and that
nothing is lost. Every `bewaar` is a process of its own, the mails go through a mail server, the disk is a file system;
only the clock is set.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import copy2
from typing import NamedTuple

import pytest

from archive.fixity import past_audits
from archive.report.crawl import read_report
from archive.report.verdict import findings
from tests.machine import small_file_system
from tests.quarter import AMSTERDAM, SITES, START, WEEKS, Done, Quarter
from tests.quarter_truth import Listed, edition_of, kept, must_hold, timeline
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("quarter")

#: the week in which a bit flips
FLIPPED = 6
#: when `due` runs, by the clock on the wall
MONDAYS = [START.replace(tzinfo=None) + timedelta(weeks=number) for number in range(WEEKS)]


class Week(NamedTuple):
    due: Done
    #: those of the same week: minutes after it
    later: dict[int, Done]
    #: as they stood at its end
    lists: dict[str, set[Listed]]
    findings: dict[str, set[str]]
    #: by site and URL: status and payload digest
    held: dict[str, dict[str, tuple[int, str]]]
    #: WARC files there are, and in which week each was read again last
    files: set[str]
    read: dict[str, int]


class Played(NamedTuple):
    weeks: list[Week]
    #: what was typed beside the schedule
    typed: dict[str, Done]
    flipped: str
    archive: Path


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system that can be filled: more than is kept in reserve for the end of a crawl."""
    with small_file_system(tmp_path_factory.mktemp("disk"), "size=128m", is_left_open=True) as place:
        yield place


@pytest.fixture(scope="module")
def played(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with Quarter(tmp_path_factory.mktemp("quarter"), disk) as quarter:
        yield play(quarter)


def play(quarter: Quarter) -> Played:
    weeks: list[Week] = []
    typed: dict[str, Done] = {}
    flipped = ""
    for number in range(WEEKS):
        for site, replica in quarter.replicas.items():
            replica.edition = edition_of(site, number)
        quarter.set_clock(number)
        if number == FLIPPED:
            flipped = flip_a_bit(quarter)
        due = {9: due_on_a_disk_that_fills_up, 10: due_and_kill}.get(number, Quarter.due)(quarter)
        later = {}
        for minutes in (20, 80) if number in (3, 9, 10) else ():
            quarter.set_clock(number, minutes)
            later[minutes] = quarter.due()
        weeks.append(look(quarter, number, due, later))
        if number == FLIPPED - 1:
            typed["backup"] = quarter.run("backup", quarter.place / "backup")
        if number == FLIPPED:
            quarter.set_clock(number, 24 * 60)
            typed |= mend(quarter, flipped)
    typed["audit"] = quarter.run("audit", "--all")
    typed["verify"] = quarter.run("verify", "--strict", "--rows")
    typed["rebuild"] = quarter.run("rebuild", "--dry-run")
    typed["pack"] = quarter.run("pack", "--output", quarter.place / "quarter.wacz")
    return Played(weeks, typed, flipped, quarter.archive.root)


def flip_a_bit(quarter: Quarter) -> str:
    """In the file that was read last longest ago."""
    good = past_audits(quarter.archive).good
    name = min(good, key=lambda name: (good[name], name))
    path = quarter.archive.root / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return name


def mend(quarter: Quarter, name: str) -> dict[str, Done]:
    """As docs/runbooks.md says."""
    (damaged := quarter.place / "damaged").mkdir()
    (quarter.archive.root / name).rename(quarter.archive.root / "state" / "damaged")
    copy2(quarter.archive.root / "state" / "damaged", damaged)
    copy2(quarter.place / "backup" / name, quarter.archive.root / name)
    return {
        "verify one": quarter.run("verify", quarter.archive.root / name),
        "audit after": quarter.run("audit", "--all"),
        "verify after": quarter.run("verify", "--rows"),
    }


def due_on_a_disk_that_fills_up(quarter: Quarter) -> Done:
    """Somebody else writes to it while two sites are crawled, and clears away behind him."""
    mirror = quarter.replicas["mirror"]
    asked = len(mirror.seen)
    process = hold(quarter, "campaign", "network")
    until(lambda: len(mirror.seen) > asked and quarter.archive.holder_of("mirror") is None)
    # What is kept in reserve so that a crawl can close, and not all of that.
    quarter.fill_disk(left=16 << 20)
    release(quarter)
    done = quarter.end(process)
    quarter.make_room()
    return done


def due_and_kill(quarter: Quarter) -> Done:
    process = hold(quarter, "campaign")
    crawl = quarter.archive.holder_of("campaign")
    assert crawl
    # In the middle: some of its pages have their rows.
    until(lambda: pages_of_latest(quarter, "campaign") > 0)
    os.kill(crawl, signal.SIGKILL)
    release(quarter)
    return quarter.end(process)


def pages_of_latest(quarter: Quarter, site: str) -> int:
    with closing(sqlite3.connect(quarter.archive.database)) as db:
        count: int = db.execute(
            "SELECT count(*) FROM capture WHERE page_key IS NOT NULL AND crawl_id = (SELECT id FROM crawl"
            " WHERE site_id = ? ORDER BY started_at DESC LIMIT 1)",
            (site,),
        ).fetchone()[0]
    return count


def hold(quarter: Quarter, *sites: str) -> subprocess.Popen[str]:
    for site in sites:
        quarter.replicas[site].hold(after=20)
    process = quarter.start_due()
    until(lambda: all(quarter.replicas[site].is_holding() for site in sites))
    return process


def release(quarter: Quarter) -> None:
    for replica in quarter.replicas.values():
        replica.release()


def look(quarter: Quarter, number: int, due: Done, later: dict[int, Done]) -> Week:
    good = past_audits(quarter.archive).good
    with closing(sqlite3.connect(quarter.archive.database)) as db:
        crawls = dict(db.execute("SELECT site_id, id FROM crawl ORDER BY started_at").fetchall())
        return Week(
            due,
            later,
            {site: listed(db, site) for site in SITES},
            {site: {finding.name for finding in findings(read_report(db, crawl))} for site, crawl in crawls.items()},
            {site: held(db, site, number) for site in SITES},
            {f"warcs/{path.name}" for path in quarter.archive.warcs.iterdir()},
            {name: (at - START).days // 7 for name, at in good.items()},
        )


def listed(db: sqlite3.Connection, site: str) -> set[Listed]:
    rows = db.execute(
        "SELECT value, state, first_seen, last_seen, gone_by FROM presence WHERE site_id = ? AND role = 'member'",
        (site,),
    )
    return {Listed(value, state, *map(week_of, bounds)) for value, state, *bounds in rows}


def week_of(at: str | None) -> int | None:
    """By the clock on the wall."""
    there = datetime.fromisoformat(at).astimezone(AMSTERDAM).replace(tzinfo=None) if at else None
    return (there - MONDAYS[0]).days // 7 if there else None


def held(db: sqlite3.Connection, site: str, number: int) -> dict[str, tuple[int, str]]:
    """Of what is referred to, the original's."""
    rows = db.execute(
        "SELECT r.url, c.status, p.digest, c.captured_at FROM capture c JOIN crawl k ON k.id = c.crawl_id "
        "JOIN resource r ON r.id = c.resource_id LEFT JOIN capture o ON o.id = c.original_id "
        "LEFT JOIN payload p ON p.id = coalesce(c.payload_id, o.payload_id) WHERE k.site_id = ?",
        (site,),
    )
    return {url: (status, digest) for url, status, digest, at in rows if week_of(at) == number}


# What each week is to say.

OUTAGE = [
    "network: Not one page was captured.",
    "network: Seed URL: HTTP status 503.",
    "network: 6 pages did not answer, or with an error of the server.",
]
DRIFT = ["mirror: The site is no longer read as it was (1 place): first page dfc:215:3232, section vanished."]
FULL = [
    "campaign: The crawl stopped on a fault; all it had is kept.",
    "network: The crawl stopped on a fault; all it had is kept.",
    "campaign: its crawl failed: the archive could not be written.",
    "network: its crawl failed: the archive could not be written.",
]
KILLED = ["campaign: The crawl has not come to its end.", "campaign: its crawl failed: it was killed (signal 9)."]
FIXITY = ["A file is not what it was: FILE: manifest sha256 DIGEST, computed DIGEST"]
NEVER_DUE: dict[str, str] = {}
WELL = dict.fromkeys(SITES, "exit 0")


class Expected(NamedTuple):
    code: int = 0
    #: by site, what `due` says of how its crawl ended
    ended: dict[str, str] = WELL
    #: what is told as new, and as over
    new: Sequence[str] = ()
    over: Sequence[str] = ()


#: by week and minutes; all others are well
EXPECTED = {
    (3, 0): Expected(1, WELL | {"network": "exit 1; no seed answered: HTTP status 503"}, OUTAGE),
    (3, 20): Expected(1, {"network": "exit 1; no seed answered: HTTP status 503"}),
    (3, 80): Expected(0, NEVER_DUE),
    (4, 0): Expected(over=["network failed pages", "network no page", "network seed"]),
    (6, 0): Expected(1, WELL, FIXITY),
    (7, 0): Expected(1, WELL | {"mirror": "exit 1"}, DRIFT, ["fixity FILE"]),
    **{(week, 0): Expected(0, WELL, DRIFT) for week in (8, 11, 12)},
    (9, 0): Expected(
        4, WELL | dict.fromkeys(("campaign", "network"), "exit 4; the archive could not be written"), FULL + DRIFT
    ),
    (9, 20): Expected(0, dict.fromkeys(("campaign", "network"), "exit 0")),
    (9, 80): Expected(0, NEVER_DUE, [], ["campaign attempt", "campaign failed", "network attempt", "network failed"]),
    (10, 0): Expected(1, WELL | {"campaign": "exit 137; it was killed (signal 9)"}, KILLED + DRIFT),
    (10, 20): Expected(0, {"campaign": "exit 0"}),
    (10, 80): Expected(0, NEVER_DUE, [], ["campaign attempt", "campaign not ended"]),
}


@pytest.mark.parametrize("number", range(WEEKS))
def test_a_week_says_what_happened_in_it_and_nothing_else(played: Played, number: int) -> None:
    week = played.weeks[number]
    for minutes, done in {0: week.due, **week.later}.items():
        expected = EXPECTED.get((number, minutes), Expected())
        assert done.code == expected.code, done
        assert dict(re.findall(r"^(\w+): .*(exit \d.*)$", done.out, re.MULTILINE)) == expected.ended, done
        new, over = told(done, played.flipped)
        assert (sorted(new), sorted(over)) == (sorted(expected.new), sorted(expected.over))
        assert len(done.mails) == bool(new or over)
        for mail in done.mails:
            sent = parsedate_to_datetime(mail["Date"]).astimezone(AMSTERDAM).replace(tzinfo=None)
            assert timedelta() <= sent - MONDAYS[number] - timedelta(minutes=minutes) < timedelta(minutes=10)
    assert ("1 wrong" in week.due.err) == (number == FLIPPED)


def test_reports_tell_of_the_outage_and_the_redesign_and_of_nothing_else(played: Played) -> None:
    """Of the crawls as they stood at the end of each week: those that were cut short had been taken up by then."""
    weeks = enumerate(played.weeks)
    found = {(number, site): names for number, week in weeks for site, names in week.findings.items() if names}
    assert found == {(3, "network"): {"no page", "seed", "failed pages"}, (7, "mirror"): {"drift"}}


def test_nothing_waits_longer_than_two_weeks_to_be_read_again(played: Played) -> None:
    assert played.weeks[0].read
    written: dict[str, int] = {}
    for number, week in enumerate(played.weeks):
        written = dict.fromkeys(week.files, number) | written
        late = {name for name, since in (written | week.read).items() if number - since > 2}
        # That one was read, and is not as it was.
        assert late == ({played.flipped} if number == FLIPPED else set())


def test_the_damaged_file_is_mended_and_all_is_clean_at_the_end(played: Played) -> None:
    assert {name: done.code for name, done in played.typed.items()} == dict.fromkeys(played.typed, 0), played.typed
    assert len(played.typed) == 8
    assert "43 files as before" in played.typed["audit"].out
    assert "43 files" in played.typed["verify"].err
    assert "0 wrong, 0 warnings" in played.typed["verify"].err
    assert played.typed["rebuild"].out == ""


def told(done: Done, flipped: str) -> tuple[list[str], list[str]]:
    """What its mails say is new, and what is over; file, digests and URLs by a word."""
    new: list[str] = []
    over: list[str] = []
    for mail in done.mails:
        first, _, last = mail.get_content().partition("No longer so:")
        for lines, text in ((new, first), (over, last)):
            for line in (line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")):
                said = line.replace(flipped, "FILE").replace(Path(flipped).name, "FILE")
                lines.append(re.sub(r"[0-9a-f]{64}", "DIGEST", re.sub(r"https?://\S+?(?=: )", "URL", said)))
    return new, over


def test_each_list_has_the_history_of_its_editions(played: Played) -> None:
    for number, week in enumerate(played.weeks):
        for site in SITES:
            assert week.lists[site] == timeline(site, number), (number, site)


def test_all_of_each_edition_is_held(played: Played) -> None:
    for number, week in enumerate(played.weeks):
        for site in SITES:
            held = week.held[site]
            assert must_hold(site, number) <= held.keys(), (number, site)
            for url, (status, digest) in held.items():
                assert (status, digest) == kept(site, number, url), (number, url)
