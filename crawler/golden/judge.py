"""Golden pages read with their site's profile: what differs from what a person said, and what the profile gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import WrongUse
from archive.layout import Archive, check_site_name
from crawler.extract.hints import Hints
from crawler.golden.pages import GoldenPage, Sections, differences, golden_pages
from crawler.golden.record import profile_named
from crawler.sites.profile import Profile


@dataclass(frozen=True, slots=True)
class Judged:
    site: str
    page: str
    facts: int
    #: a line for each difference
    wrong: tuple[str, ...]
    remarks: tuple[str, ...]


def judge_pages(folders: Iterable[Path], sites: Sequence[str], archive: Archive | None) -> list[Judged]:
    """All golden pages in *folders*, of the *sites* named or of all. Raises WrongUse for a site without any."""
    asked = [check_site_name(site) for site in dict.fromkeys(sites)]
    found = [page for folder in folders for site in asked or (None,) for page in golden_pages(folder, site)]
    known = {page.site for page in found}
    for site in asked:
        if site not in known:
            profile = "" if profile_named(site, archive) else ", nor a profile of that name"
            record = f"`bewaar savepage URL --site {site}` records one"
            raise WrongUse(f"{site}: there is no golden page of it{profile}; {record}")
    judged: list[Judged] = []
    for site in sorted(known):
        judged += _of_site([page for page in found if page.site == site], profile_named(site, archive))
    return judged


def _of_site(pages: Sequence[GoldenPage], profile: Profile | None) -> Iterator[Judged]:
    hints = profile.hints() if profile else Hints()
    read = [(page, page.sections(hints)) for page in pages]
    unmatched = _unmatched(hints, [sections for _page, sections in read])
    for nth, (page, sections) in enumerate(read):
        remarks = [f"{key} in page.json is no key of ours, and not checked" for key in page.unknown_keys]
        for role, section in sections.items():
            compared = section.compared
            if compared is not None and not compared.selected == compared.found == compared.both:
                remarks.append(f"{role}: selectors found {compared.selected}, the finder by itself {compared.found}")
        facts = sum(len(section.facts) for section in sections.values())
        # What no page of the site shows is told with its first.
        wrong = [*differences(page.truth, sections), *(unmatched if nth == 0 else ())]
        yield Judged(page.site, page.name, facts, tuple(wrong), tuple(remarks))


def _unmatched(hints: Hints, pages: Sequence[Sections]) -> list[str]:
    """Selectors of the profile that match nothing on any page: they are written for another site, or an older one."""
    return [
        f"{role}: the profile's selector matches nothing on any golden page: {selector.items}"
        for role, selector in hints.selectors.items()
        if not any((compared := sections[role].compared) and compared.selected for sections in pages)
    ]
