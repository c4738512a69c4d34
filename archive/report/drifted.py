"""The line of a drift in another language than the database has it in. Its words are those of `archive.store.alerts`,
its quotes the archive's, which stay as they are."""

from __future__ import annotations

import re

from archive.report.words import Words
from archive.store.fragments import one_line

#: by kind: what the line says, in the order of the groups
_WHAT = {
    "section vanished": re.compile(r"no list of (?:.+)s any more, where (\d+) stood"),
    "names from files only": re.compile(
        r"the names of all (\d+) (?:.+) come from file names only, where (\d+) of (\d+) did"
    ),
    "selectors find nothing": re.compile(
        r"the profile's selectors find no (?:.+) any more, the general rules find (\d+)"
    ),
    "count dropped": re.compile(r"(\d+) (?:.+?)(?:, and (\d+) that may be)?, where (\d+) were"),
    "expected count missed": re.compile(r"(\d+) (?:.+), where (\d+) were and the profile expects (\d+)"),
    "all facts changed": re.compile(r"(\d+) (?:.+), and none of the (\d+) of before is among them"),
    "another page": re.compile(r"all facts changed at once, (\d+) before and (\d+) now: another page, or a new design"),
    "as before": re.compile(r"(?:.+)s are as before it broke: (\d+)"),
    "page as before": re.compile(r"the page is itself again: (\d+) facts?"),
    "page does not answer": re.compile(
        r"it answered (.+) in (\d+) crawls?; the (\d+) (?:.+) that stood on it (?:are|is) neither listed nor gone,"
        r" last listed ([0-9TZ:-]+)"
    ),
}
#: a kind of the table that says two things: of a list, and of a page
_OF_PAGE = {"all facts changed": "another page", "as before": "page as before"}
_REST = re.compile(
    r"(?:; of (?P<quotes>\d+) quotes? of before (?P<still>\d+) still stand on it)?"
    r"(?:; was \(capture (?P<was>[^\s,]+), (?P<was_at>[0-9TZ:-]+)\)(?P<was_quote>: «.*?»)?)?"
    r"; now \(capture (?P<now>[^\s,]+), (?P<now_at>[0-9TZ:-]+)\)(?P<now_quote>: «.*»)?",
    re.DOTALL,
)


def drift_said(words: Words, said: str, page_key: str, role: str | None, kind: str) -> str | None:
    """*said* as *words* has it, without the page's key before it; None where it is not a line that this version writes
    and must be shown as it stands."""
    name = kind if role else _OF_PAGE.get(kind, kind)
    begins = f"page {one_line(page_key)}: "
    pattern = _WHAT.get(name)
    what = pattern.match(said, len(begins)) if pattern and said.startswith(begins) else None
    rest = _REST.fullmatch(said, what.end()) if what else None
    if what is None or rest is None:
        return None
    told = [words.drifted(name, words.say(role) if role else "", *(one or "0" for one in what.groups()))]
    if rest["quotes"]:
        told.append(words.drifted("quotes", rest["quotes"], rest["still"]))
    told += [
        words.drifted(when, rest[when], rest[f"{when}_at"]) + (rest[f"{when}_quote"] or "")
        for when in ("was", "now")
        if rest[when]
    ]
    return "; ".join(told)
