"""Which alerts are told now: those that are new, and at times those that still stand. What was told stands in
``state/alerts.json``; without that file all is new."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import times
from archive.layout import Archive
from archive.report.words import Words
from crawler.alerting.gather import Alert
from crawler.alerting.settings import Alerts

#: alerts in one digest; the rest is counted
MOST = 30
#: a weekly crawl takes a minute more or less each time, and is told of every week all the same
_LATE = timedelta(hours=6)
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Digest:
    subject: str
    text: str
    new: tuple[Alert, ...]
    over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """How much there is to tell, and when the pause is over that it waits for."""

    new: int
    over: int
    until: datetime


class Told:
    """What was told of one archive."""

    def __init__(self, archive: Archive) -> None:
        self._path: Path = archive.state / "alerts.json"
        #: what the last `digest` left for later
        self.held: Held | None = None
        self._draft = self._path.with_name(f".{self._path.name}.tmp")
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            self._sent_at = times.parse(told["sent_at"])
            #: by key, when it was told last
            self.keys = {str(key): times.parse(at) for key, at in told["told"].items()}
            #: there was something to tell, too soon after the last digest
            self.is_held = told.get("held") is True
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            self._sent_at, self.keys, self.is_held = _EPOCH, {}, False

    def is_early(self, alerts: Alerts, now: datetime) -> bool:
        """For another digest."""
        return now < self._pause_ends(alerts)

    def _pause_ends(self, alerts: Alerts) -> datetime:
        return self._sent_at + timedelta(hours=alerts.pause_hours)

    def digest(self, found: Sequence[Alert], alerts: Alerts, now: datetime) -> Digest | None:
        """None where there is nothing new to tell, or too soon after the last digest and nothing is urgent."""
        words = Words(alerts.language)
        again = timedelta(days=alerts.repeat_days) - _LATE
        new = tuple(one for one in found if one.key not in self.keys or now - self.keys[one.key] >= again)
        over = tuple(sorted(self.keys.keys() - {one.key for one in found}))
        early = self.is_early(alerts, now) and not any(one.is_urgent for one in new)
        self.is_held = bool(early and (new or over))
        self.held = Held(len(new), len(over), self._pause_ends(alerts)) if self.is_held else None
        return compose(new, over, words) if (new or over) and not early else None

    def note_held(self) -> None:
        self._write()

    def can_be_noted(self) -> bool:
        """Not on a disk that is full."""
        try:
            self._write_draft()
            self._draft.unlink()
        except OSError:
            return False
        return True

    def was_lost(self, now: datetime) -> bool:
        """A digest was sent within a day, and could not be noted. Told again at every turn it would be a flood."""
        try:
            last = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return False
        return self._sent_at + timedelta(minutes=1) < last and now - last < timedelta(days=1)

    def note_lost(self) -> None:
        """By the file's time, which takes no room."""
        with suppress(OSError):
            self._path.touch()

    def note(self, found: Sequence[Alert], digest: Digest, now: datetime) -> None:
        new = {one.key for one in digest.new}
        self.keys = {one.key: now if one.key in new else self.keys.get(one.key, now) for one in found}
        self._sent_at, self.is_held = now, False
        self._write()

    def _write(self) -> None:
        self._write_draft()
        self._draft.replace(self._path)

    def _write_draft(self) -> None:
        keys = {key: times.seconds(at) for key, at in sorted(self.keys.items())}
        told = {"sent_at": times.seconds(self._sent_at), "told": keys, "held": self.is_held}
        sent_s = max(0.0, (self._sent_at - _EPOCH).total_seconds())
        try:
            self._draft.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            os.utime(self._draft, (sent_s, sent_s))
        except OSError:
            self._draft.unlink(missing_ok=True)
            raise


def compose(new: tuple[Alert, ...], over: tuple[str, ...], words: Words) -> Digest:
    lines = []
    for one in new[:MOST]:
        lines.append(f"- {one.text}")
        if one.command:
            lines.append(f"    {one.command}")
    if len(new) > MOST:
        lines.append(words("and more", len(new) - MOST))
    if over:
        lines += ["", words("over")] if lines else [words("over")]
        lines += [f"- {key}" for key in over[:MOST]]
    subject = words("alerts subject", len(new)) if new else words("over")
    return Digest(f"Bewaar: {subject}", "\n".join(lines) + "\n", new, over)
