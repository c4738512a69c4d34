"""What one crawl is going to do, decided before anything is opened: the site's profile with the operator's limits over
it, the archive it goes into, its id and who answers for it. Both doors, ``bewaar crawl`` and ``scrapy crawl``, make
one.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archive import times
from archive.contact import check_contact
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.capture.guard import consent_of
from crawler.capture.redaction import Redactor
from crawler.credentials import Credentials, find_credentials
from crawler.sites.description import elements
from crawler.sites.fields import check_url
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import load_profile
from crawler.warcinfo import PATCHES


@dataclass(frozen=True)
class Patch:
    """What is to be fetched into a crawl that has ended."""

    #: requisites: URL, the document that needs it, the path from the seed to that
    requisites: tuple[tuple[str, str, str], ...]
    #: `seen_key` of what the crawl holds already
    held: frozenset[str]


@dataclass(frozen=True)
class CrawlPlan:
    archive: Archive
    profile: Profile
    crawl_id: str
    started_at: datetime
    contact: str
    #: read facts off the pages too
    extract: bool = True
    #: an unfinished crawl of this site goes on
    resumed: bool = False
    #: a look at the site (`crawler.look`), and no crawl of it
    look: bool = False
    credentials: Credentials = field(default=Credentials(), repr=False)
    #: only what the crawl of this id has missed
    patch: Patch | None = None

    @property
    def site(self) -> str:
        return self.profile.name

    @property
    def log(self) -> Path:
        return self.archive.logs / (f"{self.crawl_id}.patch.log" if self.patch else f"{self.crawl_id}.log")

    @property
    def target(self) -> str:
        """What a crawl is given to do the same: the profile's name, or the seeds where there is none."""
        seeds = self.profile.seeds
        return " ".join(seeds) if default_profile(*seeds).name == self.site else self.site

    @cached_property
    def redactor(self) -> Redactor:
        return Redactor(self.credentials.secrets, self.credentials.domains)

    @property
    def user_agent(self) -> str:
        suffix = f" {self.profile.user_agent}" if self.profile.user_agent else ""
        return f"{software()} (+{self.contact}){suffix}"


def profile_for(target: str, archive: Archive | None = None, **settings: Any) -> Profile:
    """*target* is the name of a profile, or a URL, which gets a default one; *settings* go before what it says."""
    if "://" in target:
        return default_profile(target, **settings)
    return load_profile(target, archive).with_settings(**settings)


