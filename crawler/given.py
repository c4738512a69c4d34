"""What a crawl is told on the command line, beside its profile, and goes on with when it is resumed.

Otherwise `bewaar due`, or a person in a hurry, would go on at the real host with what ``--connect-to`` sent elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: Of each option of ``bewaar crawl``, by its parameter. ``kept``: a resumed crawl goes on with it, unless it is given
#: another. ``compared``: an unfinished crawl of other URLs is not gone on with unasked. ``anew``: of one start, and not
#: of the crawl.
OPTIONS: Mapping[str, Literal["kept", "compared", "anew"]] = {
    "targets": "compared",
    "scope": "kept",
    "contact": "kept",
    "seeds": "kept",
    "hops": "kept",
    "max_pages": "kept",
    "max_per_host": "kept",
    "max_bytes": "kept",
    "delay": "kept",
    "concurrency": "kept",
    "connect_to": "kept",
    "strict_fields": "kept",
    "no_extract": "kept",
    "archive": "anew",
    "operator": "anew",
    "max_time": "anew",
    "no_alerts": "anew",
    "resume": "anew",
    "from_start": "anew",
    "as_json": "anew",
}
#: settings of a profile that options are called otherwise than
SETTINGS = {"delay": "delay_s", "hops": "max_hops", "max_time": "max_time_s"}
_KEPT = {SETTINGS.get(option, option): option for option, what in OPTIONS.items() if what == "kept"}


@dataclass(frozen=True, slots=True)
class Given:
    #: of the profile, by its keys
    settings: Mapping[str, Any] = field(default_factory=dict)
    contact: str | None = None
    extract: bool = True

    def after(self, earlier: Given) -> Given:
        """What holds when a crawl that began with *earlier* goes on with this."""
        return Given(
            {**earlier.settings, **self.settings}, self.contact or earlier.contact, self.extract and earlier.extract
        )

    def told_by(self, earlier: Given) -> str:
        """The options that only *earlier* had, as they are typed; empty when there are none."""
        said = [
            f"--{_KEPT[key].replace('_', '-')}{_value(key, value)}"
            for key, value in earlier.settings.items()
            if key not in self.settings
        ]
        said += [f"--contact {earlier.contact}"] if earlier.contact and not self.contact else []
        said += ["--no-extract"] if self.extract and not earlier.extract else []
        return ", ".join(said)

    def to_json(self) -> str:
        kept = {key: value for key, value in self.settings.items() if key in _KEPT}
        return json.dumps({"settings": kept, "contact": self.contact, "extract": self.extract})

    @classmethod
    def from_json(cls, text: str) -> Given:
        """What another version kept beside what this one knows is left out."""
        told = json.loads(text or "{}")
        settings = {key: value for key, value in told.get("settings", {}).items() if key in _KEPT}
        return cls(settings, told.get("contact"), told.get("extract", True))


NOTHING = Given()


def _value(key: str, value: Any) -> str:
    if value is True:
        return ""
    if key == "seeds":
        return f" FILE of {len(value)}"
    return f" {' '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
