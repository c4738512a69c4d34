"""What a site looked like when its profile was written: a seed without it is no longer that site."""

from __future__ import annotations

import re

from pydantic import NonNegativeInt

from archive.configuration import Table
from archive.model import Page, Section
from crawler.sites.fields import Regex

#: the problem of a seed that is something else than its profile expects
UNEXPECTED = "not the page its profile expects"


class Expect(Table):
    #: how many a page of the site holds
    members: NonNegativeInt | None = None
    goals: NonNegativeInt | None = None
    sponsors: NonNegativeInt | None = None
    #: as the identity extractor names it
    cms: str | None = None
    #: over a seed's text (re.search, case-insensitive)
    text: Regex | None = None

    def counts(self) -> dict[str, int]:
        """By role."""
        said = {"member": self.members, "goal": self.goals, "sponsor": self.sponsors}
        return {role: count for role, count in said.items() if count is not None}


def unexpected(expect: Expect, page: Page, sections: tuple[Section, ...]) -> str | None:
    """What a seed lacks that its profile expects of it, in words; None when it is what it was."""
    if expect.text and not re.search(expect.text, page.text, re.IGNORECASE):
        return f"{expect.text!r} does not stand on it"
    if expect.cms:
        found = [fact.value for section in sections for fact in section.facts if fact.kind == "cms"]
        if expect.cms not in found:
            return f"made with {', '.join(found) or 'an unknown CMS'}, not {expect.cms}"
    return None
