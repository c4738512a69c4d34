"""The power goes at any moment: what was flushed is kept, what was not is asked for again, and nothing is half there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.disk import Disk, compile_disk
from tests.front_door import crawl
from tests.judges import held
from tests.power import HOW, PowerCuts
from tests.site_server import Site, tree


@pytest.mark.parametrize("how", HOW)
def test_a_power_cut_loses_nothing_that_was_flushed(tmp_path: Path, how: str) -> None:
    chance = random.Random(how)
    (tmp_path / "disk").mkdir()
    with Site(tree(20), slow_s=0.02) as site:
        crawl(site.url(), tmp_path / "undisturbed")
        disk = Disk(compile_disk(tmp_path), tmp_path / "disk", tmp_path)
        cuts = PowerCuts(disk, site, tmp_path, held(tmp_path / "undisturbed"))
        calls = cuts.record()
        # Behind names given and taken away, where most can go wrong, and anywhere.
        names = [n for n, call in enumerate(calls, 1) if call.kind in "ru"]
        site.slow_s = 0
        for at in (*chance.sample(names, 2), *chance.sample(range(len(calls)), 2)):
            cuts.cut(at, how, chance)
    assert cuts.cuts == 4
    assert cuts.safe_captures > 0
