"""Login forms: one filled in, and one met where a page should be. Pure: a page in, a request or an answer out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from archive.decoding import codec_of
from archive.errors import BewaarError
from crawler.sites.login import Login

if TYPE_CHECKING:
    from parsel import Selector
    from selectolax.lexbor import LexborHTMLParser


#: encodings whose spellings of a secret are looked for, and masked; and the last character they have in common
_MASKED = frozenset(("windows-1252",))
_LATIN = 0xFF


class LoginFailed(BewaarError):
    """Nobody is logged in, and why; no message holds what was filled in."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The request that sends a form off."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def is_logged_out(login: Login, url: str, text: str, tree: LexborHTMLParser) -> bool:
    """Whether the page at *url* asks who one is instead of being what it is."""
    if not login.covers(url) or login.is_form_page(url):
        return False
    if login.logged_out is not None:
        return re.search(login.logged_out, text) is not None
    return _has_form(login, tree)


def check_answer(login: Login, url: str, status: int, text: str) -> None:
    """Raise LoginFailed unless this answer to the form says that somebody is logged in."""
    from crawler.tree import parse  # a crawler that logs nobody in reads no page

    if status >= 400:
        raise LoginFailed(f"{url}: HTTP status {status} in answer to the login form")
    if login.logged_in is not None:
        if not re.search(login.logged_in, text):
            raise LoginFailed(f"{url}: {login.logged_in!r} does not stand on the page that answers the login form")
    elif _has_form(login, parse(text)):
        raise LoginFailed(f"{url}: the form came back; is what was filled in right?")


def fill(login: Login, values: Mapping[str, str], url: str, text: str, charset: str = "utf-8") -> Filled:
    """The form on the page at *url*, with *values* in it and all else as the page has it, encoded as the page is (HTML,
    4.10.21.8).

    Raises LoginFailed where there is none, and where it would show the secrets: in a URL, to another host, or in a
    spelling that is not masked.
    """
    from form2request import form2request  # type: ignore[attr-defined]  # public, but not in an __all__; brings lxml
    from parsel import Selector

    try:
        selector = Selector(text=text, type="html", base_url=url)
        forms = selector.xpath("//form[@id=$named or @name=$named]" if login.form else "//form", named=login.form or "")
        for form in forms:
            _gather(selector, form)
        found = [form for form in forms if all(form.xpath(".//*[@name=$name]", name=name) for name in values)]
        if not found:
            named = f" {login.form!r}" if login.form else ""
            raise LoginFailed(f"{url}: no form{named} with the fields {', '.join(values)}")
        if (found[0].attrib.get("enctype") or "").strip().lower() == "multipart/form-data":
            raise LoginFailed(f"{url}: the login form is sent as multipart/form-data, which is not known here")
        request = form2request(found[0], list(values.items()))
    except (ValueError, NotImplementedError) as error:
        raise LoginFailed(f"{url}: the login form cannot be filled in: {error}") from error
    if request.method != "POST":
        raise LoginFailed(f"{url}: the login form puts what is filled in into a URL (method GET)")
    if not _is_same_server(url, request.url):
        raise LoginFailed(f"{url}: the login form goes to another server, {request.url}; give that one's page")
    return Filled(request.url, tuple(request.headers), _encoded(request.body, values, charset, url))


def _gather(selector: Selector, form: Selector) -> None:
    """Make of a form what is sent of it: controls elsewhere that name it are its own, disabled ones are nobody's."""
    if name := form.attrib.get("id"):
        for control in selector.xpath("//*[@form=$name]", name=name):
            form.root.append(control.root)
    for disabled in form.xpath(".//*[@disabled]"):
        disabled.drop()


def _encoded(body: bytes, values: Mapping[str, str], charset: str, url: str) -> bytes:
    """A body in UTF-8 in the page's encoding: as browsers do, what that cannot hold is a character reference."""
    if charset == "utf-8" or b"%" not in body:
        return body
    if charset not in _MASKED and not all(value.isascii() for value in values.values()):
        raise LoginFailed(f"{url}: the form is in {charset}, in which what is filled in would not be masked")
    if any(ord(character) > _LATIN for value in values.values() for character in value):
        raise LoginFailed(f"{url}: the form is in {charset}, which cannot hold what is filled in")
    codec, _ = codec_of(charset)
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True)
    return urlencode(pairs, encoding=codec, errors="xmlcharrefreplace").encode("ascii")


def _has_form(login: Login, tree: LexborHTMLParser) -> bool:
    forms = tree.css(f'form[id="{login.form}"], form[name="{login.form}"]' if login.form else "form")
    return any(all(form.css_first(f'[name="{name}"]') is not None for name in login.fields) for form in forms)


def _is_same_server(page: str, target: str) -> bool:
    """Whether what is meant for *page*'s server may go to *target*: the same, or the same host's https."""
    try:
        a, b = urlsplit(page), urlsplit(target)
        to_https = (a.scheme, b.scheme) == ("http", "https") and not (a.port or b.port)
    except ValueError:
        return False
    return (a.scheme, a.netloc) == (b.scheme, b.netloc) or (to_https and a.hostname == b.hostname)
