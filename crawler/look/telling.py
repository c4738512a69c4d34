"""What a look found, line by line, for a person who is not a programmer."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from archive.counted import counted
from crawler.look.estimate import Estimate
from crawler.look.printable import printable
from crawler.look.survey import Survey

_SHOWN = 4


def lines(seen: Survey, guess: Estimate) -> Iterator[tuple[str, str]]:
    """What is told of, and what is told."""
    yield "address", _address(seen)
    home = seen.home
    if home is None:
        return
    yield "title", printable(home.title) or "none"
    yield "language", _languages(seen)
    yield "made with", printable(seen.cms, 60) or "nothing that it tells of"
    yield "robots.txt", _robots(seen)
    yield "sitemaps", _sitemaps(seen)
    if seen.feeds:
        yield "feeds", ", ".join(printable(feed) for feed in seen.feeds[:_SHOWN])
    for page in seen.pages:
        found = [f"{count} {role}{'s' if count > 1 else ''}" for role, count in page.sections.items()]
        yield "found on", f"{printable(page.url)}: {', '.join(found) or 'no lists that the usual words announce'}"
    yield "first crawl", describe(guess)


def describe(guess: Estimate) -> str:
    """
    >>> describe(Estimate(1200, True, 3000, 36_000_000, 1.0, 3000.0))
    'about 1200 pages by its sitemaps, 3000 requests with images and styles; 50 minutes at one a second; 34 MiB of HTML'
    """
    how = "by its sitemaps" if guess.from_sitemaps else "(those that were seen linked; there may be more)"
    least = "about" if guess.from_sitemaps else "at least"
    pace = "without a delay"
    if guess.delay_s:
        every = "a second" if guess.delay_s == 1 else f"every {guess.delay_s:g} seconds"
        pace = f"{duration(guess.time_s)} at one {every}"
    return (
        f"{least} {counted(page=guess.pages)} {how}, {counted(request=guess.requests)} with images and styles; {pace}; "
        f"{size(guess.html_bytes)} of HTML"
    )


def duration(seconds: float) -> str:
    """
    >>> duration(40), duration(3000), duration(7300), duration(200_000)
    ('40 seconds', '50 minutes', '2.0 hours', '2.3 days')
    """
    for unit, length, most in (("seconds", 1, 120), ("minutes", 60, 7200)):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 3600:.1f} hours" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def size(count: int) -> str:
    """
    >>> size(900), size(34_000_000), size(5 << 30)
    ('1 KiB', '32 MiB', '5.0 GiB')
    """
    if count < 1 << 20:
        return f"{-(-count // 1024)} KiB"
    return f"{count >> 20} MiB" if count < 1 << 30 else f"{count / (1 << 30):.1f} GiB"


def _address(seen: Survey) -> str:
    last = seen.address
    if last == seen.asked:
        return printable(last)
    before, after = urlsplit(seen.asked), urlsplit(last)
    told = []
    if before.scheme != after.scheme:
        told.append(f"{after.scheme} instead of {before.scheme}")
    one, other = before.netloc, after.netloc
    if one.removeprefix("www.") != other.removeprefix("www."):
        told.append(f"another host than {one}")
    elif one != other:
        told.append("with www." if other.startswith("www.") else "without www.")
    why = f", {', '.join(told)}" if told else ""
    return f"{printable(last)} (where {printable(seen.asked)} leads to{why})"


def _languages(seen: Survey) -> str:
    if not seen.languages:
        return "none that it tells of"
    first, *others = seen.languages[:12]
    return printable(f"{first}{'; also ' + ', '.join(others) if others else ''}")


def _robots(seen: Survey) -> str:
    status = seen.robots_status
    if status is None:
        return "not asked for"
    if status >= 400:
        return f"none (HTTP status {status}): all may be asked"
    delay = f", and wants {seen.crawl_delay_s:g} seconds between two requests" if seen.crawl_delay_s else ""
    return f"lets us in{delay}"


def _sitemaps(seen: Survey) -> str:
    there = [sitemap for sitemap in seen.sitemaps if sitemap.there]
    if not there:
        return "none found"
    pages = sum(sitemap.pages for sitemap in there)
    indexed = sum(sitemap.sitemaps for sitemap in there)
    newest = f", the newest of {seen.newest}" if seen.newest else ""
    index = f"; an index names {indexed}, of which some were read" if indexed else ""
    return f"{len(there)} read, with {counted(page=pages)}{newest}{index}"
