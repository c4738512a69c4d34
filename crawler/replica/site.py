"""What the replica answers: from edition, host and target to a response. Pure but for the clock in an outage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from importlib.resources import files
from mimetypes import guess_type
from urllib.parse import unquote, urlsplit

from crawler.replica import pages
from crawler.replica.editions import EDITIONS, Edition
from crawler.replica.logos import DRAWN, KNOT, draw
from crawler.replica.pages import LEAVES, MAIN, NEWS
from crawler.replica.pdf import pdf

CAMPAIGN = "eerlijkkinderpardon.test"
BARE = "defenceforchildren.test"
SECURE = "www.defenceforchildren.test"

#: served over HTTP; `SECURE` over HTTPS too, and in earnest only there
HOSTS = (CAMPAIGN, BARE, SECURE)
START_URL = f"http://{CAMPAIGN}{MAIN.target()}"

HTML = "text/html; charset=utf-8"
#: seconds; short, so that the demo ends within its minute
RETRY_AFTER_S = 1
#: what a web server in front of a CMS still answers while the CMS is down
_STANDING = ("/robots.txt", "/images/", "/css/", "/js/", "/assets/", "/documenten/")

_STATIC = {
    "/css/site.css": ("2016", "site.css"),
    "/css/kleuren.css": ("2016", "kleuren.css"),
    "/assets/nieuw.css": ("2018", "nieuw.css"),
    "/assets/letters.css": ("2018", "letters.css"),
    "/js/menu.js": (None, "menu.js"),
}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_LEAF = re.compile(r"/p/215/(?P<number>[0-9]{1,9})/(?P<path>(?:mo[0-9]+-cg[0-9]+/)*)(?P<slug>[a-z0-9-]+)")

ROBOTS = """# Demonstratie
User-agent: *
Disallow: /zoeken
Disallow: /intern/