def read_seeds(path: Path) -> tuple[str, ...]:
    """The URLs in a file, one per line, each once; lines that begin with # are remarks. Raises WrongUse, naming file
    and line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    urls: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            urls[check_url(text)] = None
        except ValueError as fault:
            raise WrongUse(f"{path} line {number}: {text[:120]!r}: {fault}") from fault
    if not urls:
        raise WrongUse(f"{path}: holds no URL")
    return tuple(urls)


def software() -> str:
    return f"bewaar/{version('bewaar')}"


def plan_crawl(
    archive: Archive,
    profile: Profile,
    *,
    contact: str | None = None,
    extract: bool = True,
    unfinished: tuple[str, datetime] | None = None,
    at: datetime | None = None,
) -> CrawlPlan:
    """Raises WrongUse when nobody answers for the crawl: a webmaster must be able to reach somebody; and when a secret
    of the profile cannot be had, or stands where it would be kept."""
    answers = contact or profile.contact or archive.contact
    if not answers:
        raise WrongUse(
            f"no contact for the crawl of {profile.name}: give --contact ADDRESS (an e-mail address or URL), "
            f"or set contact in {archive.root / 'bewaar.toml'}"
        )
    try:
        check_contact(answers)
    except ValueError as fault:
        raise WrongUse(str(fault)) from fault
    started = at or times.now()
    crawl_id = f"{profile.name}-{times.digits17(started)}"
    if unfinished:
        crawl_id, started = unfinished
    plan = CrawlPlan(
        archive=archive,
        profile=profile,
        crawl_id=crawl_id,
        started_at=started,
        contact=answers,
        extract=extract,
        resumed=unfinished is not None,
        credentials=find_credentials(profile, archive),
    )
    if plan.redactor.text(kept := f"{profile.to_json()}\n{warcinfo(plan)}") != kept:
        raise WrongUse(
            f"profile {profile.name}: one of its secrets stands in the profile itself, or in what the WARC says of the "
            "crawl, and would be kept there; give it by { env = ... } or { file = ... } wherever it stands"
        )
    return plan


def warcinfo(plan: CrawlPlan) -> dict[str, str]:
    """The fields of the warcinfo record (WARC 1.1, annex on warc-fields; isPartOf names the crawl)."""
    profile = plan.profile
    info = {
        "software": f"{software()} scrapy/{version('scrapy')} twisted/{version('twisted')} warcio/{version('warcio')}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "operator": f"{plan.archive.operator} <{plan.contact}>" if plan.archive.operator else plan.contact,
        "robots": profile.robots,
        "http-header-user-agent": plan.user_agent,
        "http-header-from": plan.contact,
        "isPartOf": plan.crawl_id,
        **_described(profile, plan.crawl_id),
        "hostname": platform.node(),
        "bewaar-site": plan.site,
        "bewaar-started": times.warc_date(plan.started_at),
        "bewaar-profile-digest": profile.digest,
        "bewaar-tls-verification": "off" if profile.tls == "unverified" else "on",
    }
    if plan.look:
        info["description"] = f"look at {profile.title or profile.name}, {plan.crawl_id}"
        info["bewaar-look"] = "yes"
    if plan.patch:
        info[PATCHES] = "requisites"
    if profile.connect_to:
        info["bewaar-connect-to"] = " ".join(profile.connect_to)
    return {name: value for name, value in info.items() if value}


def _described(profile: Profile, crawl_id: str) -> dict[str, str]:
    """As DCMI Metadata Terms name it: the standard lets any of them stand in a warcinfo record."""
    said = elements(profile.title, profile.description, profile.rights)
    about = f"crawl {crawl_id} of {profile.title or profile.name}"
    terms = {"licence": "license"}
    return {
        "description": f"{about}: {said.pop('description')}" if "description" in said else about,
        **{terms.get(element, element): value for element, value in said.items()},
    }


def scrapy_settings(plan: CrawlPlan) -> dict[str, Any]:
    """The settings of ``crawler.settings`` that depend on the site."""
    profile = plan.profile
    return {
        "USER_AGENT": plan.user_agent,
        "DOWNLOAD_DELAY": profile.delay_s,
        "CONCURRENT_REQUESTS_PER_DOMAIN": profile.concurrency,
        "CONCURRENT_REQUESTS": max(64, 2 * profile.concurrency),
        "HOST_GATE": str(plan.archive.state / "hosts"),
        "WARC_IDLE_S": profile.idle_s,
        "WARC_TOTAL_S": profile.timeout_s,
        "DOWNLOAD_VERIFY_CERTIFICATES": profile.tls != "unverified",
        "ROBOTSTXT_OBEY": profile.robots != "ignore",
        "WARC_ROBOTS": profile.robots,
        "DEFAULT_REQUEST_HEADERS": default_headers(plan),
        "WARC_DIR": str(plan.archive.warcs),
        "WARC_MANIFEST_ROOT": str(plan.archive.root),
        "WARC_PREFIX": plan.site,
        "WARC_INFO": warcinfo(plan),
        "WARC_DIGEST": profile.record_digest,
        "WARC_STRICT_FIELDS": profile.strict_fields,
        "WARC_MAX_RESPONSE_BYTES": profile.max_response_bytes,
        "WARC_CONNECT_TO": list(profile.connect_to),
        "WARC_ALLOW_ADDRESSES": list(profile.allow_addresses),
        "WARC_CONSENT": sorted(consent_of(profile.seeds)),
    }


def default_headers(plan: CrawlPlan) -> dict[str, str]:
    headers = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    if plan.profile.language:
        headers["Accept-Language"] = plan.profile.language
    # br and zstd hurt the replay tools downstream
    headers["Accept-Encoding"] = "gzip"
    return headers
