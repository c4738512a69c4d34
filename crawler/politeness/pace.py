"""How often one host may be asked, as its answers tell. Pure: whoever asks brings the clock.

Three things make a host be asked less often than its profile says: robots.txt (Crawl-delay), answers that take long
(no more than half of a host's time is ours), and answers that ask for it (429 and 503, with Retry-After or without). A
host that answers nothing at all is left alone, for longer each time, and given up in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from archive import times

#: the longest Retry-After that is waited out inside a crawl
RETRY_AFTER_MAX_S = 600.0
#: the longest Crawl-delay that is obeyed, as in Heritrix: a longer one is a host that wants no crawler
CRAWL_DELAY_MAX_S = 300.0
#: no answer takes so long that we wait longer for its sake
SLOW_MAX_S = 60.0
#: after a 429 or 503 that names no time: doubled with each in a row
BACK_OFF_S = 1.0
#: so many fetches in a row without an answer open the circuit
FAILURES = 5
#: how long it stays open at first; doubled each time
OPEN_S = 15.0
#: a host that was left alone so often without an answer since is given up
OPENINGS = 4
_ASKS_FOR_LESS = frozenset({429, 503})


@dataclass(slots=True)
class Pace:
    """Of one host. Times are seconds of one monotonic clock."""

    #: what the profile says, or robots.txt where that is more; 0 is for one's own server
    floor_s: float
    #: between the end of one request and the next
    delay_s: float = 0.0
    #: nothing is asked before
    not_before: float = 0.0
    #: 429s and 503s in a row, fetches without an answer in a row, and how often the host was left alone for those
    refusals: int = 0
    failures: int = 0
    openings: int = 0

    def __post_init__(self) -> None:
        self.delay_s = self.floor_s

    @property
    def given_up(self) -> bool:
        return self.openings > OPENINGS

    def robots_ask(self, crawl_delay_s: float) -> None:
        self.floor_s = max(self.floor_s, min(crawl_delay_s, CRAWL_DELAY_MAX_S))
        self.delay_s = max(self.delay_s, self.floor_s)

    def answered(self, now: float, status: int, *, took_s: float, retry_after: str | None = None) -> None:
        """*now* is when the answer ended, *retry_after* the header's value."""
        self.failures = self.openings = 0
        if status not in _ASKS_FOR_LESS:
            self.refusals = 0
            if self.floor_s:
                self.delay_s = max(self.floor_s, (self.delay_s + min(took_s, SLOW_MAX_S)) / 2)
            return
        wait = retry_after_s(retry_after)
        if wait is None:
            wait = min(max(BACK_OFF_S, self.floor_s) * 2**self.refusals, RETRY_AFTER_MAX_S)
        self.refusals = min(self.refusals + 1, 20)
        if self.floor_s:
            self.delay_s = min(self.delay_s * 2, max(self.floor_s, SLOW_MAX_S))
        self.hold(now, wait)

    def failed(self, now: float) -> None:
        """Not a byte of an answer came."""
        self.failures += 1
        if self.failures >= FAILURES:
            self.failures, self.openings = 0, self.openings + 1
            self.hold(now, OPEN_S * 2 ** (self.openings - 1))

    def hold(self, now: float, wait_s: float) -> None:
        self.not_before = max(self.not_before, now + wait_s)

    def held_s(self, now: float) -> float:
        """How long nothing may be asked yet, whatever was asked before."""
        return max(0.0, self.not_before - now)


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