Sitemap: {origin}/sitemap.xml
"""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    type: str = HTML
    fields: tuple[tuple[str, str], ...] = ()
    #: compressed for clients that accept gzip
    gzip: bool = False
    chunked: bool = False


def answer(edition: Edition, scheme: str, host: str, target: str) -> Answer:
    """The response to a GET of *target* (path and query, as on the request line)."""
    if host == BARE:
        return _redirect(301, f"http://{SECURE}{target}")
    if host == SECURE and scheme == "http":
        return _redirect(301, f"https://{SECURE}{target}")
    path = unquote(urlsplit(target).path)
    if edition.down and not path.startswith(_STANDING):
        wait = formatdate_in(RETRY_AFTER_S) if path == "/sitemap.xml" else str(RETRY_AFTER_S)
        return Answer(503, pages.outage_page(), fields=(("Retry-After", wait), ("Cache-Control", "no-store")))
    return _found(edition, f"{scheme}://{host}", path)


def formatdate_in(seconds: int) -> str:
    """The HTTP-date so many seconds from now (RFC 9110, 10.2.3: Retry-After takes either form)."""
    from time import time

    return formatdate(time() + seconds, usegmt=True)


def last_changed(edition: Edition, scheme: str, host: str, target: str) -> str:
    """Since when the answer has been what it is, in the replica's own story: an edition's `since`."""
    since, before = edition.since, None
    for earlier in EDITIONS[: EDITIONS.index(edition) + 1] if edition in EDITIONS else ():
        if earlier.down:
            continue
        body = answer(earlier, scheme, host, target).body
        if body != before:
            since, before = earlier.since, body
    return since


@lru_cache(maxsize=2048)
def _found(edition: Edition, origin: str, path: str) -> Answer:
    if path == "/":
        return _html(pages.page(edition, "Welkom", pages.fragment("home")))
    if match := _LEAF.fullmatch(path):
        return _leaf(edition, int(match["number"]), match["path"].rstrip("/"), match["slug"])
    if path.startswith("/images/"):
        return _picture(edition, path.removeprefix("/images/"))
    if path in _STATIC:
        design, name = _STATIC[path]
        if design in (None, edition.design):
            body = (files("crawler.replica") / "static" / name).read_bytes()
            return Answer(200, body, _TYPES[name[name.rindex(".") :]], gzip=True)
    generated = {
        "/robots.txt": lambda: Answer(200, ROBOTS.format(origin=origin).encode(), "text/plain; charset=utf-8"),
        "/sitemap.xml": lambda: Answer(200, _sitemap(origin), "application/xml"),
        "/rss/215/nieuws.xml": lambda: Answer(200, _feed(origin), "application/rss+xml; charset=utf-8", gzip=True),
        "/documenten/215/jaarbericht-demonstratie.pdf": lambda: Answer(200, _report(), "application/pdf"),
        "/zoeken": lambda: _html(pages.page(edition, "Zoeken", pages.fragment("zoeken"))),
        "/intern/concept.html": lambda: _html(pages.page(edition, "Concept", pages.fragment("concept"))),
        "/p/215/3200/home": lambda: _redirect(301, "/"),
        "/better-care-network": lambda: _redirect(301, MAIN.target()),
        "/nieuws": lambda: _redirect(302, "/p/215/3250/mo500-cg340/nieuws"),
        # A chain of four: bare host, its www, its https, the page.
        "/petitie": lambda: _redirect(
            302,
            "/p/215/3270/mo510-cg350/teken-de-petitie" if origin.endswith(SECURE) else f"http://{BARE}/petitie",
        ),
    }
    return generated[path]() if path in generated else _missing(edition)


def _leaf(edition: Edition, number: int, path: str, slug: str) -> Answer:
    if number == 3200 and slug == "home":
        return _redirect(301, "/")
    for leaf in LEAVES:
        if leaf.number == number and leaf.slug == slug and path in leaf.paths:
            body = pages.leaf_page(edition, leaf, path)
            return Answer(200, body, f"text/html; charset={leaf.charset}", gzip=True, chunked=leaf.chunked)
    return _missing(edition)


def _picture(edition: Edition, name: str) -> Answer:
    kind = guess_type(name)[0] or "application/octet-stream"
    if name == KNOT:
        art = next((logo.art for logo in edition.sponsors if logo.file == name), None)
        return Answer(200, draw(art), kind) if art else _missing(edition)
    return Answer(200, draw(name), kind) if name in DRAWN else _missing(edition)


def _html(body: bytes) -> Answer:
    return Answer(200, body, gzip=True)


def _missing(edition: Edition) -> Answer:
    return Answer(404, pages.page(edition, "Niet gevonden", pages.fragment("verdwenen")))


def _redirect(status: int, location: str) -> Answer:
    body = "<!DOCTYPE html><title>Demonstratie</title><p>Demonstratie: deze pagina staat elders.</p>"
    return Answer(status, body.encode(), fields=(("Location", location),))


def _sitemap(origin: str) -> bytes:
    places = [f"{origin}/", *(origin + leaf.target() for leaf in LEAVES)]
    rows = "".join(f"  <url><loc>{place}</loc></url>\n" for place in places)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Demonstratie -->\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    ).encode()


def _feed(origin: str) -> bytes:
    items = "".join(
        f"<item><title>{leaf.title}</title><link>{origin}{leaf.target('')}</link>"
        f'<guid isPermaLink="false">215-{leaf.number}</guid></item>\n'
        for leaf in NEWS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>\n<title>Demonstratie: nieuws</title>'
        f"<link>{origin}/</link><description>Nieuws van een nagebouwde site</description><language>nl</language>\n"
        f"{items}</channel></rss>\n"
    ).encode()


def _report() -> bytes:
    return pdf(
        "Jaarbericht (demonstratie)",
        ["Demonstratie: dit stuk hoort bij een nagebouwde site.", "Er staan geen echte cijfers in."],
        ("Meer over het Better Care Network", START_URL),
    )
