"""What is meant by a line that is not TOML: the slips people make, and how the line is written right."""

from __future__ import annotations

import re

#: a pattern over the line, and what to say; the first that matches is said
_SLIPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]"), 'quotes are straight, as in "abc"'),
    (re.compile(r"^\s*https?://"), 'web addresses stand in a list, as in seeds = ["https://example.org/"]'),
    (re.compile(r"^\s*[\w-]+\s*:"), 'between a key and its value stands =, as in title = "My site"'),
    (re.compile(r"=\s*-?\d+,\d+\s*(?:#.*)?$"), "a number has a point, as in 1.5"),
    (re.compile(r"=\s*(?:True|False|TRUE|FALSE|yes|no|on|off)\s*(?:#.*)?$"), "write true or false, in small letters"),
    (re.compile(r'"[^"\']*\\[^"\']*"'), r"a text with \ stands in single quotes, as in '\d+'"),
    (re.compile(r"=\s*(?:#.*)?$"), "nothing stands behind the ="),
    (re.compile(r"=\s*https?:"), 'a web address stands in quotes, as in "https://example.org/"'),
    (re.compile(r"^[^#=]*=\s*(?![\"'\[{\d+-]|true\b|false\b|inf\b|nan\b)\S"), 'text stands in quotes, as in "abc"'),
    (re.compile(r"""^[^#=]*=\s*(?:"[^"]*|'[^']*)$"""), "the quotes are not closed"),
    (re.compile(r"^\s*\[[^\]]*$"), 'a "[" is not closed'),
    (re.compile(r"^\s*[\w-]+\s*(?:#.*)?$"), 'a line is a key, =, and its value, as in title = "My site"'),
)
#: what Python's reader says of what cannot be told from the line alone
_SAID: tuple[tuple[str, str], ...] = (
    ("Cannot overwrite a value", "this key stands in the file twice"),
    ("Cannot declare", "this [table] stands in the file twice"),
    ("Cannot mutate", "this key stands in the file twice"),
    ("Unclosed array", 'a "[" is not closed, or a comma is missing between two values'),
    ("Unclosed inline table", 'a "{" is not closed, or a comma is missing between two keys'),
    ("Expected newline or end of document", "something stands behind the value"),
    ("Unterminated string", "quotes are not closed"),
    ("Unescaped", r"a text with \ stands in single quotes, as in '\d+'"),
)


def what_was_meant(said: str, line: str) -> str:
    """A remark on *line*, of which Python's reader said *said*; empty where it is no slip that is known.

    >>> what_was_meant("Invalid value", "delay_s = 1,5")
    'a number has a point, as in 1.5'
    >>> what_was_meant("Invalid value", "title = My site")
    'text stands in quotes, as in "abc"'
    """
    for begins, meant in _SAID[:3]:
        if said.startswith(begins):
            return meant
    for pattern, meant in _SLIPS:
        if pattern.search(line[:500]):
            return meant
    return next((meant for begins, meant in _SAID if said.startswith(begins)), "")
