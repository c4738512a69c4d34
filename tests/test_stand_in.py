"""What `bewaar` and its readers are started as in most tests ends as an interpreter would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stand_in import StandIn
from tests.waiting import until

#: what they share is made once
pytestmark = pytest.mark.xdist_group("stand-in")

SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with StandIn(tmp_path_factory.mktemp("s"), os.environ) as opened:
        yield opened.program


def sleeper(python: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([python, "-P", "-c", SLEEPER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit_codes_are_handed_on(python: Path, code: int) -> None:
    assert subprocess.run([python, "-c", f"import sys; sys.exit({code})"], check=False).returncode == code


def test_output_arguments_and_environment_are_those_of_whoever_asks(python: Path, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['SAID'], 'crawler.run' in sys.modules)"
    done = subprocess.run(
        [python, "-c", code, "a", "b c"], capture_output=True, text=True, cwd=tmp_path, check=True,
        env=os.environ | {"SAID": "é"},
    )  # fmt: skip
    assert done.stdout == f"['a', 'b c'] {tmp_path} é True\n"


def test_what_pages_are_read_with_is_compiled(python: Path) -> None:
    code = "from crawler.extract.vocabulary import vocabulary; print(vocabulary.cache_info().currsize)"
    assert subprocess.check_output([python, "-c", code], text=True) == "1\n"


SPAWNING = """
from multiprocessing import get_context
if __name__ == "__main__":
    with get_context("spawn").Pool(1) as pool:
        print(pool.apply(eval, ["__import__('sys').executable"]))
"""


def test_what_multiprocessing_spawns_is_a_fork_too(python: Path) -> None:
    assert subprocess.check_output([python, "-c", SPAWNING], text=True) == f"{python}\n"


def test_signals_are_handed_on_and_told_of(python: Path) -> None:
    process, pid = sleeper(python)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert not Path(f"/proc/{pid}").exists()


def test_a_fork_does_not_outlive_a_killed_asker(python: Path) -> None:
    process, pid = sleeper(python)
    process.kill()
    process.communicate(timeout=20)
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_traceback_is_printed_and_fails(python: Path) -> None:
    done = subprocess.run([python, "-c", "raise ValueError('no')"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ValueError: no" in done.stderr
    assert Path(sys.executable) != python
