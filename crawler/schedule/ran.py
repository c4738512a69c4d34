"""How a crawl that was begun by its schedule came out, and whether it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.counted import counted
from crawler.frontier import RETRIED
from crawler.outcome import DONE, FAULT, INTERRUPTED, LIMITED, PROBLEMS

#: how what is wrong begins where the crawl's own report tells it as well
UNANSWERED = "no seed answered"


@dataclass(frozen=True, slots=True)
class Ran:
    """One attempt at a crawl, as it ended."""

    site: str
    exit_code: int
    why: str
    #: why it is tried again
    wrong: str | None
    report: Mapping[str, Any]

    def summary(self) -> str:
        said = self.report
        crawl = said.get("crawl") or "no crawl"
        how = (
            f"{said['status']}, {counted(capture=said['captures'], page=said['pages'])}"
            if "status" in said
            else "no report"
        )
        return f"{self.site}: {crawl}: {how}, exit {self.exit_code}{f'; {self.wrong}' if self.wrong else ''}"


def what_failed(code: int, report: Mapping[str, Any]) -> str | None:
    """Why a crawl that ended so is tried again; None where there is no need: problems and drift are told, and stay."""
    if code in {DONE, LIMITED, INTERRUPTED}:
        return None
    if code == FAULT:
        return "the archive could not be written"
    if code > 128:
        return f"it was killed (signal {code - 128})"
    if code != PROBLEMS:
        return f"it could not begin (exit {code})"
    if report.get("status") == "failed":
        return "it could not go on"
    seeds = list(report.get("seeds", {}).values())
    if seeds and all(seed["problem"] and (seed["status"] is None or seed["status"] in RETRIED) for seed in seeds):
        return f"{UNANSWERED}: {seeds[0]['problem']}"
    return None


def code_of(code: int) -> int:
    """What an exit code of a crawl is among those of ``bewaar due``."""
    return FAULT if code == FAULT else DONE if code in {DONE, LIMITED, INTERRUPTED} else PROBLEMS
