"""A site's profile: what is crawled, how gently, and what is known beforehand. One TOML file is one site."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from archive.configuration import Table, did_you_mean, validate
from archive.errors import BadProfile, WrongUse
from crawler.items import KINDS
from crawler.scope import Extent, ScopeRules
from crawler.sites.description import Description, Rights
from crawler.sites.expectation import Expect
from crawler.sites.fields import (
    ConnectRule,
    Contact,
    HeaderValue,
    Host,
    HttpUrl,
    Network,
    Regex,
    SiteName,
    SizeInUnits,
    check_url,
)
from crawler.sites.hours import Hours, Span, Zone
from crawler.sites.login import Login
from crawler.sites.page_keys import PageKeyRule, PageKeys
from crawler.sites.pointers import Pointers
from crawler.sites.schedule import Schedule
from crawler.sites.send import SecretValue, Send, Value
from crawler.sites.trackers import shipped_trackers

if TYPE_CHECKING:
    from crawler.extract.hints import Hints

_ROLES = tuple(kind.role for kind in KINDS)


class Profile(Table):
    """Every setting says what it costs the crawled site or the reader where that is not plain."""

    model_config = ConfigDict(allow_inf_nan=False)

    #: what people who know other programs call these keys
    called_elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("url", "urls", "start", "start_url", "start_urls", "site", "address"), "seeds"),
        **dict.fromkeys(("allowed_domains", "domain", "domains"), "hosts"),
        **dict.fromkeys(("depth", "max_depth", "depth_limit", "hops"), "max_hops"),
        **dict.fromkeys(("deny", "reject", "skip", "blocks"), "exclude"),
        **dict.fromkeys(("interval", "wait", "pause", "crawl_delay", "download_delay"), "delay_s"),
        **dict.fromkeys(("timeout", "max_time", "time_limit"), "max_time_s"),
        **dict.fromkeys(("pages", "limit", "page_limit"), "max_pages"),
        **dict.fromkeys(("lang", "languages", "accept_language"), "language"),
        **dict.fromkeys(("email", "mail"), "contact"),
        **dict.fromkeys(("agent", "useragent"), "user_agent"),
        **dict.fromkeys(("robotstxt", "obey_robots", "robotstxt_obey"), "robots"),
        **dict.fromkeys(("label",), "title"),
        **dict.fromkeys(("dublin_core", "dc", "metadata", "describe"), "description"),
        **dict.fromkeys(("license", "licence", "permission", "permissions", "copyright"), "rights"),
    }

    #: the file's name without ``.toml``, and may be left out
    name: SiteName
    #: what people call the site
    title: str | None = None
    #: its front page
    home: HttpUrl | None = None

    # What is crawled.
    #: where a crawl begins
    seeds: Annotated[
        tuple[HttpUrl, ...], Field(min_length=1, max_length=100_000, examples=['["https://example.org/"]'])
    ]
    #: how far links are followed from the seeds: ``page``, ``prefix``, ``host`` or ``domain``
    scope: Extent = "host"
    #: more hosts that are in scope as a whole, with a port where it is not the usual one
    hosts: tuple[Host, ...] = ()
    #: patterns over the URL (re.search) that are not fetched
    exclude: tuple[Regex, ...] = ()
    #: steps from a seed; requisites and redirects are not counted
    max_hops: NonNegativeInt | None = None
    #: images, styles and scripts of a page: from wherever it takes them, or only from where links are followed too
    requisites_from: Literal["any", "scope"] = "any"
    #: whether hosts that only count visitors are asked: ``fetch`` or ``skip``
    trackers: Literal["fetch", "skip"] = "fetch"
    #: beside the shipped list
    tracker_hosts: tuple[Host, ...] = ()
    #: how many URLs of one page key (menu paths, mostly) are fetched in one crawl
    max_variants_per_page: PositiveInt | None = 20

    # How gently.
    #: who answers for the crawl of this site, before the archive's own contact
    contact: Contact | None = None
    #: appended to the User-Agent
    user_agent: HeaderValue | None = None
    #: ``obey``, ``ignore``, or ``obey-except-requisites`` for pages whose images are disallowed
    robots: Literal["obey", "ignore", "obey-except-requisites"] = "obey"
    #: seconds between the end of one request to a host and the next
    delay_s: NonNegativeFloat = 1.0
    #: requests at a time per host; more than one is for your own servers
    concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    #: when it may be asked, as ``["22:00-06:00"]``: a crawl pauses outside of that. Always without it
    hours: tuple[Span, ...] = ()
    #: where the clock of *hours* and of ``[schedule]`` hangs
    timezone: Zone = "UTC"
    #: for a connection, and for each further KiB of an answer; past that it is asked for again, three times in all
    idle_s: PositiveFloat = 60.0
    #: for one answer, in all; what came until then is kept and marked
    timeout_s: PositiveFloat = 1200.0
    #: HTML pages of one crawl; their requisites follow
    max_pages: PositiveInt | None = None
    #: at most so many URLs of one host in one crawl, requisites too, seeds aside; more are refused (rule ``per-host``)
    max_per_host: PositiveInt | None = None
    #: received in one crawl, as a number or ``"200 MiB"``
    max_bytes: Annotated[PositiveInt, SizeInUnits] | None = None
    #: seconds of one crawl
    max_time_s: PositiveFloat | None = None
    #: how often it is crawled without anybody asking: see [crawls that begin by themselves](schedules.md)
    schedule: Schedule | None = None
    #: one response is cut behind it, and marked; at most 4000 MiB, past which no record is read
    max_response_bytes: Annotated[int, Field(ge=1, le=4000 << 20), SizeInUnits] = 256 << 20

    # How it is kept.
    #: a payload that is in the archive already is not stored again, but referred to (a revisit record): where the
    #: ``same-url`` gave it before, where ``any-url`` of the site did, or never (``off``)
    dedup: Literal["same-url", "any-url", "off"] = "same-url"
    #: ask for what is kept already only if it changed, and believe a server that says it did not: never (``off``),
    #: where what it told then promises the same bytes (``strong``), or something as good (``weak``); spares both sides
    #: the transfer
    conditional: Literal["off", "strong", "weak"] = "off"
    #: of block and payload, in the records; ``sha1`` for institutions whose indexes are made of it
    record_digest: Literal["sha256", "sha1"] = "sha256"
    #: leave out header fields that WARC 1.1 does not name (WARC-Protocol, WARC-Cipher-Suite)
    strict_fields: bool = False

    # How it is reached.
    #: ``unverified`` takes any certificate; the warcinfo record says so
    tls: Literal["verify", "unverified"] = "verify"
    #: as curl's: ``HOST:PORT:ADDRESS:PORT``
    connect_to: tuple[ConnectRule, ...] = ()
    #: HTTP proxy all requests go through; addresses cannot be checked or recorded then
    proxy: HttpUrl | None = None
    #: who one is to that proxy
    proxy_user: Value | None = None
    #: as ``{ env = "NAME" }`` or ``{ file = "/PATH" }``, never the password itself
    proxy_password: SecretValue | None = None
    #: private networks this site may be reached in
    allow_addresses: tuple[Network, ...] = ()
    #: header fields, cookies, users and passwords for some URLs: see [crawling behind a login](login.md)
    send: tuple[Send, ...] = ()
    #: forms that are filled in first: see [crawling behind a login](login.md)
    login: tuple[Login, ...] = ()

    # What is known of it.
    #: sent as Accept-Language; none is sent without it
    language: HeaderValue | None = None
    #: which URLs are the same page; the first rule that matches names it
    page_keys: Annotated[tuple[PageKeyRule, ...], Field(alias="page_key")] = ()
    #: keys of the pages the facts are expected on
    anchors: tuple[str, ...] = ()
    #: what the site calls its sections, by role
    labels: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    #: where they stand, by role: a CSS selector of the items or of what holds them, or ``{ items, name, year, place }``
    #: with three more within an item. The finder looks for them all the same: where both part, the site has changed
    selectors: Pointers = Field(default_factory=dict)
    #: images and blocks that are never a fact
    ignore: tuple[Regex, ...] = ()
    #: a name as it stands -> the organisation's name
    aliases: dict[str, str] = Field(default_factory=dict)
    #: organisation key -> the name to show
    names: dict[str, str] = Field(default_factory=dict)
    #: whose site it is, where pages name it otherwise than in a label
    owner: str | None = None
    #: what the site is, in the elements of Dublin Core: see [what it is, and whose](#what-it-is-and-whose)
    description: Description = Field(default_factory=Description)
    #: who holds rights in it, its licence, and who allowed it to be kept: see there
    rights: Rights = Field(default_factory=Rights)
    #: what a seed must look like to be this site still: ``text``, ``cms``; and how many facts it shows
    expect: Expect = Field(default_factory=Expect)

    @model_validator(mode="after")
    def _conditional_refers(self) -> Profile:
        if self.conditional != "off" and self.dedup == "off":
            raise ValueError('conditional: what did not change is referred to, and dedup = "off" asks for it in full')
        return self

    @field_validator("labels")
    @classmethod
    def _labels_have_roles(cls, labels: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for role in labels:
            if role not in _ROLES:
                raise ValueError(f"{role!r} is no section{did_you_mean(role, _ROLES)} (one of {', '.join(_ROLES)})")
        return labels

    @model_validator(mode="after")
    def _proxy_is_whole(self) -> Profile:
        if (self.proxy_user is None) != (self.proxy_password is None) or (self.proxy_user and not self.proxy):
            raise ValueError("proxy_user and proxy_password go together, and with a proxy")
        return self

    def page_key(self, url: str) -> str:
        """The key that captures of one page share, whatever the host or menu path they were reached by."""
        return self._page_keys.key_of(url)

    @cached_property
    def _page_keys(self) -> PageKeys:
        return PageKeys(self.page_keys)

    def hints(self) -> Hints:
        from crawler.extract.hints import Hints, Selector  # with all extractors, which the crawler process never needs

        return Hints(
            labels=self.labels,
            ignore=self.ignore,
            aliases=self.aliases,
            owner=self.owner,
            selectors={role: Selector(**pointer.model_dump()) for role, pointer in self.selectors.items()},
        )

    def scope_rules(self) -> ScopeRules:
        trackers = frozenset(self.tracker_hosts) | shipped_trackers() if self.trackers == "skip" else frozenset()
        return ScopeRules(
            seeds=self.seeds,
            extent=self.scope,
            hosts=self.hosts,
            exclude=self.exclude,
            max_hops=self.max_hops,
            requisites_from=self.requisites_from,
            tracker_hosts=trackers,
            keep_session=bool(self.login),
        )

    def opening_hours(self) -> Hours:
        return Hours(self.hours, self.timezone)

    def with_settings(self, **settings: Any) -> Profile:
        """A copy with some keys changed (options of the command line), validated. Raises WrongUse."""
        data = {**self.model_dump(by_alias=True), **settings}
        return validate(Profile, data, source=f"profile {self.name}", text="", error=WrongUse)

    def to_json(self) -> str:
        """Every setting in force, in one canonical form: what the crawl's WARC keeps."""
        return json.dumps(
            self.model_dump(mode="json", by_alias=True), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = "recorded profile") -> Profile:
        """Read what `to_json` wrote. Raises BadProfile: it may come out of somebody's WARC."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise BadProfile(f"{source}: not JSON: {fault}") from fault
        if not isinstance(data, Mapping):
            raise BadProfile(f"{source}: not a JSON object")
        return validate(Profile, data, source=source, text="", error=BadProfile)

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.to_json().encode()).hexdigest()}"


def default_profile(*urls: str, **settings: Any) -> Profile:
    """What a bare URL is crawled with: its host, or the part of it below the URL's folder where it names one.

    So ``http://h/`` and ``http://h/page.html`` take the host, ``http://h/docs/`` what begins with that, as Browsertrix
    and ``wget --no-parent`` do. The name is the host's, without ``www.``. Raises WrongUse.
    """
    try:
        seeds = [urlsplit(check_url(url)) for url in urls]
    except ValueError as fault:
        raise WrongUse(f"{', '.join(urls)[:200]}: {fault}") from fault
    if not seeds:
        raise WrongUse("no URL to begin with")
    first = seeds[0].netloc.removeprefix("www.").removesuffix(":443" if seeds[0].scheme == "https" else ":80")
    name = re.sub(r"[^a-z0-9-]+", "_", first).strip("_")
    if len(name) > 80:
        name = f"{name[:60]}-{hashlib.sha256(first.encode()).hexdigest()[:16]}"
    deep = all(seed.path.rfind("/") > 0 for seed in seeds)
    data = {"name": name, "seeds": [seed.geturl() for seed in seeds], "scope": "prefix" if deep else "host", **settings}
    return validate(Profile, data, source=f"{urls[0][:200]}", text="", error=WrongUse)
