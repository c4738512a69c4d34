from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from crawler.capture.failures import Stalled, TooSlow
from crawler.capture.patience import IDLE_BYTES, Patience
from crawler.capture.recording import Limits, Recording


def wait(tmp_path: Path, comes: dict[int, int], *, idle_s: float = 10, total_s: float = 100) -> tuple[int, TooSlow]:
    """When, in seconds, an answer is given up of which so many bytes come in those seconds, and why."""
    limits = Limits(tmp_path, 1 << 20, 1 << 20, idle_s=idle_s, total_s=total_s)
    recording = Recording(limits, "http://a.test/", secure=False, ip_address=None)
    clock, given_up = Clock(), []
    Patience(clock, recording, given_up.append)
    for second in range(1, 200):
        recording.received.write(b"x" * comes.get(second, comes.get(0, 0)))
        clock.advance(1)
        if given_up:
            assert not clock.getDelayedCalls()
            return second, given_up[0]
    pytest.fail("nobody gave up")


def test_an_answer_of_which_nothing_comes_is_stalled(tmp_path: Path) -> None:
    at, why = wait(tmp_path, {})
    assert (at, type(why), str(why)) == (10, Stalled, "0 bytes in 10 s")


def test_who_begins_late_is_waited_for(tmp_path: Path) -> None:
    assert wait(tmp_path, {9: 300})[0] == 20
    assert wait(tmp_path, {9: 300, 11: IDLE_BYTES})[0] == 30


def test_a_byte_a_second_is_no_answer(tmp_path: Path) -> None:
    at, why = wait(tmp_path, {0: 1})
    assert (at, str(why)) == (20, "10 bytes in 10 s")


def test_what_goes_on_for_ever_is_cut_at_last(tmp_path: Path) -> None:
    at, why = wait(tmp_path, {0: IDLE_BYTES})
    assert (at, type(why), str(why)) == (100, TooSlow, "not whole after 100 s")
    assert wait(tmp_path, {0: IDLE_BYTES}, total_s=4)[0] == 4
