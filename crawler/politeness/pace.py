"""How often a host may be asked, as its answers tell. Pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from archive import times

#: the longest Retry-After that is waited out inside a crawl
RETRY_AFTER_MAX_S = 600.0


def retry_after_s(value: str | None) -> float | None:
    """Seconds a Retry-After header asks for, in either of its forms (RFC 9110, 10.2.3), at most RETRY_AFTER_MAX_S.

    >>> retry_after_s("120"), retry_after_s(None), retry_after_s("soon")
    (120.0, None, None)
    """
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), RETRY_AFTER_MAX_S)
    try:
        wait = (parsedate_to_datetime(value) - times.now()).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_MAX_S)
