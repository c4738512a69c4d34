"""Long runs, `make soak`: what may go wrong once in a hundred times is tried a hundred times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash import harass

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_a_crawl_killed_fifty_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    harness = harass(tmp_path / "a", seed=seed, kills=50, pages=900, slow_s=0.003)
    print(f"{harness.kills} kills, {harness.repairs} repairs told, {harness.torn} torn tails kept")
    assert harness.repairs >= 10
    assert harness.torn >= 5
