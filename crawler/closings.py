"""What a crawl says of itself in its last record, read back: it may come out of anybody's file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

from archive import times
from archive.model import Closing

#: characters of one text, and entries of one list, that are kept
MOST_CHARACTERS = 2083
MOST_ENTRIES = 20_000
#: how the records are called
CRAWL, PATCH = "/report.json", "/patch.json"
#: how a crawl can have ended
Ending = Literal["finished", "limited", "interrupted", "failed"]
ENDINGS: tuple[Ending, ...] = get_args(Ending)

_NUMBERS = ("captures", "pages", "bytes", "failed", "redactions", "problems_total", "missed_total", "asked", "got")
_TEXTS = ("limit", "target")
#: the lists, with the fields of their entries
_LISTS: dict[str, tuple[str, ...]] = {
    "seeds": ("url", "status", "problem"),
    "problems": ("url", "what", "detail"),
    "missed": ("url", "state", "rule"),
}


def read_closing(crawl: str, url: str, block: Iterable[bytes]) -> Closing:
    """Raises ValueError, LookupError or TypeError for what is no report."""
    told = json.loads(b"".join(block))
    finished_at = times.captured_at(told["finished_at"])
    if told["status"] not in ENDINGS:
        raise ValueError(f"no crawl ends as {told['status']!r}")
    kept: dict[str, Any] = {"status": told["status"]}
    kept |= {name: _number(told[name]) for name in _NUMBERS if told.get(name) is not None}
    kept |= {name: _text(told[name]) for name in _TEXTS if told.get(name) is not None}
    for name, fields in _LISTS.items():
        entries = told.get(name) or ()
        if isinstance(entries, dict):  # seeds, by URL
            entries = [{"url": key, **value} for key, value in entries.items()]
        kept[name] = [
            {field: _value(entry.get(field)) for field in fields} for entry in list(entries)[:MOST_ENTRIES]
        ]  # fmt: skip
    for name in ("refusals", "frontier", "unchanged"):
        kept[name] = _numbers(told.get(name) or {}, _text)
    kind = "patch" if url.endswith(PATCH) else "crawl"
    return Closing(crawl, "patch" if kind == "patch" else "crawl", finished_at, json.dumps(kept, sort_keys=True))


def ending_of(closing: Closing) -> Ending:
    """How the crawl ended that `read_closing` read this of."""
    said = json.loads(closing.report)["status"]
    return next(ending for ending in ENDINGS if ending == said)


def _numbers(told: dict[Any, Any], text: Callable[[Any], str]) -> dict[str, int]:
    return {text(name): _number(value) for name, value in list(told.items())[:MOST_ENTRIES]}


def _number(value: Any) -> int:
    """No more than SQLite holds."""
    return max(-(1 << 62), min(1 << 62, int(value)))


def _text(value: Any) -> str:
    # JSON may hold half a character, which no database takes.
    return str(value)[:MOST_CHARACTERS].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _value(value: Any) -> str | int | None:
    return value if value is None else _number(value) if isinstance(value, int) else _text(value)
