"""UTC times and their text forms. A time is an aware ``datetime`` everywhere else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from archive.errors import WrongUse

#: stands where a date is none: sorts before everything, and cannot be taken for one
NO_DATE = "0001-01-01T00:00:00Z"
#: the web is not older: no capture is of before, whatever its date says
FIRST_CAPTURE = "1990-01-01T00:00:00Z"

#: RFC 3339, 5.7, which Python does not read
_LEAP_SECOND = re.compile(r"(?<=T\d\d:\d\d:)60", re.ASCII)


def now() -> datetime:
    return datetime.now(UTC)


def warc_date(at: datetime) -> str:
    """WARC-Date with microseconds (WARC 1.1, 5.4 and annex on W3C date profiles).

    >>> warc_date(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    '2026-01-02T03:04:05.000006Z'
    """
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def seconds(at: datetime) -> str:
    """The form of every ``*_at`` column: ``YYYY-MM-DDTHH:MM:SSZ``."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def digits17(at: datetime) -> str:
    """Year to millisecond, as in crawl ids and WARC file names.

    >>> digits17(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    '20260102030405678'
    """
    return at.strftime("%Y%m%d%H%M%S") + f"{at.microsecond // 1000:03d}"


def digits14(warc_date_or_seconds: str) -> str:
    """CDX time of a WARC-Date or an ``*_at`` text.

    >>> digits14('2026-01-02T03:04:05.000006Z')
    '20260102030405'
    """
    return "".join(c for c in warc_date_or_seconds if c.isdigit())[:14].ljust(14, "0")


def parse(text: str) -> datetime:
    """Read a WARC-Date (any of the W3C profiles, with or without fraction) or an ``*_at`` text. A leap second is read
    as the one before it.

    >>> parse('2026-01-02T03:04:05Z')
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    >>> seconds(parse('2016-12-31T23:59:60Z'))
    '2016-12-31T23:59:59Z'

    Raises ValueError when it is not a date.
    """
    at = datetime.fromisoformat(_LEAP_SECOND.sub("59", text.upper()))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def captured_at(date: str) -> str:
    """The ``captured_at`` column of a WARC-Date: UTC, to the second."""
    return seconds(parse(date))


def read_since(text: str) -> str:
    """A date or time a person typed, in the form of an ``*_at`` text; without a zone it is UTC. Raises WrongUse.

    >>> read_since("2026-01-31")
    '2026-01-31T00:00:00Z'
    """
    try:
        return seconds(parse(text))
    except (ValueError, OverflowError) as error:
        raise WrongUse(f"{text!r} is not a date, such as 2026-01-31 or 2026-01-31T08:30:00Z") from error


def read_until(text: str) -> str:
    """As `read_since`, for the end of a period: of a date its last second.

    >>> read_until("2026-01-31")
    '2026-01-31T23:59:59Z'
    """
    since = read_since(text)
    return since if "T" in text or " " in text else f"{since[:10]}T23:59:59Z"
