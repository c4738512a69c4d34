"""Who answers for a crawl."""

from __future__ import annotations

import re


def check_contact(contact: str) -> str:
    """A contact goes into the User-Agent of every request: one word of ASCII, a mail address or a web address.

    Raises ValueError.
    """
    if not re.fullmatch(r"(?:https?://[!-~]+|(?:mailto:)?[!-~]+@[!-~]+)", contact):
        raise ValueError(f"{contact!r} is neither a mail address nor an http(s) URL")
    return contact
