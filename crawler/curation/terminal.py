"""What came off pages, as it may be printed: all of it is hostile."""

from __future__ import annotations


def printable(text: str | None, most: int = 300) -> str:
    r"""What came off a page, for a terminal: no escape sequence passes.

    >>> printable("Plan\x1b[2J")
    'Plan�[2J'
    """
    text = " ".join((text or "").split())
    shown = "".join(one if one.isprintable() else "\ufffd" for one in text[:most])
    return shown + ("…" if len(text) > most else "")
