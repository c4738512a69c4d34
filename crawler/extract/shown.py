"""One sponsor as a page shows it: by an image, or by a line of text; or by both, and is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.model import Evidence
from crawler.extract.logos import LogoName
from crawler.extract.organisations import slug
from crawler.extract.pictures import Image
from crawler.extract.selectors import RULE

#: letters of a file's name that tell whose it is
_TELLING = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One sponsor as it is shown: by an image, or by a line of text."""

    name: LogoName
    rule: str
    evidence: Evidence | None
    image: Image | None = None
    href: str | None = None
    #: whom the label says is supported
    beneficiary: str | None = None
    #: whether what announces it, or how it stands there, leaves open that it is a sponsor
    doubtful: bool = False


def shown_once(shown: Sequence[Shown]) -> list[Shown]:
    """*shown* without the names in text of whom logos show. A logo that only its file or link names gets that name."""
    texts = [each for each in shown if each.image is None and each.rule != RULE]
    if not texts or len(texts) == len(shown):
        return list(shown)
    letters = {id(each): _letters(each) for each in texts}
    said: dict[int, Shown] = {}
    dropped: set[int] = set()
    for logo in shown:
        own = _letters(logo) if logo.image is not None else ""
        same = [each for each in texts if own and (own == letters[id(each)] or _tells(own, letters[id(each)]))]
        if len(same) == 1:
            dropped.add(id(same[0]))
            said[id(logo)] = same[0]
    return [_named_by(each, said.get(id(each))) for each in shown if id(each) not in dropped]


def _named_by(logo: Shown, text: Shown | None) -> Shown:
    if text is None or logo.name.source not in ("file", "host"):
        return logo
    return replace(logo, name=text.name, evidence=text.evidence)


def _tells(letters: str, name: str) -> bool:
    return len(letters) >= _TELLING and letters in name


def _letters(each: Shown) -> str:
    return slug(each.name.value).replace("-", "")
