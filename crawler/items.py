"""The kinds of fact. Each is one section role; its view, timeline and Datasette page follow from the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from archive.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Fact):
    """Who the page says it is; *kind* is ``title``, ``site_name``, ``logo``, ``cms``,
    ``language``, ``kvk`` or ``rsin`` (registration numbers)."""

    role: ClassVar[str] = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose(Fact):
    """A sentence that says what the organisation is for."""

    role: ClassVar[str] = "purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Fact):
    """An organisation listed as member; *kind* is ``member`` or ``host``, *chair* whether the page names it as chair
    and *chair_since* from which year."""

    role: ClassVar[str] = "member"
    is_list: ClassVar[bool] = True
    chair: bool = False
    chair_since: int | None = None
    #: one list item that names two organisations (``ICCO/KerkinActie``)
    compound: bool = False
    #: where it is, as a column of the list says: a town, a region
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Fact):
    """One item of a list of goals; *kind* is ``goal`` or ``statement``."""

    role: ClassVar[str] = "goal"
    is_list: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sponsor(Fact):
    """An organisation shown as sponsor, mostly by its logo; *beneficiary* is whom it supports."""

    role: ClassVar[str] = "sponsor"
    is_list: ClassVar[bool] = True
    #: ``alt`` as it stands, upload names included
    alt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Treaty(Fact):
    """A treaty or declaration cited; *year* as cited."""

    role: ClassVar[str] = "treaty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalLink(Fact):
    """A link to another site in the main text."""

    role: ClassVar[str] = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Social(Fact):
    """A link to the organisation's presence elsewhere, or its feed."""

    role: ClassVar[str] = "social"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification(Fact):
    """A badge such as ANBI or CBF; never a sponsor."""

    role: ClassVar[str] = "certification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Fact):
    """How to reach the organisation; *kind* is ``email``, ``phone`` or ``address``."""

    role: ClassVar[str] = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Fact):
    """A campaign call or popup."""

    role: ClassVar[str] = "campaign"


#: every kind of fact, in the order they are shown
KINDS: tuple[type[Fact], ...] = (
    Identity,
    Purpose,
    Member,
    Goal,
    Sponsor,
    Treaty,
    ExternalLink,
    Social,
    Certification,
    Contact,
    Campaign,
)
