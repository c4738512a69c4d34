"""What came off a site, as it may be printed or written into a file: all of it is hostile."""

from __future__ import annotations


def printable(text: str | None, most: int = 200) -> str:
    r"""One line without control characters.

    >>> printable("Choirs\x1b[2J\n of  the north")
    'Choirs [2J of the north'
    """
    shown = " ".join("".join(c if c.isprintable() else " " for c in (text or "")[: 4 * most]).split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
