"""A text of HTML taken apart, in a few passes of C: what a reader sees, and what attributes say."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate, compress
from operator import sub
from typing import NamedTuple

# Possessive throughout: a page that opens a quote and never closes it is read once, to its end.
_ATTRIBUTE = re.compile(
    r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"([^"]*+)(?:"|\Z)|'([^']*+)(?:'|\Z)|([^\s>"'][^\s>]*+))?)?"""
)
_ATTRIBUTES = rf"(?:[\s/]*+{re.sub('[(](?![?])', '(?:', _ATTRIBUTE.pattern)})*+[\s/]*+>?"
#: most tags by far: none of it is read twice
_PLAIN_ATTRIBUTES = r"""(?:\s++[^\s/>="'<]++="[^"]*+")*+\s*+>"""
#: elements whose text nobody sees, and elements whose text holds references but no tags (HTML 13.2.5.1-5)
_UNSEEN = ("script", "style", "xmp", "iframe", "noembed", "noframes")
_NO_TAGS = ("title", "textarea")
#: what a letter is written as where case does not count
_LETTER = {"i": "iI\u0130\u0131", "s": "sS\u017f"}


def _first(name: str) -> str:
    """Its first letter in all ways. It is asked for apart, so that other tags are told from it at once."""
    return _LETTER.get(name[0], name[0] + name[0].upper())


def _up_to_end(name: str) -> str:
    """Behind the "<" of that element's start tag, to before its end tag or to the end of the text."""
    return rf"[{_first(name)}](?i:{name[1:]}(?=[\s/>])){_ATTRIBUTES}(?:[^<]++|<(?!(?i:/{name}(?=[\s/>]))))*+"


#: what stands between the texts that a reader sees. A comment ends at "-->" or "--!>", and "<!-->" is a whole one
#: (HTML 13.2.5.43); what begins as neither a tag nor a comment ends at the next ">".
_MARKUP = re.compile(
    rf"""(<(?:
    /[A-Za-z][^\s/>]*+(?:>|{_ATTRIBUTES})
    | {" | ".join(map(_up_to_end, (*_UNSEEN, *_NO_TAGS)))}
    | [A-Za-z][^\s/>]*+(?:{_PLAIN_ATTRIBUTES}|{_ATTRIBUTES})
    | !(?=--)(?:[^-]++|-(?!-!?>))*+(?:--!?>)?
    | [!/?][^>]*+>?
    ))""",
    re.VERBOSE,
)
_TAG_NAME = re.compile(r"</?[A-Za-z][^\s/>]*+")
#: start tags of elements that are one piece of markup up to their end tags
_OPENS_WHOLE = re.compile(
    rf"<(?=[{''.join(dict.fromkeys(letter for name in (*_UNSEEN, *_NO_TAGS) for letter in _first(name)))}])"
    rf"(?i:(?:({'|'.join(_NO_TAGS)})|{'|'.join(_UNSEEN)})(?=[\s/>]))"
)
_TAG = re.compile(rf"{_TAG_NAME.pattern}{_ATTRIBUTES}")

#: a value within tags, behind what begins it; or all that follows an equals sign which may be no attribute's
_VALUE = re.compile(
    r"""(=(?:(?<![\s/"']=)(?:["']|(?=[^\s"'>]))|(?s:.*)))((?<==")[^"]*+|(?<==')[^']*+|(?<==)[^\s>"'][^\s>]*+|)"""
)
_QUOTED = ('="', "='")
#: so many tags are read at once, or one by one where one of them is odd: few are, on few pages
_TOGETHER = 64
#: an end tag, or a name with an equals sign in it
_ODD_TAG = re.compile(r"<(?:/|[^\s/>=<]*+=)")


class Stretches(NamedTuple):
    """Parts of a text, and where in it each begins."""

    parts: list[str]
    starts: list[int]


class Markup:
    """A text taken apart. What never closes runs to its end."""

    def __init__(self, text: str) -> None:
        pieces = _MARKUP.split(text)
        starts = [*accumulate(map(len, pieces[:-1]), initial=0)]
        texts, tags = pieces[::2], pieces[1::2]
        text_starts, tag_starts = starts[::2], starts[1::2]
        for opening in _OPENS_WHOLE.finditer(text):
            nth = bisect_left(tag_starts, opening.start())
            if nth == len(tags) or tag_starts[nth] != opening.start():
                continue  # it stands in other markup
            tag = _TAG.match(tags[nth])
            if tag is not None and opening[1]:
                # Its text is seen, and what follows goes on behind it.
                inside = tags[nth][tag.end() :]
                texts[nth + 1] = inside + texts[nth + 1]
                text_starts[nth + 1] -= len(inside)
            tags[nth] = tag[0] if tag is not None else ""
        #: what a reader sees
        self.texts = Stretches(texts, text_starts)
        self._tags = Stretches(tags, tag_starts)

    @cached_property
    def values(self) -> Stretches:
        """The values of attributes."""
        tell = ["=" in tag and tag[1] not in "!?" for tag in self._tags.parts]
        tags, places = [*compress(self._tags.parts, tell)], [*compress(self._tags.starts, tell)]
        parts: list[str] = []
        starts: list[int] = []
        for nth in range(0, len(tags), _TOGETHER):
            some = Stretches(tags[nth : nth + _TOGETHER], places[nth : nth + _TOGETHER])
            found = _values_at_once(some) or _values_one_by_one(some)
            parts += found.parts
            starts += found.starts
        return Stretches(parts, starts)


def _values_at_once(tags: Stretches) -> Stretches | None:
    """None where some equals sign may be no attribute's, or has white space around it."""
    begin = tags.starts[0]
    # Each as far from the first as in the text.
    widths = map(sub, tags.starts[1:], tags.starts)
    joined = "".join([*map(str.ljust, tags.parts, widths), tags.parts[-1]])
    pieces = _VALUE.split(joined)
    is_odd = len(pieces) > 1 and not pieces[-2] and pieces[-3] not in _QUOTED
    if is_odd or _ODD_TAG.search(joined):
        return None
    return Stretches(pieces[2::3], [*accumulate(map(len, pieces), initial=begin)][2::3])


def _values_one_by_one(tags: Stretches) -> Stretches:
    parts: list[str] = []
    starts: list[int] = []
    for tag, start in zip(*tags, strict=True):
        name = _TAG_NAME.match(tag)
        for found in _ATTRIBUTE.finditer(tag, name.end()) if name else ():
            if found.lastindex:
                parts.append(found[found.lastindex])
                starts.append(start + found.start(found.lastindex))
    return Stretches(parts, starts)
