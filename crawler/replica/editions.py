"""The editions of the replica, in the order the demo crawls them, and what stands on the main page of each.

Names, years and file names are those of the page the replica follows. Whoever comes, goes or changes is invented, and
the running text is our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

MEMBERS = (
    "Defence for Children-ECPAT",
    "ICCO/KerkinActie",
    "Stichting Kinderperspectief",
    "SOS Kinderdorpen",
    "UNICEF Nederland",
    "Wereldkinderen",
    "Wilde Ganzen",
)
#: invented; listed, no longer listed, listed again
LAMPION = "Stichting Lampionnenpad"

GOALS = (
    "Minder kinderen hun ouders kwijtraken of door hen worden achtergelaten.",
    "Weggelopen of uit huis geplaatste kinderen - als dat kan en goed voor hen is - weer bij familie komen wonen.",
    "Er voor kinderen zonder adequate ouderlijke zorg betere vervangende zorg komt, o.a. bij familie of in de buurt.",
    "Jongeren die met politie en justitie te maken krijgen regels treffen die passen bij het VN-Kinderrechtenverdrag.",
    "Landen samen én ieder voor zich regels vaststellen voor alle vormen van zorg, met toezicht op de naleving.",
    "Een tehuis alleen nog wordt gekozen als het echt past, en zo kort mogelijk.",
    "Over al deze onderwerpen wisselt het netwerk kennis uit. Het vraagt ook om kwaliteitseisen die overal gelden.",
)
REWORDED = "Kinderen die niet thuis wonen - als dat veilig is en zij het willen - weer opgroeien bij hun eigen familie."


@dataclass(frozen=True, slots=True)
class Logo:
    """A sponsor's logo. *file* lies under /images/; *art* names the drawing where one URL shows several in turn."""

    alt: str
    file: str
    #: the organisation; None where nothing on the page tells
    name: str | None
    art: str | None = None


SPONSORS = (
    Logo("NPL logo 2013 .png", "215/1000.png", "Nationale Postcode Loterij"),
    Logo("ministerie.png", "215/1001.png", "ministerie"),
    Logo("Plan.jpg", "215/1002.jpg", "Plan"),
    Logo("kinderpostzegels.png", "215/1003.png", "Kinderpostzegels"),
    Logo("unicef.png", "215/1004.png", "UNICEF"),
    Logo("ministerie2.png", "215/1005.gif", "ministerie"),
    Logo("Save the Children logo vierkant 2.jpg", "215/1006.jpg", "Save the Children"),
    Logo("1.png", "215/1007.png", None),
    Logo("logo EU.jpg", "215/1008.jpg", "Europese Unie"),
)
#: invented; its logo is replaced under the same URL
ZILVERKNOOP = Logo("Fonds Zilverknoop logo.png", "215/1009.png", "Fonds Zilverknoop", art="knot")


@dataclass(frozen=True, slots=True)
class Edition:
    name: str
    #: one line: what is different
    what: str
    #: since when the site stands like this, in the replica's own story; Last-Modified of what changed with it
    since: str
    members: tuple[str, ...] = MEMBERS
    goals: tuple[str, ...] = GOALS
    sponsors: tuple[Logo, ...] = SPONSORS
    design: Literal["2016", "2018"] = "2016"
    #: the content pages answer 503
    down: bool = False
    #: a section that stood on the main page is not there any more
    drifts: bool = False


_FIRST = Edition("as-it-was", "the site as it was: 7 members, 7 goals, 9 sponsors", "2016-05-02T08:00:00")
_MORE = replace(
    _FIRST,
    name="one-more",
    what=f"a member ({LAMPION}) and a sponsor ({ZILVERKNOOP.name}) more",
    since="2016-09-12T08:00:00",
    members=(*MEMBERS[:-1], LAMPION, MEMBERS[-1]),
    sponsors=(*SPONSORS, ZILVERKNOOP),
)
_LESS = replace(
    _MORE,
    name="one-less",
    what=f"{LAMPION} is no longer listed, {ZILVERKNOOP.name} has another logo under the same URL, one goal is reworded",
    since="2017-02-06T08:00:00",
    members=MEMBERS,
    goals=(GOALS[0], REWORDED, *GOALS[2:]),
    sponsors=(*SPONSORS, replace(ZILVERKNOOP, art="new-knot")),
)
_OUTAGE = replace(
    _LESS,
    name="outage",
    what="an outage: every page answers 503 with Retry-After; robots.txt and files still stand",
    since="2017-06-19T08:00:00",
    down=True,
)
_AGAIN = replace(
    _LESS,
    name="back-again",
    what=f"{LAMPION} is listed again",
    since="2017-06-20T08:00:00",
    members=_MORE.members,
)
_REDESIGN = replace(
    _AGAIN,
    name="redesign",
    what="new markup: goals under another label, no member list, the sponsors' logos load lazily",
    since="2018-03-05T08:00:00",
    members=(),
    design="2018",
    drifts=True,
)

EDITIONS: tuple[Edition, ...] = (_FIRST, _MORE, _LESS, _OUTAGE, _AGAIN, _REDESIGN)

PURPOSE = {
    "2016": "Het doel van het Better Care Network is dat organisaties van elkaar leren en kinderen beter helpen.",
    "2018": "Het netwerk wil dat organisaties van elkaar leren en kinderen beter helpen.",
}
SPONSOR_LABEL = {
    "2016": "DEFENCE FOR CHILDREN WORDT ONDERSTEUND DOOR:",
    "2018": "Defence for Children wordt ondersteund door:",
}
GOAL_LABEL = {"2016": "Better Care betekent dat:", "2018": "Betere zorg betekent dat:"}


def truth(edition: Edition) -> dict[str, Any]:
    """What stands on the main page (START_URL), as it stands there, white space collapsed.

    *states* holds a section's state by role. *members* begin with the host. The last of *goals* is a statement. In
    *sponsors* the name is the organisation's, None where the page does not tell; *file* is the path of ``src``.
    """
    if edition.down:
        states = dict.fromkeys(("member", "goal", "sponsor"), "failed")
        return {"page_ok": False, "states": states, "members": [], "goals": [], "sponsors": []}
    listed = bool(edition.members)
    return {
        "page_ok": True,
        "states": {"member": "found" if listed else "absent", "goal": "found", "sponsor": "found"},
        "title": "Better Care Network",
        "language": "nl",
        "cms": "SiteSpirit",
        "site_logo": "logo_DFC_03.png",
        "purpose": PURPOSE[edition.design],
        "members": list(edition.members),
        "host": edition.members[0] if listed else None,
        "chair": {"organisation": "Defence for Children", "since": 2016} if edition.design == "2016" else None,
        "network_since": 2007,
        "goal_label": GOAL_LABEL[edition.design],
        "goals": list(edition.goals),
        "statements": [edition.goals[-1]],
        "sponsor_label": SPONSOR_LABEL[edition.design],
        "sponsored": "Defence for Children",
        "sponsors": [{"alt": logo.alt, "name": logo.name, "file": f"/images/{logo.file}"} for logo in edition.sponsors],
        "treaties": [
            {"name": "VN-Kinderrechtenverdrag", "year": 1989},
            {"name": "Stockholm Declaration on Children and Residential Care", "year": 2003},
        ],
        "links": ["http://www.bettercarenetwork.nl/", "http://www.bettercarenetwork.org/"],
        "social": ["Twitter", "Facebook", "RSS"],
        "certifications": ["ANBI", "CBF"],
        "campaign": "Ik blijf hier! - Teken de petitie!",
    }
