"""Fixtures every test may use. Nothing here leaves the machine."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "tests.crash", "tests.front_door", "tests.judges", "tests.crawler.alerting.ways", "tests.crawler.crawled",
    "tests.crawler.erasing", "tests.archive.stored_pictures", "tests.archive.timestamps.signatures",
    "tests.archive.withheld.dossier",
)  # fmt: skip

from tests.front_door import bewaar  # noqa: E402  # its asserts explain themselves only when it is loaded after that
from tests.machine import unavailable  # noqa: E402
from tests.replayers import fetch_replayer, set_up_pywb  # noqa: E402  # as above: it loads front_door

#: they take longest: begun last, one process would wait for the other
LONGEST = (
    "test_simulated_quarter.py",
    "test_unstoppable.py",
    "test_replay_revisits.py",
    "test_hostile.py",
    "test_traps.py",
)

#: longer values of parameters are told in the names of tests by their length
LONG = 200

REPO = Path(__file__).resolve().parent.parent

# A shell starts what it sends to the background with Ctrl-C ignored, and all that is started by it inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """pytest hands the name of a test on in the environment: a whole image in it leaves no room to start a program."""
    return f"{argname} of {len(val)}" if isinstance(val, str | bytes) and len(val) > LONG else None


@pytest.fixture
def shared() -> Path:
    """The reference material beside the project: ``BEWAAR_SHARED``, by default ``../shared``."""
    place = Path(os.environ.get("BEWAAR_SHARED", REPO.parent / "shared"))
    if not place.is_dir():
        unavailable(f"no reference material at {place}; set BEWAAR_SHARED to where it is")
    return place.resolve()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's archive, and what the demo printed. Who uses it belongs to the xdist group ``demo``."""
    root = tmp_path_factory.mktemp("demo") / "archive"
    return root, bewaar("demo", "--archive", root).stdout


@pytest.fixture(scope="session")
def pywb_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pywb is installed. Who uses it belongs to the xdist group ``demo``, so that it is once."""
    return set_up_pywb(tmp_path_factory.mktemp("replay") / "pywb")


@pytest.fixture(scope="session")
def replayweb_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_replayer(tmp_path_factory.mktemp("replayer"))


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
