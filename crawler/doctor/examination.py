"""Everything `bewaar doctor` looks at, in the order it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archive import times
from crawler.doctor.finding import Finding
from crawler.doctor.holdings import examine_holdings, open_archive
from crawler.doctor.installation import examine_installation
from crawler.doctor.machine import examine_clock, examine_disk
from crawler.doctor.telling import examine_people
from crawler.doctor.timer import examine_schedule
from crawler.doctor.tools import examine_tools
from crawler.replay import environment
from crawler.schedule.scheduled import Profiles


def examine(root: Path, *, network: bool) -> Iterator[Finding]:
    yield from examine_installation()
    yield from examine_place(root, network=network)


def examine_place(root: Path, *, network: bool) -> Iterator[Finding]:
    """The archive, and what it needs of the machine."""
    archive, finding = open_archive(root)
    yield finding
    if archive:
        yield from examine_holdings(archive)
    place = next(path for path in (root.absolute(), *root.absolute().parents) if path.is_dir())
    yield from examine_disk(place, archive)
    profiles, _ = Profiles(archive).scheduled() if archive else ({}, {})
    yield from examine_clock(archive, {profile.timezone for profile in profiles.values()})
    if archive:
        yield from examine_schedule(archive, times.now())
        yield from examine_people(archive, network=network)
    yield from examine_tools(environment())
