"""What a page and its linked style sheets show together: derived when the captures of both are there."""

from __future__ import annotations

from dataclasses import dataclass

from archive.model import Evidence, Fact


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style sheet as a page applies it."""

    #: what its addresses are relative to
    url: str
    #: only some screens do
    conditional: bool
    #: `Style.said`
    said: str


@dataclass(frozen=True, slots=True)
class Backed:
    """A fact that an element and a style sheet prove together."""

    #: its evidence is where the element stands in the page
    fact: Fact
    #: which of the page's sheets, and where in its body the rule stands
    sheet: int
    rule: Evidence
