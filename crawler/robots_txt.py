"""robots.txt made legible for parsers that are stricter than those who write it.

RFC 9309 has no Crawl-delay and no Request-rate; nobody says how a number is written there, and webmasters write
``1,5``, ``10s`` and ``5-10 seconds``. What is clear is taken as it is meant; where it is doubtful, the longer wait. All
other lines are left to the parser, which follows the RFC.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

#: bytes that are read, lines whole; RFC 9309, 2.5, wants 500 KiB at least. Each rule is looked at for each URL
LONGEST = 1 << 20

_NUMBER = r"\d+(?:[.,]\d+)?|[.,]\d+"
_AGENT = re.compile(r"\s*user[- ]?agent\b", re.IGNORECASE)
_RATE = re.compile(r"\s*(crawl[-_ \u2010-\u2014]?delay|request[-_ \u2010-\u2014]?rate)\s*[:=\s]\s*(.*)", re.IGNORECASE)
#: ``10 s``, ``5-10 min``: the second number, where there is one, and what it counts
_DELAY = re.compile(
    rf"[\s\"'=:(]*(?P<least>{_NUMBER})\s*(?P<unit>[^\W\d_]*)"
    rf"(?:\s*(?:[-\u2010-\u2014/~]|to|bis|tot|à)\s*(?P<most>{_NUMBER})\s*(?P<other>[^\W\d_]*))?",
    re.IGNORECASE,
)
#: ``1/5``, ``1 / 10m``, ``30 per minute``
_REQUESTS = re.compile(
    rf"[\s\"'=:(]*(?P<requests>{_NUMBER})\s*[^\W\d_]*?\s*(?:/|\bper\b|\bin\b|\bevery\b)\s*(?:(?P<seconds>{_NUMBER})\s*)?"
    r"(?P<unit>[^\W\d_]*)",
    re.IGNORECASE,
)
#: what a unit begins with -> seconds; the first that fits
_UNITS = (
    (re.compile(r"ms|mil", re.IGNORECASE), 0.001),
    (re.compile(r"m(?:in|ins|inut.*)?$", re.IGNORECASE), 60),
    (re.compile(r"(?:h|hrs?|hours?|uur|uren|std|stunden?|heures?|horas?)$", re.IGNORECASE), 3600),
    (re.compile(r"(?:d|days?|dag|dagen|tage?|jours?)$", re.IGNORECASE), 86400),
)
_SECONDS = re.compile(r"s(?:e[cgk].*)?$", re.IGNORECASE)
#: of a value so many characters are looked at
_LONGEST_VALUE = 200
#: no wait is longer, seconds
_LONGEST = 86400.0 * 365
_UNDECODED = re.compile("[\udc80-\udcff]")


def legible(body: bytes) -> str:
    r"""The text of a robots.txt, its waits in whole or decimal seconds; of several in one group the longest.

    A byte that is no UTF-8 is escaped, as it is in the URLs of pages in such a charset: dropped, ``/é`` would be ``/``.

    >>> legible(b"User-agent: *\nCrawl-delay: 1,5\nRequest-rate: 1 / 10m\nDisallow: /\xe9")
    'User-agent: *\nCrawl-delay: 1.5\nRequest-rate: 1/600s\nDisallow: /%E9'
    """
    if len(body) > LONGEST:
        body = body[: body.rfind(b"\n", 0, LONGEST) + 1 or LONGEST]
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = body.decode("utf-16", "replace")
    else:
        text = body.decode("utf-8-sig", "surrogateescape")
        text = _UNDECODED.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", text)
    lines, longest = [], {"crawl": 0.0, "request": 0.0}
    for line in text.splitlines():
        if _AGENT.match(line):
            longest = dict.fromkeys(longest, 0.0)
        elif found := _RATE.match(line.partition("#")[0]):
            kind = "crawl" if found[1][0] in "cC" else "request"
            wait = (_delay_s if kind == "crawl" else _interval_s)(found[2][:_LONGEST_VALUE])
            if wait is not None:
                longest[kind] = max(longest[kind], min(wait, _LONGEST))
                lines.append(_written(kind, longest[kind]))
                continue
        lines.append(line)
    return "\n".join(lines)


def _written(kind: str, wait_s: float) -> str:
    if kind == "crawl":
        return f"Crawl-delay: {wait_s:.10g}"
    seconds, requests = Fraction(wait_s).limit_denominator(1000).as_integer_ratio()
    return f"Request-rate: {requests}/{seconds}s"


def _delay_s(value: str) -> float | None:
    """
    >>> [_delay_s(value) for value in ("10", "1,5", "10s", "5-10 sec.", "500 ms", "2 minutes", "1,500", "no", "-1")]
    [10.0, 1.5, 10.0, 10.0, 0.5, 120.0, 1500.0, None, None]
    """
    try:
        plain = float(value)
    except ValueError:
        pass
    else:
        return plain if math.isfinite(plain) and plain >= 0 else None
    if not (found := _DELAY.match(value)):
        return None
    unit, other = found["unit"], found["other"] or ""
    least = _number(found["least"]) * _unit_s(unit if _is_unit(unit) else other)
    most = _number(found["most"]) * _unit_s(other if _is_unit(other) else unit) if found["most"] else 0.0
    return max(least, most)


def _interval_s(value: str) -> float | None:
    """From one request to the next; a time of the day behind it is not looked at.

    >>> [_interval_s(value) for value in ("1/5", "2 / 5", "1/10m 0600-0845", "30 per minute", "1/s", "0/5", "5")]
    [5.0, 2.5, 600.0, 2.0, 1.0, None, None]
    """
    found = _REQUESTS.match(value)
    if not found or not (found["seconds"] or _is_unit(found["unit"])):
        return None
    requests, seconds = _number(found["requests"]), _number(found["seconds"] or "1") * _unit_s(found["unit"])
    return seconds / requests if requests and seconds / requests >= 0.001 else None


def _number(written: str) -> float:
    """A comma before three digits may part thousands."""
    whole, comma, rest = written.partition(",")
    if comma and len(rest) == 3 and whole.strip("0"):
        return float(whole + rest)
    return float(written.replace(",", "."))


def _is_unit(word: str) -> bool:
    return bool(_SECONDS.match(word)) or any(unit.match(word) for unit, _ in _UNITS)


def _unit_s(word: str) -> float:
    return next((seconds for unit, seconds in _UNITS if unit.match(word)), 1.0)
