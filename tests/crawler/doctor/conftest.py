"""A well archive for the doctor, and a copy of it to break."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from archive import times
from archive.fixity import audit
from archive.layout import Archive
from crawler.doctor import machine, timer
from tests.front_door import CONTACT, crawl
from tests.site_server import Site, tree


@pytest.fixture(scope="session")
def well(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with one crawl, audited."""
    root = tmp_path_factory.mktemp("well") / "a"
    with Site(tree(1)) as site:
        crawl(site.url(), root)
    archive = Archive.open(root)
    with (root / "bewaar.toml").open("a") as marker:
        marker.write(f'contact = "{CONTACT}"\n' if not archive.contact else "")
        marker.write('[alerts.command]\nrun = ["true"]\n')
    audit(archive, days=1, now=times.now(), everything=True)
    return root


@pytest.fixture
def archive(well: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A copy to break; and nothing of this machine's own timers."""
    for place in ("SYSTEM_UNITS", "CRON"):
        monkeypatch.setattr(timer, place, tmp_path / place)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BEWAAR_REPLAY_HOME", str(tmp_path / "replay"))
    monkeypatch.setattr(machine, "_clock_state", lambda: 0)
    copytree(well, tmp_path / "a")
    return Archive.open(tmp_path / "a")
