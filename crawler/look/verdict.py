"""Why a site cannot be added as it is, in plain words, and what to do about it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from archive.model import HTML
from crawler.look.survey import Survey

#: readable text shorter than this, with scripts on the page, is what a page shows that draws itself in the browser
EMPTY_CHARS = 200
_LOGIN = re.compile(
    r"/(?:login|log-in|signin|sign-in|sso|auth|inloggen|anmelden|connexion|account)(?:[/.?]|$)", re.IGNORECASE
)
_LOGIN_HELP = "if you have an account, docs/login.md tells how a crawl logs in"
_STATUS = {
    401: f"it asks for a user and a password; {_LOGIN_HELP}",
    402: "it asks to be paid",
    403: f"it refuses us: ask its webmaster to let this crawler in, or {_LOGIN_HELP}",
    404: "there is no such page: check the address",
    410: "the page is gone for good: check the address",
    429: "it is asked too much: try again later, with a longer --delay",
    451: "it may not be shown, for legal reasons",
    503: "it is busy or being repaired: try again later",
}
#: by the kind of failure (`crawler.capture.failures`)
_FAILURES = {
    "dns": "no such host: check the spelling of the address",
    "refused": "no server listens there: check the address, and whether it opens in a browser",
    "connect": "the server cannot be reached: check whether it opens in a browser, and try again later",
    "timeout": "it does not answer in time: check whether it opens in a browser, and try again later",
    "disconnect": "it breaks the connection off before it answers: try again later, or its address with http://",
    "tls": 'its certificate is not valid: tell its webmaster; tls = "unverified" in a profile takes any',
    "malformed": "what answers there is no web server: check the address and its port",
    "address": "it leads to an address inside a private network, which is refused; "
    "allow_addresses in a profile lets one in",
}


def what_is_wrong(seen: Survey, error: str | None) -> str | None:
    """None where the site can be added. *error* is why its front page was not fetched."""
    if error and (found := _refused(error, seen)):
        return found
    if not seen.way:
        delay = seen.crawl_delay_s
        why = f"; its robots.txt asks for {delay:g} seconds between two requests" if delay else ""
        return f"the look took too long, and was cut short{why}: try again later, or give --anyway"
    last = seen.way[-1]
    if last.error:
        return _failure(last.error)
    if last.location:
        return f"it is redirected again and again, last to {last.location[:200]}: check the address in a browser"
    if last.status is None:
        return "what answers there is no web server: check the address and its port"
    if last.status >= 400:
        fault = "the server has a fault: try again later" if last.status >= 500 else "it refuses: check the address"
        return f"HTTP status {last.status}: {_STATUS.get(last.status, fault)}"
    if last.status != 200:
        return f"HTTP status {last.status} instead of a page: check the address in a browser"
    if last.mime is not None and last.mime not in HTML:
        return f"it is no web page but {last.mime}: give the address of the site's front page"
    home = seen.home
    if home is None:
        return "its front page cannot be read: check the address in a browser"
    login = _LOGIN.search(urlsplit(last.url).path) is not None and last.url != seen.asked
    if home.asks_password and (login or home.text_chars < 2 * EMPTY_CHARS):
        return f"it shows nothing but a login form; {_LOGIN_HELP}"
    if home.text_chars < EMPTY_CHARS and home.scripts and len(set(home.links)) < 3:
        return (
            f"its front page is empty without scripts ({home.text_chars} characters of text), and Bewaar runs none: "
            "a crawl would keep the files it is made of, and read nothing. If it has a version without scripts, or a "
            "sitemap of pages that show more, give that address"
        )
    return None


def _refused(error: str, seen: Survey) -> str | None:
    if error == "refused by robots.txt":
        return (
            "its robots.txt asks not to be crawled: ask its owner; where you may all the same, write a profile that "
            'says robots = "ignore"'
        )
    if error.startswith("its robots.txt cannot be had"):
        if seen.robots_error:
            return _failure(seen.robots_error)  # nor would anything else be answered
        return f"{error}, which means that nothing may be asked (RFC 9309): try again later"
    return None


def _failure(error: str) -> str:
    kind, _, detail = error.partition(":")
    known = _FAILURES.get(kind)
    return f"{known} ({detail.strip()[:200]})" if known else f"it cannot be fetched: {error[:200]}"
