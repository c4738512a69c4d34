"""When a site may be asked: spans of the day in a time zone, such as the nights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def check_span(text: str) -> str:
    """``"22:00-06:00"``. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None or found.group(1, 2) == found.group(3, 4):
        raise ValueError(f"{text!r} is no span of a day, such as 22:00-06:00")
    return text


def check_zone(name: str) -> str:
    """Raises ValueError for what is no time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone, such as Europe/Amsterdam") from error
    return name


Span = Annotated[str, AfterValidator(check_span)]
Zone = Annotated[str, AfterValidator(check_zone)]


@dataclass(frozen=True, slots=True)
class Hours:
    """Open always where there are no *spans*. One that ends before it begins goes on past midnight."""

    spans: tuple[str, ...]
    zone: str = "UTC"

    def opens_at(self, now: datetime) -> datetime | None:
        """None while it is open; else when it opens next. *now* is aware."""
        if not self.spans:
            return None
        zone = ZoneInfo(self.zone)
        here = now.astimezone(zone)
        begins = []
        for span in self.spans:
            start, end = (time.fromisoformat(text) for text in span.split("-"))
            clock = here.time()
            if (start <= clock < end) if start < end else (clock >= start or clock < end):
                return None
            day = here.date() + timedelta(days=clock >= start)
            begins.append(datetime.combine(day, start, zone))
        return min(begins, key=lambda begin: begin.timestamp())
