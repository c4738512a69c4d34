"""The words in names, titles and alts of pictures that name nobody, and those that a name stands behind."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.lexicon import Lexicon, Pattern

#: what programs call pictures, whatever their language
_ABOUT = frozenset(
    """
    logo logos logotype logotipo img web website rgb cmyk pms fc transp bw color-logo hr lr hires lowres kopia
    png jpg jpeg gif svg webp
    """.split()
)
_ABOUT_LAST = frozenset(("de", "pos", "neg", "rev"))


@dataclass(frozen=True, slots=True)
class PictureWords:
    #: a word of a file's name that tells of the picture, and of nobody it shows; and one that does so at its end alone
    about: frozenset[str]
    about_last: frozenset[str]
    #: ends the name of a file: one of the pictures of one logo, for the mouse over it, in colour or in grey
    state: Pattern
    #: a title or an alt that every image of a site may carry
    says_nothing: Pattern
    #: what stands before a name in a title or an alt
    announces: Pattern
    #: stand before a name in a file's name, and are part of it
    kinds: frozenset[str]
    #: at the end of an address, what says nothing of the page: "/members/all", "/leden/index.php", "/mitglieder/42"
    no_page: Pattern
    #: stands in the name of a file that shows an arrow, or a button
    arrow: Pattern
    #: stand in the name of a file that shows a campaign
    campaign: tuple[str, ...]


def read_picture_words(lexicon: Lexicon) -> PictureWords:
    either, every = lexicon.either, lexicon.every

    def pattern(text: str) -> Pattern:
        return re.compile(text, re.IGNORECASE)

    return PictureWords(
        about=_ABOUT.union(every("picture", "about")),
        about_last=_ABOUT_LAST.union(every("picture", "about_last")),
        state=pattern(rf"(?<=.)[-_ .](?:bw|{either('picture', 'states')})$"),
        says_nothing=pattern(rf"^(?:\W*|logo|img|null|pixel|\d+|{either('picture', 'nothing')})$"),
        # "Logo De Lijn": a capital is the name's own.
        announces=pattern(rf"^(?:{either('picture', 'announce')}|logo ?[:|]|logo|website)\s+(?=\S)"),
        kinds=frozenset(every("name", "before")),
        no_page=pattern(
            rf"(?:index|default|home|start|{either('page', 'lists')}|[a-z]{{2}})(?:\.[a-z]{{2,5}})?|[\W\d]+"
        ),
        arrow=pattern(rf"(?:^|[\W_])(?:{either('picture', 'arrows')})(?:[\W_]|$)"),
        campaign=tuple(every("campaign", "files")),
    )
