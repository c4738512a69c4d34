"""What flows through the house: frozen dataclasses that know nobody.

An `archive.exchange.Exchange` becomes records; a `Record` read back becomes a `Capture` and, where it is HTML, a
`Page`; a page gives `Section`s of `Fact`s and `Link`s; a `Reading` is all that one record gave, as the store writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

#: Header fields in the order they came; latin-1 text, so that every byte survives.
Headers = tuple[tuple[str, str], ...]

#: media types of what may be a page
HTML = frozenset({"text/html", "application/xhtml+xml"})

State = Literal["found", "empty", "absent", "failed"]
Tier = Literal["confirmed", "candidate"]


class WireBytes(Protocol):
    """One direction of an exchange, or the block of a record: in memory, or on disk when it is large."""

    @property
    def size(self) -> int: ...

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: the file's name inside ``warcs/``, and its gzip member's offset and length in bytes."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Record:
    """One WARC record as it was read."""

    #: ``response``, ``revisit``, ``request``, ``metadata``, ``warcinfo``, ``resource``...
    type: str
    #: ``<urn:uuid:...>`` as written
    id: str
    fields: Headers
    #: WARC-Target-URI; None where the record has none
    url: str | None
    #: WARC-Date verbatim: WARC-Refers-To-Date must equal it
    date: str
    place: Place
    block: WireBytes
    #: line ends between the block and the next record, bytes; 0 in a gzip member, where they are inside
    padding: int = 0

    def field(self, name: str) -> str | None:
        """First value of the named field, whatever its case (WARC 1.1, 4)."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response block taken apart. Nothing is repaired; *headers* are latin-1."""

    status: int
    reason: str
    headers: Headers
    #: length of the header section in the block, bytes
    header_bytes: int

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Crawl:
    """One run over one site, as its warcinfo and closing metadata records tell it."""

    #: ``SITE-<17 digits>``
    id: str
    site: str
    #: ``YYYY-MM-DDTHH:MM:SSZ``
    started_at: str
    finished_at: str | None
    status: Literal["running", "finished", "limited", "interrupted", "failed", "imported"]
    software: str
    operator: str | None = None
    profile_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """What a crawl, or who fetched what it had missed, said of itself at its end."""

    crawl: str
    #: ``crawl``, or ``patch`` for requisites that were fetched later
    kind: Literal["crawl", "patch"]
    #: ``YYYY-MM-DDTHH:MM:SSZ``
    finished_at: str
    #: JSON, its keys sorted
    report: str


@dataclass(frozen=True, slots=True)
class Capture:
    """The place of one response, revisit or failure record: one CDXJ line, one ``capture`` row."""

    record_id: str
    type: Literal["response", "revisit", "resource", "failure"]
    url: str
    #: SURT sort key, such as ``nl,example)/p/215``
    urlkey: str
    #: WARC-Date verbatim
    warc_date: str
    #: HTTP status; None for records without HTTP headers
    status: int | None
    mime: str | None
    place: Place
    #: the profile's key that says which captures are the same page; None for what is not a page
    page_key: str | None = None
    truncated: str | None = None
    error: str | None = None
    #: WARC-Payload-Digest as the file declares it
    declared_digest: str | None = None
    #: our own ``sha256:`` over the payload; None when there is none (failure, revisit)
    payload_digest: str | None = None
    payload_bytes: int | None = None
    via: str | None = None
    hops: str | None = None
    #: WARC-Refers-To of a revisit, and the fields that stand in for it in others' files
    refers_to: str | None = None
    refers_to_url: str | None = None
    refers_to_date: str | None = None
    #: where another archive's capture of it was had from (WARC-Source-URI); None for what came from the URL itself
    source_url: str | None = None
    #: of an image, in pixels, where whoever read the record looked
    width: int | None = None
    height: int | None = None
    #: how long the fetch took, as its metadata record says
    fetch_ms: int | None = None
    misdated: bool = False  # later than the day on which its file came here


