"""``sites add``: a look at a site, and the profile that it suggests in ``sites/NAME.toml``."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from archive import times
from archive.counted import counted
from archive.errors import ArchiveFault, WrongUse
from archive.layout import Archive
from archive.whole import write_new
from archive.written import record_written
from crawler.connect_to import ConnectTo
from crawler.look.begin import begin_look, profile_of_look
from crawler.look.estimate import Estimate, estimate
from crawler.look.proposal import propose
from crawler.look.spider import NOT_ASKED, LookSpider
from crawler.look.survey import Survey, survey
from crawler.look.verdict import what_is_wrong
from crawler.outcome import Outcome
from crawler.scope import Scope
from crawler.sites.fields import check_url
from crawler.sites.profile import Profile
from crawler.sites.profile_files import read_profile
from crawler.upgrade import read_again

#: why nothing came of a look that somebody broke off
INTERRUPTED = "interrupted; nothing was written, and the next `bewaar sites add` looks again"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one address."""

    asked: str
    name: str
    #: *there*: it had a profile already; *proposed*: with ``--dry-run``; *not added*: `why` says why
    outcome: Literal["added", "there", "proposed", "not added"]
    path: Path
    why: str | None = None
    seen: Survey | None = None
    guess: Estimate | None = None
    #: the text of the profile
    profile: str | None = None
    crawl: str | None = None
    interrupted: bool = False

    def report(self) -> dict[str, Any]:
        told = asdict(self)
        if self.seen is not None:
            told["seen"] |= {"address": self.seen.address, "cms": self.seen.cms, "languages": self.seen.languages}
            for page in (told["seen"]["home"], *told["seen"]["inner"]):
                if page is not None:
                    page["links"], page["requisites"] = len(page["links"]), len(page["requisites"])
        return told


def complete_url(text: str) -> str:
    """*text* as a URL; an address without a scheme, as people write it, gets https. Raises WrongUse.

    >>> complete_url("www.example.org"), complete_url("http://example.org/a")
    ('https://www.example.org/', 'http://example.org/a')
    """
    url = text.strip()
    url = url if _SCHEME.match(url) else f"https://{url}"
    try:
        checked = check_url(url)
        host = urlsplit(checked).hostname or ""
    except ValueError as fault:
        raise WrongUse(f"{text[:200]!r} is not a web address, such as https://example.org/ ({fault})") from fault
    if not _SCHEME.match(text.strip()) and "." not in host and host != "localhost":
        raise WrongUse(f"{text[:200]!r} is not a web address, such as https://example.org/")
    return checked if urlsplit(checked).path else f"{checked}/"


def add_site(
    archive: Archive,
    text: str,
    *,
    name: str | None = None,
    contact: str | None = None,
    dry_run: bool = False,
    anyway: bool = False,
    say: Callable[[str], None] = lambda _: None,
    **settings: Any,
) -> Added:
    """Look at the site and write its profile, unless it has one or cannot be added. *anyway* writes one in that case
    too, to be completed by hand; *say* is told what is done beside. Raises WrongUse, ArchiveFault; nothing is
    half-written then."""
    url = complete_url(text)
    looked_with = profile_of_look(url, name, **settings)
    name = looked_with.name
    path = archive.sites / f"{name}.toml"
    if path.exists():
        return _there(url, name, path)
    if why := _unknown_host(url, looked_with):
        return Added(url, name, "not added", path, why)
    outcome, user_agent = _look(archive, looked_with, contact, say)
    if outcome.fault or outcome.broken:
        raise ArchiveFault(f"{url}: {outcome.fault or outcome.broken}")
    seen = survey(archive, outcome.crawl_id, name, url, user_agent)
    if outcome.interrupted:
        return Added(url, name, "not added", path, INTERRUPTED, seen, crawl=outcome.crawl_id, interrupted=True)
    guess = estimate(seen, looked_with.delay_s)
    wrong = what_is_wrong(seen, _error(outcome, url, seen))
    if wrong and seen.home is None and not _SCHEME.match(text.strip()):
        wrong = f"{wrong}; it was asked for with https, and may have an address with http://"
    profile = None
    if wrong is None or anyway:
        given = {key: value for key, value in settings.items() if value not in (None, ())}
        profile = propose(seen, guess, name=name, date=times.seconds(times.now())[:10], settings=given)
        if not dry_run:
            try:
                write_new(path, profile)
            except FileExistsError:
                return _there(url, name, path)
            record_written(archive)
    how: Literal["added", "proposed", "not added"] = (
        "not added" if profile is None else "proposed" if dry_run else "added"
    )
    return Added(url, name, how, path, wrong, seen, guess, profile, outcome.crawl_id)


def _there(url: str, name: str, path: Path) -> Added:
    """Raises BadProfile for one that is wrong."""
    profile = read_profile(path)
    if Scope(profile.scope_rules()).judge(url).accepted or _host(url) in {_host(seed) for seed in profile.seeds}:
        return Added(url, name, "there", path)
    return Added(
        url, name, "not added", path, f"{path} is the profile of {profile.seeds[0]}: give this one another --name"
    )


def _look(archive: Archive, profile: Profile, contact: str | None, say: Callable[[str], None]) -> tuple[Outcome, str]:
    from crawler.run import run_crawl  # a reactor, which is started once in a process

    read_again(archive, say)
    begun = begin_look(archive, profile, contact=contact)
    for recovery in begun.recovered:
        say(f"{recovery.file} was left open by a crawl that was cut short: {counted(record=recovery.records)} kept")
    return run_crawl(begun, LookSpider), begun.plan.user_agent


def _unknown_host(url: str, profile: Profile, resolve: Callable[..., object] = socket.getaddrinfo) -> str | None:
    """A name that nobody knows is a slip of the pen, and no reason to keep a WARC file of it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if profile.proxy or any(ConnectTo.parse(rule).matches(host, port) for rule in profile.connect_to):
        return None
    try:
        resolve(host, port)
    except OSError as fault:
        if getattr(fault, "errno", None) == socket.EAI_AGAIN:
            return f"the name {host} cannot be looked up now: check that this machine is online, and the spelling"
        return f"no such host: {host}; check the spelling of the address"
    except UnicodeError:
        return f"no such host: {host}; check the spelling of the address"
    return None


def _error(outcome: Outcome, url: str, seen: Survey) -> str | None:
    """Why the front page, or where it leads to, was not asked for."""
    seed = outcome.seeds.get(url)
    refused = {where: detail for where, what, detail in outcome.problems if what == NOT_ASKED}
    if seen.way and seen.way[-1].location in refused:
        return refused[seen.way[-1].location]
    return seed.error if seed else None


def _host(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")
