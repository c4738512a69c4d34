"""Pictures that are the page's own and nobody's logo: buttons, icons, badges, its own logo; and advertisements.

>>> [is_advertisement(f"https://{to}") for to in ("ad.bear.test/clk/7", "www.ad.nl/", "bear.test/affiliates/")]
[True, False, False]
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from crawler.extract.finder import Finder
from crawler.extract.hosts import host_name
from crawler.extract.links import host_of, is_network, social_network
from crawler.extract.names import is_button, is_name, is_to_come
from crawler.extract.naming import clean, clean_stem
from crawler.extract.organisations import slug
from crawler.extract.pictures import Image
from crawler.extract.vocabulary import Vocabulary

#: sides of icons, pixels
_ICON_SIDE = 48
#: a site's name shorter than this may be anybody's
_NAME_CHARS = 4
_ICON_FOLDER = re.compile(
    r"/(?:icons?|icos?|smil(?:ies|eys)|emoticons?|emojis?|buttons?|bullets?|flags)/", re.IGNORECASE
)
_ICON_WORD = (
    "icons?|ico|btn|button|submit|send|print(?:er)?|e?-?mail|rss|feed|share|pin|star|lock|clock|calendar|date|info|help|"
    "user|edit|delete|download|pdf|top|up|down|blank|spacer|pixel|clear|dot|bullet|line|shadow|corner|bg|background|"
    "photo|camera|map|marker|phone|tel|fax|home|login|logout|rating|permalink|external|link"
)
#: a file that is called after what it is for, and after nobody
_ICON = re.compile(rf"(?:{_ICON_WORD})(?:[\W_]*(?:{_ICON_WORD}|\d+|small|[sml]))*", re.IGNORECASE)
_ADVERTISER = re.compile(
    r"(?:^|\.)(?:ads?\d*(?=\.[^.]+\.)|(?:adclick|adform|\w*adserver|doubleclick|googlesyndication|tradedoubler|tradetracker|"
    r"awin1?|zanox|daisycon|affilinet|shareasale)(?=\.))",
    re.IGNORECASE,
)
_COUNTED_CLICK = re.compile(
    r"/affiliates?/(?=\w*(?:log|clic?k|track|redirect|\.php))|/(?:adclick|aclk|adserver|ck\.php|banner/rd)(?=[/.?]|$)|"
    r"[?&]aff(?:iliate)?_?id=",
    re.IGNORECASE,
)
#: what leads to a bank is no logo
_PAYMENT = re.compile(r"(?:\b|_)qr[-_ ]?code|^qr[-_ ]", re.IGNORECASE)


def is_ornament(image: Image, finder: Finder) -> bool:
    element = image.picture.element
    if element.tag == "input":
        # A button that sends a form.
        return True
    if not image.alt and image.href is None and element.attribute("aria-hidden") == "true":
        # Its author says that there is nothing to see (WAI-ARIA 1.2, 6.6).
        return True
    if is_of_the_page(image.alt or image.file, image.file, finder.words):
        return True
    if any(is_to_come(text) or _PAYMENT.search(text) for text in (image.alt or "", clean_stem(image.file))):
        return True
    own = host_of(finder.page.url)
    if image.href is not None and host_of(image.href) != own:
        return is_advertisement(image.href)
    name = clean(image.alt or image.title or "")
    return (
        _is_icon(image)
        or is_button(name)
        or is_network(name or clean(image.file))
        or _names_site(name or clean(image.file, from_file=True), finder)
    )


def is_of_network(image: Image) -> bool:
    """Whether it leads to a social network, and is the network's: a club may be named that has no site but there."""
    network = social_network(image.href)
    if network is None:
        return False
    named = image.alt or image.title or ""
    if not named and _leads_to_its_own(image):
        return False
    return not is_name(clean(named)) or is_button(named) or network.casefold() in f"{named} {image.file}".casefold()


def _leads_to_its_own(image: Image) -> bool:
    """Whether the address it leads to has its file's name in it: "the-otter.png", ".../pages/The-Otter/1234"."""
    name = slug(clean(image.file, from_file=True)).replace("-", "")
    try:
        page = slug(urlsplit(image.href or "").path).replace("-", "")
    except ValueError:
        return False
    return len(name) > _NAME_CHARS and name in page


def is_of_the_page(name: str, file: str, words: Vocabulary) -> bool:
    """An arrow, or a badge: nobody's logo."""
    return words.pictures.arrow.search(file) is not None or any(
        words.certification.fullmatch(clean(text)) is not None for text in (name, file)
    )


@lru_cache(maxsize=1024)
def is_advertisement(href: str) -> bool:
    """Whether a link is counted by who sells advertisements: nobody thanks those for their support."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return _ADVERTISER.search(parts.hostname or "") is not None or _COUNTED_CLICK.search(href) is not None


def _is_icon(image: Image) -> bool:
    try:
        folder = urlsplit(image.url).path.rpartition("/")[0] + "/"
    except ValueError:
        return False
    if _ICON_FOLDER.search(folder):
        # Shown from the site of whom it names: "Otter", from otter.test/icons/otter.png.
        name = slug(clean(image.alt or image.title or "")).replace("-", "")
        return not name or name != slug(host_name(image.url)).replace("-", "")
    if not (image.alt or image.title) and _ICON.fullmatch(clean_stem(image.file)):
        return True
    sides = (image.width, image.height)
    return image.alt is None and all(side is not None and side <= _ICON_SIDE for side in sides)


def _names_site(name: str, finder: Finder) -> bool:
    """Whether it is the name of the site's host, or what each title of the site says, and words about pictures beside
    it: "Quayside logo RGB"."""
    names = (host_name(finder.page.url), *finder.site_names)
    own = {short for each in names if len(short := slug(each).replace("-", "")) >= _NAME_CHARS}
    words = slug(name).split("-")
    said = [word for word in words if word not in finder.words.pictures.about]
    return not own.isdisjoint(("".join(words), "".join(said)))
