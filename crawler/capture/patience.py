"""How long an answer may take: a server that says a byte now and then would otherwise hold its host for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crawler.capture.failures import Stalled, TooSlow
from crawler.capture.recording import Recording

#: less than this in ``idle_s`` is nobody's page: curl's ``--speed-limit`` with ``--speed-time``
IDLE_BYTES = 1024


class Patience:
    """Watches one answer from when its request goes out. *give_up* is called at most once: with less than 1 KiB come
    in the last ``idle_s``, or the answer not whole after ``total_s``."""

    __slots__ = ("_clock", "_give_up", "_left_s", "_recording", "_seen_bytes", "_timer")

    def __init__(self, clock: Any, recording: Recording, give_up: Callable[[TooSlow], None]) -> None:
        self._clock = clock
        self._recording = recording
        self._give_up = give_up
        self._left_s = recording.limits.total_s
        self._seen_bytes = 0
        self._wait()

    def hurry(self) -> None:
        """The crawl is to end: from now on it may take ``idle_s`` at most."""
        self.end()
        self._left_s = min(self._left_s, self._recording.limits.idle_s)
        self._wait()

    def end(self) -> None:
        if self._timer.active():
            self._timer.cancel()

    def _wait(self) -> None:
        wait_s = min(self._recording.limits.idle_s, self._left_s)
        self._left_s -= wait_s
        self._timer = self._clock.callLater(wait_s, self._look)

    def _look(self) -> None:
        limits, size = self._recording.limits, self._recording.received.size
        # Who has just begun to answer, after long thought, is not idle.
        begun = size > 0 and not self._seen_bytes
        if self._left_s <= 0:
            self._give_up(TooSlow("not whole in time"))
        elif size - self._seen_bytes < IDLE_BYTES and not begun:
            self._give_up(Stalled(f"{size - self._seen_bytes} bytes in {limits.idle_s:g} s"))
        else:
            self._seen_bytes = size
            self._wait()
