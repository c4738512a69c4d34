"""A logo's name out of what its image carries: title, alt, file name, link, caption.

>>> clean("Save the Children logo vierkant 2.jpg")
'Save the Children'
>>> clean("NPL logo 2013 .png"), clean("logo EU.jpg"), clean("1.png")
('NPL', 'EU', '')
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from crawler.extract.hosts import host_name
from crawler.extract.organisations import IMAGE_EXTENSION, slug
from crawler.extract.vocabulary import vocabulary

#: what content management systems put around an upload's name
_WRAPPED = re.compile(
    r"^(?:csm|rtemagicc|thumb|tx|x240|cropped|resized|small|medium|large|(?=[a-f]*\d)[0-9a-f]{8,32})[_-](?=[^_-]{2})",
    re.IGNORECASE,
)
_SUFFIXES = re.compile(
    r"(?:[-_ ](?:e\d{8,}|p-\d{3,4}|[0-9a-f]{8,12}|\d{2,4}x\d{2,4}(?:px)?|\d{2,4}px|scaled|@\dx|v\d+)"
    r"|@\dx|\(\d+\)|\d{2,4}x\d{2,4})\s*$",
    re.IGNORECASE,
)
_YEAR_OR_DATE = re.compile(r"(?:19|20)\d\d(?:\d\d){0,2}")
#: "MidsummerSailLogo", "LogoPlan"
_GLUED_LOGO = re.compile(r"(?<=[a-z0-9])Logo(?=$|[\s_\dA-Z-])|(?:^|(?<=[\s_-]))Logo(?=[A-Z])")
#: "logoregion": written in one, but for the words that begin so
_LOGO_BEFORE = re.compile(r"logo(?!p[aeäé]d|p(?:ae|äd)|[iou]|s\b|ther|ty|grif|gram)(?=[a-zß-ÿ]{4})")
_NUMBERED = re.compile(r"(?<=[a-zß-ÿ]{4})\d{1,2}$")
#: "1", "a4", "img12": the place an upload had in a row
_SAYS_NO_NAME = re.compile(r"[a-z]?[\d-]*|[a-z]{1,2}\d+")
_WORDS = re.compile(r"[^\s_]+")
_TITLE_SEPARATOR = re.compile(r"\s+[-–—|·»:]\s+|\s*\|\s*|:\s+")
_WORD_IN_ADDRESS = re.compile(r"[^\W_]+")
_IS_ADDRESS = re.compile(r"(?:https?://|www\.)\S+$", re.IGNORECASE)
#: "stadt_werl_logo": an alt that was filled in with the file's name
_SPELT_AS_FILE = re.compile(r"(?=\S*_)\S+|logo-\S+|\S+-logo", re.IGNORECASE)
_SLOGAN = re.compile(r"\s+[-–—|:]\s+")
#: "Rijwielhandel Postema, ook voor al uw reparaties"
_SMALL_SLOGAN = re.compile(r",(?: [a-zà-ÿ'’-]+){3,}[.!]?$")


def file_name(url: str) -> str:
    """Last part of a URL's path, decoded; empty for data and for a path that ends in a slash."""
    if url[:5].lower() == "data:":
        return ""
    try:
        parts = urlsplit(url.strip())
        # An image server is told which file it is to fit in.
        path = parse_qs(parts.query).get("url", [""])[0] if parts.path.endswith("/_next/image") else parts.path
    except ValueError:
        return ""
    return unquote(path.replace("\\", "/").rpartition("/")[2])[:300]


def title_parts(title: str | None) -> list[str]:
    """What a page's title names: the page, whose it is, and what it is part of.

    >>> title_parts("Onze leden - Waterbond")
    ['Onze leden', 'Waterbond']
    """
    return [part for part in _TITLE_SEPARATOR.split(title or "") if part]