@dataclass(frozen=True, slots=True)
class Page:
    """A capture decoded, ready for extraction. *body* has Content-Encoding undone; byte ranges count in it."""

    url: str
    body: bytes
    text: str
    #: the charset *text* was decoded with, by its WHATWG name
    charset: str
    headers: Headers = ()
    status: int = 200


#: the confidence of a name that is none: nothing tells whose logo it is, and its file's name stands there
UNNAMED = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where in the capture's body a fact stands. ``body[byte_start:byte_end]`` decodes to text that holds *quote*,
    white space and character references apart."""

    quote: str
    byte_start: int
    byte_end: int
    xpath: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing in a section. Kinds of fact are subclasses in ``crawler.items``; a field they add is kept as JSON
    in the column ``extra`` and shown by the kind's view."""

    #: the section it belongs to, such as ``member``
    role: ClassVar[str] = ""
    #: a list that a page announces and keeps: where it is gone the site has changed (drift). What stands in running
    #: text, or on every page, comes and goes
    is_list: ClassVar[bool] = False

    #: as it stands on the page, white space collapsed
    raw: str
    #: normalised
    value: str
    #: 0-based place in the section
    position: int
    #: id of the rule that found it
    rule: str
    evidence: Evidence
    tier: Tier = "confirmed"
    confidence: float = 1.0
    kind: str | None = None
    #: organisation key of the subject, aliases of the profile applied
    organisation: str | None = None
    #: organisation key of whom it benefits (a sponsor's beneficiary)
    beneficiary: str | None = None
    year: int | None = None
    #: absolute URL the fact links to
    href: str | None = None
    #: absolute URL of its image
    logo_url: str | None = None
    #: where the name came from: ``title``, ``alt``, ``file``, ``host``, ``caption``, ``text``
    name_source: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """How many facts of one section the profile's selectors found and how many the finder did that knows none of them.
    The selectors' facts are the section's, the finder's where they found none; that the two part is a sign of drift."""

    selected: int
    found: int
    #: organisations, or values, that both have
    both: int


@dataclass(frozen=True, slots=True)
class Section:
    """A list or block of one kind on a page. *absent*: no such list stands here; *empty*: it stands here with nothing
    in it; *failed*: the page could not be read."""

    role: str
    state: State
    facts: tuple[Fact, ...] = ()
    #: of the extractor that read it; sections of different versions may differ for that alone
    version: int = 0
    #: where the site's profile has selectors for it
    compared: Compared | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One edge of the link graph: *hop* is Heritrix's letter (L link, E embed, R redirect, M sitemap), *context* where
    it stood, such as ``a@href``."""

    url: str
    hop: str
    context: str
    anchor: str | None = None
    #: for a candidate of a ``srcset``: the URL of the same picture that stands first, or in the ``src`` beside it
    size_of: str | None = None


@dataclass(frozen=True, slots=True)
class UrlList:
    """What one document asks for to be shown (*needs*), or lists (*sitemap*): each URL with those that would do in its
    place, such as other sizes of a picture, behind it."""

    kind: Literal["needs", "sitemap"]
    urls: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Style:
    """What a page leaves to its linked style sheets to show, or what a style sheet would show: neither is a fact."""

    kind: Literal["page", "sheet"]
    #: the style sheets it names, in their order: the address, relative to where it was captured, and whether only some
    #: screens apply it
    sheets: tuple[tuple[str, bool], ...]
    #: JSON, which `crawler.extract` writes and reads
    said: str


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page version holds: the readable text, its title and language."""

    title: str | None
    text: str
    lang: str | None
    #: ``sha256:`` over title and text
    digest: str


@dataclass(frozen=True, slots=True)
class Problem:
    what: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one record gave. What the store writes, and all that it writes of a capture."""

    capture: Capture
    page: PageText | None = None
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
    #: None of what neither needs nor lists anything, and of what nobody could look into
    urls: UrlList | None = None
    #: of a style sheet that was read, and of a page that may show more with its own
    style: Style | None = None
