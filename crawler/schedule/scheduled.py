"""The sites of an archive that have a schedule, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from archive import times
from archive.errors import BadProfile
from archive.layout import Archive
from crawler.domains import registered_domain
from crawler.schedule.attempts import Memory
from crawler.schedule.history import last_crawl
from crawler.schedule.turns import Turn, turn_of
from crawler.sites.profile import Profile
from crawler.sites.profile_files import list_profiles, read_profile


class Profiles:
    """The profiles of an archive that have a schedule, read again when their file changes."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._read: dict[Path, tuple[tuple[int, ...], Profile | str]] = {}

    def scheduled(self) -> tuple[dict[str, Profile], dict[str, str]]:
        """By site; and what is wrong with those that cannot be read. Those that come with Bewaar crawl nothing."""
        found: dict[Path, tuple[tuple[int, ...], Profile | str]] = {}
        for file in list_profiles(self._archive):
            if not file.shipped:
                state = file.path.stat() if file.path.exists() else None
                sign = (state.st_mtime_ns, state.st_size, state.st_ino) if state else ()
                known = self._read.get(file.path)
                found[file.path] = known if known and known[0] == sign else (sign, _read(file.path))
        self._read = found
        profiles = [profile for _, profile in found.values() if isinstance(profile, Profile)]
        bad = {path.stem: said for path, (_, said) in found.items() if isinstance(said, str)}
        return {profile.name: profile for profile in profiles if profile.schedule}, bad


def _read(path: Path) -> Profile | str:
    try:
        return read_profile(path)
    except BadProfile as fault:
        return str(fault)


def turns_of(archive: Archive, profiles: Mapping[str, Profile], memory: Memory, now: datetime) -> list[Turn]:
    """Of each site, in the order they are begun: what is unfinished first, then what waits longest. Reads only."""
    turns = [
        turn_of(
            profile,
            last_crawl(archive, site),
            memory.sites.get(site),
            now,
            running=archive.holder_of(site) is not None,
        )
        for site, profile in profiles.items()
    ]
    return sorted(turns, key=in_order)


def in_order(turn: Turn) -> tuple[bool, bool, str, str]:
    return turn.state != "due", turn.resumes is None, times.seconds(turn.at) if turn.at else "9999", turn.site


class Hosts:
    """Those of a site that two crawls must not ask at the same time."""

    def __init__(self, profile: Profile) -> None:
        found = [
            *(urlsplit(seed).hostname for seed in profile.seeds),
            *(urlsplit(f"//{h}").hostname for h in profile.hosts),
        ]
        self._names = {name.removeprefix("www.") for name in found if name}
        registered = {registered_domain(name) or name for name in self._names}
        self._domains = registered if profile.scope == "domain" else set()
        self._registered = registered

    def meets(self, other: Hosts) -> bool:
        return bool(
            self._names & other._names or self._domains & other._registered or self._registered & other._domains
        )


def next_line(turns: list[Turn], zones: Mapping[str, str]) -> str | None:
    """What begins next, for a person."""
    waiting = [turn for turn in turns if turn.at and turn.state == "waiting"]
    if not waiting:
        return None
    first = min(waiting, key=in_order)
    assert first.at
    return f"next: {first.site} at {first.at.astimezone(ZoneInfo(zones[first.site])):%Y-%m-%d %H:%M %Z}"
