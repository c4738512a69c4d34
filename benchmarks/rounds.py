"""The runs: every contender once per round, in turn, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from contenders import CONTENDERS, NO_EXTRACT, WGET, Contender
from judge import Verdict, judge
from measure import Cost, measure
from sites import Site


@dataclass(frozen=True, slots=True)
class Run:
    cost: Cost
    #: with status 200
    responses: int
    warc_bytes: int
    verdict: Verdict | None


#: contender -> its runs, one per round
Rounds = dict[Contender, list[Run]]


def run_rounds(site: Site, url: str, connections: int, pairs: int, work: Path, *, quick: bool) -> Rounds:
    contenders = (WGET, NO_EXTRACT) if quick else CONTENDERS
    rounds: Rounds = {contender: [] for contender in contenders}
    for number in range(pairs):
        for contender in contenders:
            _say(f"{site.name}, {url}, round {number + 1} of {pairs}: {contender.name}")
            rounds[contender].append(_run(contender, site, url, connections, work / f"{number}"))
    _say("")
    return rounds


def _run(contender: Contender, site: Site, url: str, connections: int, work: Path) -> Run:
    work.mkdir()
    log = work / "log.txt"
    try:
        command = contender.command(url, connections)
        cost = measure(command, log, cwd=work, accepted=contender.exits)
        warcs = list(work.rglob("*.warc.gz"))
        if not warcs:
            return Run(cost, int(log.read_text().split()[-1]), 0, None)
        verdict = judge(site, warcs)
        return Run(cost, verdict.responses, sum(warc.stat().st_size for warc in warcs), verdict)
    finally:
        shutil.rmtree(work)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
