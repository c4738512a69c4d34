"""Dates, numbers and sizes as the visitor's language writes them. English days are ISO's: 05/06 is two days, depending
on who reads it."""

from __future__ import annotations

import re

from markupsafe import Markup

from archive import times
from archive.browse import language
from archive.report.words import Words

_MONTHS = {"nl": "januari februari maart april mei juni juli augustus september oktober november december".split()}
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-\d\d")


def day(at: str | None) -> str:
    """The day of an ``*_at`` text.

    >>> with language.visiting(language.Visit("nl")):
    ...     day("2016-05-01T12:00:00Z"), day("?")
    ('1 mei 2016', '?')
    """
    text = (at or "")[:10]
    months = _MONTHS.get(language.current())
    if months is None or not _DAY.fullmatch(text) or text == times.NO_DATE[:10]:
        return text
    return f"{int(text[8:])} {months[int(text[5:7]) - 1]} {text[:4]}"


def moment(at: str) -> Markup:
    """A time in UTC as people read it.

    >>> moment("2026-01-02T03:04:05Z").striptags()
    '2026-01-02 03:04'
    """
    return Markup('<time datetime="{0}" title="{0}">{1} <span class="bw-hour">{2}</span></time>').format(
        at, day(at), at[11:16]
    )


def number(value: float | None) -> str:
    """
    >>> number(12345)
    '12,345'
    """
    return Words(language.current()).number(int(value or 0))


def size(value: int | None) -> str:
    return Words(language.current()).size(value or 0)
