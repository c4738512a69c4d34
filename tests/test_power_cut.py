"""The power goes at any moment: what was flushed is kept, what was not is asked for again, and nothing is half there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.disk import Disk
from tests.front_door import bewaar, crawl
from tests.judges import held
from tests.memento_archive import Kept, Wayback, recovery
from tests.power import HOW, PowerCuts
from tests.site_server import Site, tree


@pytest.mark.parametrize("how", HOW)
def test_a_power_cut_loses_nothing_that_was_flushed(tmp_path: Path, how: str) -> None:
    chance = random.Random(how)
    (tmp_path / "disk").mkdir()
    with Site(tree(20), slow_s=0.02) as site:
        crawl(site.url(), tmp_path / "undisturbed")
        disk = Disk(tmp_path / "disk", tmp_path)
        cuts = PowerCuts(disk, site, tmp_path, held(tmp_path / "undisturbed"))
        calls = cuts.record()
        # Behind names given and taken away, where most can go wrong, and anywhere.
        names = [n for n, call in enumerate(calls, 1) if call.kind in "ru"]
        site.slow_s = 0
        for at in (*chance.sample(names, 2), *chance.sample(range(len(calls)), 2)):
            cuts.cut(at, how, chance)
    assert cuts.cuts == 4
    assert cuts.safe_captures > 0


class RecoveryCuts(PowerCuts):
    """The same of recoveries out of another archive."""

    def _command(self, archive: Path) -> list[str]:
        return recovery(self._site, archive)


def test_a_power_cut_loses_nothing_that_was_recovered_and_flushed(tmp_path: Path) -> None:
    chance = random.Random(20261128)
    (tmp_path / "disk").mkdir()
    # Every third is what the one before it was: it refers to that record.
    kept = [
        Kept(f"http://gone.test/{n // 3}", f"2011010{1 + n % 3}000000", b"<p>page %d" % (n // 3)) for n in range(12)
    ]
    with Wayback(*kept, page=100, slow_s=0.1) as site:
        bewaar(*recovery(site, tmp_path / "undisturbed"))
        disk = Disk(tmp_path / "disk", tmp_path)
        cuts = RecoveryCuts(disk, site, tmp_path, held(tmp_path / "undisturbed"))
        calls = cuts.record()
        site.slow_s = 0
        names = [n for n, call in enumerate(calls, 1) if call.kind in "ru"]
        for number, how in enumerate(HOW):
            cuts.cut(chance.randrange(len(calls)) if number % 2 else chance.choice(names), how, chance)
    assert cuts.cuts == len(HOW)
    assert cuts.safe_captures > 0
