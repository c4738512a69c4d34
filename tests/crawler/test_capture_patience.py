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
    assert (at, type(why), str(why)) == (100, TooSlow, "not whole in time")
    assert wait(tmp_path, {0: IDLE_BYTES}, total_s=4)[0] == 4


def test_who_is_hurried_has_no_longer_than_a_stalled_one(tmp_path: Path) -> None:
    limits = Limits(tmp_path, 1 << 20, 1 << 20, idle_s=10, total_s=100)
    recording = Recording(limits, "http://a.test/", secure=False, ip_address=None)
    clock, given_up = Clock(), []
    patience = Patience(clock, recording, given_up.append)
    clock.advance(5)
    patience.hurry()
    recording.received.write(b"x" * 5000)
    clock.advance(9)
    assert not given_up
    clock.advance(1)
    assert [type(why) for why in given_up] == [TooSlow]
    assert not clock.getDelayedCalls()
