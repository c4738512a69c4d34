"""Which lines of a page's text went, and which came."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

#: of a longer text only so many lines are compared, or it would take minutes
_MOST_LINES = 5_000


def changed_lines(before: str, after: str) -> Iterator[tuple[str, str]]:
    r"""``-`` and ``+`` with the line, in the order of the page.

    >>> list(changed_lines("Home\nOpen", "Home\nClosed"))
    [('-', 'Open'), ('+', 'Closed')]
    """
    old, new = before.splitlines()[:_MOST_LINES], after.splitlines()[:_MOST_LINES]
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (("-", line) for line in old[old_from:old_to])
            yield from (("+", line) for line in new[new_from:new_to])