def address_words(url: str) -> tuple[str, ...]:
    """What the last part of an address is called, as people would write it: umlauts are spelt out in addresses.

    >>> address_words("https://bund.test/verband/landesverbaende.html"), address_words("https://bond.test/onze-leden/")
    (('landesverbaende', 'landesverbände'), ('onze leden',))
    """
    try:
        parts = [part for part in unquote(urlsplit(url).path).split("/") if part]
    except ValueError:
        return ()
    while parts and vocabulary().pictures.no_page.fullmatch(parts[-1]):
        parts.pop()
    if not parts:
        return ()
    words = " ".join(_WORD_IN_ADDRESS.findall(re.sub(r"\.[a-z]{2,5}$", "", parts[-1][:200].lower())))
    return tuple(dict.fromkeys((words, words.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü"))))


def is_file_name(text: str) -> bool:
    """Whether a text is the name of an image file, spaces and all."""
    return len(text) <= 150 and IMAGE_EXTENSION.search(text, 1) is not None


def clean(text: str, *, from_file: bool | None = None) -> str:
    """The name in *text*; empty when nothing names anybody. *from_file*: told by its extension, unless given."""
    text = " ".join(text.split())[:300]
    if from_file or (from_file is None and (is_file_name(text) or _SPELT_AS_FILE.fullmatch(text))):
        return _clean_file(text)
    words = vocabulary().pictures
    if words.says_nothing.match(text) or _IS_ADDRESS.match(text):
        return ""
    shorter = re.sub(r"\s+logo$", "", words.announces.sub("", text), flags=re.IGNORECASE).strip(" -–|:")
    return shorter if any(c.isalnum() for c in shorter) and not shorter.isdigit() else ""


def _clean_file(text: str) -> str:
    text = clean_stem(text)
    if " " not in text:
        text = text.replace("_", " ").replace("-", " ") if not _is_hyphenated(text) else text.replace("_", " ")
    words, about = [], vocabulary().pictures.about
    for word in _WORDS.findall(_GLUED_LOGO.sub(" ", text)):
        bare = word.strip("()[]-.,+&").lower()
        if not bare or bare in about or bare.rstrip("0123456789") in about or _YEAR_OR_DATE.fullmatch(bare):
            continue
        words.append(_LOGO_BEFORE.sub("", word, count=1) if word.startswith("logo") else word)
    while len(words) > 1 and _tells_of_picture(words):
        words.pop()
    while len(words) > 1 and words[0].isdigit():
        words.pop(0)
    name = " ".join(words).strip(" -–.,")
    # "ministerie2": the upload was given a number to tell it from another
    name = _NUMBERED.sub("", name)
    return "" if _SAYS_NO_NAME.fullmatch(slug(name)) else name


def _tells_of_picture(words: list[str]) -> bool:
    """Whether the last of a file name's words does: "lamp g", "plan dark". Of "L CLAIR" no name would be left."""
    last = words[-1]
    if last.isdigit():
        return True
    left = sum(map(len, words[:-1]))
    if len(last) == 1 and last.islower():
        return left > 3
    return left > 1 and last.lower() in vocabulary().pictures.about_last


def number_behind(text: str) -> str:
    """The number that `clean` dropped: two uploads it tells apart may show two organisations.

    >>> number_behind("ministerie2.png"), number_behind("Plan.jpg")
    ('2', '')
    """
    found = _NUMBERED.search(IMAGE_EXTENSION.sub("", text)) if is_file_name(text) else None
    return found[0] if found else ""


def _is_hyphenated(text: str) -> bool:
    """Whether the hyphens are the name's own: one of them, between capitals ("JF-Hillebrand")."""
    return (
        text.count("-") == 1 and re.search(r"[A-Z][a-z]+-[A-Z][a-z]+$", text) is not None and "logo" not in text.lower()
    )


def without_slogan(text: str, href: str | None = None) -> str:
    """What stands before a slogan; an abbreviation and what it stands for are one name. Where the link *href* leads
    tells what is the name of two words and two.

    >>> without_slogan("graphic berlin - Web/Shop & Print Design"), without_slogan("FGB - Rescuetechnik")
    ('graphic berlin', 'FGB - Rescuetechnik')
    >>> without_slogan("Maplane - Walking Anonymously", "https://www.maplane.test/?from=us")
    'Maplane'
    """
    if behind := _SMALL_SLOGAN.search(text):
        text = text[: behind.start()]
    head, *tail = _SLOGAN.split(text, maxsplit=1)
    if tail and href and not head.isupper() and _letters(head) == _letters(host_name(href)):
        return head
    # "covering covers": two small words are a slogan, "Rescuetechnik" is not.
    if (
        not tail
        or len(tail[0].split()) < (2 if tail[0].islower() else 3)
        or len(head) < 2
        or (head.isupper() and head[0] == tail[0][0].upper())
    ):
        return text
    return head


def _letters(text: str) -> str:
    return slug(text).replace("-", "")


def named_by_file(file: str, href: str | None) -> tuple[str, Literal["file", "host"]]:
    """The name that a file name gives, or the host of the link around the image where the file's says too much.

    >>> named_by_file("ebmpapst_logo_Trikots.png", "https://www.ebmpapst.com/")
    ('ebmpapst', 'file')
    >>> named_by_file("72_IFB_Supplier_1_red_de.png", "https://www.berlinale.de")
    ('berlinale', 'host')
    """
    name = clean(file, from_file=True)
    host = host_name(href or "")
    words = name.split()
    if host and name:
        same = next((nth for nth, word in enumerate(words) if slug(word) == slug(host)), None)
        if same is not None:
            # "logo_region_armor": what a body is called stands before its name.
            kind = words[same - 1 : same] if same and words[same - 1].lower() in vocabulary().pictures.kinds else []
            # A shop of many, in a town: the address behind the host says which.
            path = slug(urlsplit(href or "").path)
            shop = list(takewhile(lambda word: len(word) > 2 and slug(word) in path, words[same + 1 :]))
            return " ".join([*kind, words[same], *shop]), "file"
        if len(words) >= 3 and any(word.isdigit() for word in words):
            return host, "host"
    return (name, "file") if name or not host else (host, "host")


def is_machine_made(title: str, file: str) -> bool:
    """Whether a title only spells out the file's name, as some systems do: "Oechsle2", "H S Geisenheim"."""
    return slug(title).replace("-", "") == slug(clean_stem(file)).replace("-", "")


def clean_stem(file: str) -> str:
    """A file name without extension and without what a content management system put around it."""
    text = unquote(file)
    while (shorter := IMAGE_EXTENSION.sub("", text)) != text:
        text = shorter
    while (shorter := _WRAPPED.sub("", _SUFFIXES.sub("", text))) not in (text, ""):
        text = shorter
    return text


def without_number(name: str) -> str:
    return _NUMBERED.sub("", name)


def without_state(file: str) -> str:
    """A file name without what tells the pictures of one logo apart: size, colour, whether the mouse is over it.

    >>> without_state("Plan_sw.png"), without_state("plan-300x150.png"), without_state("ministerie2.png")
    ('plan', 'plan', 'ministerie2')
    """
    text = clean_stem(file)
    while (shorter := clean_stem(vocabulary().pictures.state.sub("", text))) != text:
        text = shorter
    return text.casefold()
