"""One thing that was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archive.layout import readable

#: of many that are wrong alike
SHOWN = 3

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    area: str
    what: str
    state: State
    #: one line: what was found
    said: str
    #: one line, mostly a command; empty where nothing is to be mended
    mend: str = ""


def judge(area: str, what: str, said: str, *, problem: str = "", warning: str = "", mend: str = "") -> Finding:
    """*problem* or *warning* is what is wrong, when it is; otherwise *said*."""
    if problem:
        return Finding(area, what, "problem", problem, mend)
    if warning:
        return Finding(area, what, "warning", warning, mend)
    return Finding(area, what, "ok", said)


def some(paths: Sequence[Path]) -> str:
    names = ", ".join(readable(path.name) for path in paths[:SHOWN])
    return f"{names} and {len(paths) - SHOWN} more" if len(paths) > SHOWN else names
