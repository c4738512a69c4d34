"""Escapes in CSS (CSS Syntax Module Level 3, 4.3.7)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|\r?\n|((?s:.))|\Z)")


def unescape(text: str) -> str:
    r"""
    >>> unescape(r"a\000020b\.png")
    'a b.png'
    """
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2] or ""
    code = int(found[1], 16)
    return "\ufffd" if code == 0 or 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)
