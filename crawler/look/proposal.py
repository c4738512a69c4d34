"""A profile for a site that was looked at: a TOML file with what differs from the defaults, and remarks that teach."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from archive.configuration import validate
from archive.errors import BadProfile
from crawler.look.estimate import Estimate
from crawler.look.printable import printable
from crawler.look.survey import Survey
from crawler.sites.profile import Profile, default_profile

#: crawls larger than this are bounded by those who want to
_MANY_PAGES = 10_000
_OTHER_HOSTS = 5
_MOST_LANGUAGES = 5
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def propose(seen: Survey, guess: Estimate, *, name: str, date: str, settings: dict[str, Any]) -> str:
    """The text of ``sites/NAME.toml``, a valid profile. *settings* are what the operator gave beside the address."""
    text = "\n".join(_lines(seen, guess, name, date, settings)) + "\n"
    validate(
        Profile, {"name": name, **tomllib.loads(text)}, source=f"the profile of {name}", text=text, error=BadProfile
    )
    return text


def title_of(seen: Survey) -> str | None:
    """What people call the site: its own name where it tells one, else its front page's title."""
    if seen.home is None:
        return None
    return printable(seen.home.site_name or seen.home.title, 120) or None


def _lines(seen: Survey, guess: Estimate, name: str, date: str, settings: dict[str, Any]) -> Iterator[str]:
    yield f"# {name}: proposed by `bewaar sites add` on {date}, from what it saw then. Change what you like, then"
    yield f"# `bewaar sites check {name}` says whether it is right. Every key there is: docs/profiles.md."
    yield ""
    if title := title_of(seen):
        yield f"title = {_toml(title)}"
    seed, extent = _begins(seen)
    extent = settings.get("scope") or extent
    yield f"home = {_toml(_front(seed))}"
    yield "# Where a crawl begins."
    yield f"seeds = [{_toml(seed)}]"
    yield "# How far links are followed: page, prefix (what lies below the seed's folder), host or domain."
    yield f'scope = "{extent}"' if extent != "host" else '# scope = "host"'
    for key in ("delay_s", "connect_to", "tls", "robots", "contact"):
        if settings.get(key) is not None:
            yield f"{key} = {_toml(settings[key])}"
    if seen.crawl_delay_s and settings.get("delay_s") != 0:
        yield f"# Its robots.txt asks for {seen.crawl_delay_s:g} seconds between two requests, which is heeded."
    if others := seen.other_hosts():
        shown = [_toml(host) for host, _ in others.most_common(_OTHER_HOSTS)]
        yield "# Its pages lead to these hosts too; take the # away to have them crawled."
        yield f"# hosts = [{', '.join(shown)}]"
    yield from _languages(seen)
    if guess.pages > _MANY_PAGES:
        yield f"# It has some {guess.pages} pages; a crawl ends after so many."
        yield f"# max_pages = {_MANY_PAGES}"
    yield "# When it may be asked; always without it."
    yield '# hours = ["22:00-06:00"]'
    yield '# timezone = "Europe/Amsterdam"'
    yield ""
    yield "# What the site calls its lists, where the usual words do not find them: docs/add-your-site.md."
    yield "# [labels]"
    yield '# member = ["Our partners"]'
    yield from _description(seen)
    yield from _expectations(seen)


def _description(seen: Survey) -> Iterator[str]:
    """What its front page says; what only people know stands in remarks."""
    yield ""
    yield "# What it is, in the elements of Dublin Core; it goes along with all that is handed on: docs/profiles.md."
    said: list[str] = []
    if title := title_of(seen):
        said.append(f"title = {_toml(title)}")
    if seen.home is not None and (told := printable(seen.home.description or "", 500)):
        said.append(f"description = {_toml(told)}")
    if tags := [tag for tag in _tags(seen) if _LANGUAGE.fullmatch(tag)]:
        said.append(f"language = {_toml(tags[0] if len(tags) == 1 else tuple(tags))}")
    yield "[description]" if said else "# [description]"
    yield from said
    yield '# publisher = "Example Foundation"'
    yield '# subject = ["foster care", "youth work"]'
    yield ""
    yield "# Whose it is, and who allowed you to keep it."
    yield "# [rights]"
    yield '# statement = "Texts and pictures belong to their makers."'
    yield '# licence = "https://creativecommons.org/licenses/by/4.0/"'
    yield "# [[rights.permission]]"
    yield '# by = "A. Keeper, Example Foundation"'
    yield "# on = 2026-01-31"


def _tags(seen: Survey) -> list[str]:
    return list(dict.fromkeys(tag.split("-")[0] for tag in seen.languages))[:_MOST_LANGUAGES]


def _languages(seen: Survey) -> Iterator[str]:
    if not seen.languages:
        return
    own = seen.languages[0].split("-")[0]
    if not own.isascii() or not own.isalpha():
        return
    if len(seen.languages) > 1:
        yield "# It comes in several languages: this one is asked for."
        yield f'language = "{own}"'
    else:
        yield f'# language = "{own}"'


def _expectations(seen: Survey) -> Iterator[str]:
    yield ""
    yield "# What a seed must show to be this site still: take the # away to be warned when it is another's."
    yield "# [expect]"
    if title := title_of(seen):
        # An expectation is a pattern: of a title that holds no special characters it is the title itself.
        plain = "".join(c if c.isalnum() or c in " ,'-" else "." for c in title)
        yield f"# text = {_toml(plain)}"
    if seen.cms:
        yield f"# cms = {_toml(printable(seen.cms, 60))}"
    counts: dict[str, int] = {}
    for page in seen.pages:
        for role, count in page.sections.items():
            counts[role] = max(count, counts.get(role, 0))
    for role in ("member", "goal", "sponsor"):
        if role in counts:
            yield f"# {role}s = {counts[role]}"


def _begins(seen: Survey) -> tuple[str, str]:
    """The seed, and how far links are followed from it."""
    asked, found = urlsplit(seen.asked), urlsplit(seen.address)
    is_same = asked.netloc.removeprefix("www.") == found.netloc.removeprefix("www.")
    if is_same and asked.path in ("", "/") and not asked.query:
        # The front page may lead to one below it, as of a language; the site is all of the host still.
        return _front(seen.address), "host"
    return seen.address, default_profile(seen.address).scope


def _front(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _toml(value: Any) -> str:
    # A TOML value of text, numbers and lists of these is a JSON value (TOML 1.0).
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
