"""What an image carries, wherever it carries it: ``src``, lazy attributes, ``srcset``, SVG, CSS backgrounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from crawler.extract.dom import Element, Picture, collapse
from crawler.extract.naming import file_name

#: begins the address of a picture that only a style sheet which is not at hand may give
PLACEHOLDER = "http://placeholder.invalid/"
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-lazy",
    "data-url",
    "data-image",
    "data-bg",
    "data-background",
)
_SRCSETS = ("data-srcset", "data-lazy-srcset", "srcset")
#: stands in for an image until a script sets the real one
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:blank|spacer|placeholder|transparent|pixel|1x1|lazy|loading|loader|dummy|clear)(?:[_.-]|$)",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(
    r"background(?:-image)?\s*:[^;]{0,200}?url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)\"']*))\s*\)", re.IGNORECASE
)
#: addresses that joining leaves as they are, but for the origin of one that has none; "/." apart
_PLAIN = re.compile(
    r"(?:(?P<absolute>https?://[a-z0-9][a-z0-9.-]*+(?=[/?#]|\Z))|/(?!/))[A-Za-z0-9_~,=&+%./-]*+"
    r"(?:\?[A-Za-z0-9_~,=&+%./-]++)?(?:#[A-Za-z0-9_~,=&+%./-]++)?"
)
#: what a size may stand behind; another size is cut off with it elsewhere: "300x169"
_BEFORE_SIZE = re.compile(r"[^\W\dx_][-_ ]?$")
#: a name in letters may be as wide, and low; not as low as a line
_WORDMARK = 100
_LINE = 8
_PIXELS = re.compile(r"\s*(\d{1,5})(?:px)?\s*$")


@dataclass(slots=True, eq=False)
class Image:
    """A picture with its address and the words on it."""

    picture: Picture
    #: the address as it stands in the attribute, and made absolute; empty when a script alone knows it
    address: str
    url: str
    alt: str | None
    title: str | None
    link: Element | None
    #: absolute target of the link around it, None where there is none or it leads nowhere
    href: str | None
    width: int | None
    height: int | None

    @property
    def at(self) -> int:
        return self.picture.at

    @property
    def file(self) -> str:
        return file_name(self.url)

    @property
    def file_without_size(self) -> str:
        """Its file's name, without its width or height where that stands behind it: "tulip219.jpg", 219 pixels wide."""
        stem, dot, extension = self.file.rpartition(".")
        for side in (self.width, self.height):
            shorter = stem.removesuffix(str(side))
            if side and shorter != stem and _BEFORE_SIZE.search(shorter):
                return f"{shorter.rstrip('-_ ')}{dot}{extension}"
        return self.file

    @property
    def words(self) -> str:
        """Everything that may say what it shows, for patterns to be searched in."""
        return " ".join(filter(None, (self.alt, self.title, self.file, self.href)))

    @property
    def is_placeholder(self) -> bool:
        return self.address.startswith(PLACEHOLDER)

    @property
    def is_tiny(self) -> bool:
        """A tracking pixel, a bullet or an icon."""
        if self.alt and self.width is not None and self.width >= _WORDMARK and (self.height or 0) > _LINE:
            return False
        return any(size is not None and size <= 24 for size in (self.width, self.height))


def absolute(base: str, address: str) -> str:
    """*address* made absolute; empty when it is no address. Raises nothing: pages hold any text at all."""
    address = address.strip()
    if not address or len(address) > 2000 or address.startswith("#"):
        return ""
    if "/." not in address and (plain := _PLAIN.fullmatch(address)):
        if plain["absolute"]:
            return address
        if origin := _origin(base):
            return origin + address
    return _joined(base, address)


@lru_cache(maxsize=64)
def _origin(base: str) -> str:
    """Scheme and host, where they are those of the web."""
    try:
        parts = urlsplit(base)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


@lru_cache(maxsize=4096)
def _joined(base: str, address: str) -> str:
    """Menus repeat themselves on a page, and from page to page."""
    try:
        url = urljoin(base, address)
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def images(pictures: Iterable[Picture], base: str) -> Iterator[Image]:
    """The images that *pictures* are; a ``<noscript>`` one only where the image it stands in for has no address."""
    before: Image | None = None
    for picture in pictures:
        image = _image(picture, base)
        if picture.fallback and before is not None and before.url and _neighbours(before.picture, picture):
            continue
        if image.url or image.alt or image.title:
            yield image
            before = image


def _neighbours(one: Picture, other: Picture) -> bool:
    """Whether a fallback stands right behind the image: with no other image or line between them."""
    return 0 < other.at - one.at <= 3


def _image(picture: Picture, base: str) -> Image:
    element = picture.element
    attributes = element.node.attributes
    address = picture.background or _address(element, attributes)
    title = attributes.get("title")
    if element.tag == "svg":
        shown = element.node.css_first("title")
        title = collapse(shown.text())[:300] if shown is not None else attributes.get("aria-label")
    alt = attributes.get("alt") or attributes.get("aria-label")
    link = element.link
    return Image(
        picture,
        address,
        absolute(base, address),
        collapse(alt)[:300] or None if alt else None,
        collapse(title)[:300] or None if title else None,
        link,
        absolute(base, link.attribute("href") or "") or None if link is not None else None,
        _pixels(attributes.get("width")),
        _pixels(attributes.get("height")),
    )


def _address(element: Element, attributes: dict[str, str | None]) -> str:
    if element.tag == "svg":
        inner = element.node.css_first("image")
        return ((inner.attributes.get("href") or inner.attributes.get("xlink:href")) if inner is not None else "") or ""
    lazy = next((value for name in _LAZY if (value := attributes.get(name))), None)
    source = attributes.get("src") or ""
    if lazy and (not source or source[:5].lower() == "data:" or _PLACEHOLDER.search(source)):
        return _in_css(lazy)
    if source and source[:5].lower() != "data:" and not (_PLACEHOLDER.search(source) and _from_srcset(attributes)):
        return source
    if found := _from_srcset(attributes):
        return found
    styled = _BACKGROUND.search((attributes.get("style") or "")[:2000])
    if styled:
        return styled[1] or styled[2] or styled[3] or ""
    return lazy or source


def _in_css(value: str) -> str:
    inside = re.fullmatch(r"url\(['\"]?(.*?)['\"]?\)", value.strip())
    return inside[1] if inside else value


def _from_srcset(attributes: dict[str, str | None]) -> str:
    for name in _SRCSETS:
        value = (attributes.get(name) or "")[:5000].strip()
        if value and not value.startswith("data:"):
            return value.split()[0].rstrip(",")
    return ""


def _pixels(value: str | None) -> int | None:
    found = _PIXELS.match(value or "")
    return int(found[1]) if found else None
