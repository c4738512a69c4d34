"""``bewaar`` in this process, for tests to which that makes no difference: one of its own takes longer to start."""

from __future__ import annotations

from click.testing import CliRunner

from archive.errors import WrongUse
from crawler.cli import main


def run(name: str, *arguments: str) -> tuple[int, str]:
    """What the command says, and its exit code."""
    try:
        done = CliRunner().invoke(main.commands[name], arguments, standalone_mode=False, catch_exceptions=False)
    except WrongUse as error:
        return 2, str(error)
    return done.return_value, done.output
