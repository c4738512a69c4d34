"""References in CSS: ``url()``, ``@import``, ``image-set()``, with comments and escapes as CSS Syntax 3 has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.css_escapes import unescape

#: A style sheet is read this far, characters; what follows in a larger one is left.
LONGEST = 32 << 20

_DOUBLE = r"""(?:[^"\\\n]|\\(?s:.))*+"""
_SINGLE = r"""(?:[^'\\\n]|\\(?s:.))*+"""
_WHITE = r"(?:[ \t\r\n\f]|/\*(?s:.)*?\*/)*+"
_ESCAPED = r"\\(?:[0-9a-fA-F]{1,6}[ \t\r\n\f]?|(?s:.))"
#: what follows the u of ``url(``
_RL = rf"""[rR][lL]\([ \t\r\n\f]*+(?:"{_DOUBLE}"?|'{_SINGLE}'?|(?:[^"'()\\\s]|{_ESCAPED})*+)"""
#: Each alternative begins with a literal character: only so does `re` pass over all other text quickly.
_TOKEN = re.compile(
    rf"""
    /\*(?s:.)*?(?:\*/|\Z)
    | "(?P<double>{_DOUBLE})"?
    | '(?P<single>{_SINGLE})'?
    | @(?:[iI][mM][pP][oO][rR][tT]{_WHITE}(?P<import>"{_DOUBLE}|'{_SINGLE}|[uU]{_RL}))["']?
    | @(?:[nN][aA][mM][eE][sS][pP][aA][cC][eE]|-[mM][oO][zZ]-[dD][oO][cC][uU][mM][eE][nN][tT])\b[^;{{]*
    | u(?P<url>{_RL})
    | U(?P<upper>{_RL})
    | image-set(?P<set>\()
    """,
    re.VERBOSE,
)
_SET_END = re.compile(r"[;}]")
#: how much of an ``image-set(`` is looked at
_SET_REACH = 4096


def references(text: str) -> Iterator[tuple[str, str]]:
    """Yield each reference as it is meant (escapes undone) and where it stood: ``url``, ``@import``, ``image-set``."""
    text = text[:LONGEST]
    set_end = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind is None:
            continue
        value = token[kind]
        if kind in {"url", "upper"}:
            yield _value(value), "url"
        elif kind == "import":
            yield unescape(value[1:]) if value[0] in "\"'" else _value(value), "@import"
        elif kind == "set":
            if token.end() > set_end:
                ends = _SET_END.search(text, token.end(), token.end() + _SET_REACH)
                set_end = ends.start() if ends else token.end() + _SET_REACH
        elif token.start() < set_end and text[token.start() - 5 : token.start()] != "type(":
            yield unescape(value), "image-set"


def _value(function: str) -> str:
    """What stands between the parentheses of a ``url(`` that may have lost its end."""
    inner = function.partition("(")[2].strip(" \t\r\n\f")
    if inner[:1] in {'"', "'"}:
        inner = inner[1:-1] if len(inner) > 1 and inner[-1] == inner[0] else inner[1:]
    return unescape(inner)
