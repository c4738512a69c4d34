"""Killed ten times, and thirty in `make soak`: nothing that was committed is lost, and other people's programs read every file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash import harass


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))])
def test_a_crawl_killed_ten_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    harness = harass(tmp_path / "a", seed=seed, kills=10, pages=150, slow_s=0.004)
    assert harness.kills == 10
    assert harness.repairs >= 3
    assert harness.torn >= 1
