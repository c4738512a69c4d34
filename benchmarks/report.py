"""The figures as people and programs read them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from contenders import NO_EXTRACT, SCRAPY, WGET, Contender
from rounds import Rounds, Run
from sites import Site

#: peak memory that ``--no-extract`` is not to pass, MB (10^6): the crawler's, and crawler and reader together
CRAWLER_MB, BOTH_MB = 150, 250
#: by the clock, with latency: times as fast as wget
FASTER = 4.0


@dataclass(frozen=True, slots=True)
class Block:
    site: Site
    network: str
    delay_ms: int
    connections: int
    rounds: Rounds

    def median(self, contender: Contender, of: Callable[[Run], float]) -> float:
        return median(of(run) for run in self.rounds[contender])

    def ratio(self, contender: Contender, to: Contender, of: Callable[[Run], float]) -> float:
        """The median of what it is in each round: two runs a minute apart are compared, not two of different hours."""
        pairs = zip(self.rounds[contender], self.rounds[to], strict=True)
        return median(of(run) / of(other) for run, other in pairs)

    def as_json(self) -> dict[str, Any]:
        runs = {contender.name: [asdict(run) for run in runs] for contender, runs in self.rounds.items()}
        return {"site": self.site.name, "network": self.network, "connections": self.connections, "runs": runs} | {
            "targets": [{"target": target, "found": found, "met": met} for target, found, met in targets(self)]
        }


def _cpu(run: Run) -> float:
    return run.cost.cpu_s


def _wall(run: Run) -> float:
    return run.cost.wall_s


def _mb(size_bytes: float) -> str:
    return f"{size_bytes / 1e6:.0f}" if size_bytes else "-"


def print_heading() -> None:
    wget = subprocess.run([*WGET.command("", 1)[:1], "--version"], capture_output=True, text=True, check=True).stdout
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {_processor()}, Python "
        f"{platform.python_version()}, bewaar {version('bewaar')}, Scrapy {version('scrapy')}, "
        f"{' '.join(wget.split()[:3])}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def print_block(block: Block) -> None:
    wire = f"{block.delay_ms} ms before each answer" if block.delay_ms else "loopback"
    rounds = len(block.rounds[WGET])
    print(
        f"\n{block.site.package} ({block.site.kind}), {wire}, {block.connections} connection(s); "
        f"median of {rounds} round(s)"
    )
    print(
        f"{'':26}{'CPU s':>7} {'crawler':>8} {'reader':>7}{'/wget':>7}{'/scrapy':>8}   "
        f"{'wall s':>6}{'/wget':>7}{'/scrapy':>8}   {'peak MB':>7} {'crawler':>8} {'reader':>7}   "
        f"{'WARC MB':>7} {'answers':>7}"
    )
    for contender in block.rounds:
        print(_line(block, contender))
    for contender, runs in block.rounds.items():
        if verdict := runs[-1].verdict:
            print(
                f"{contender.name}: {verdict.equal} of {verdict.files} files kept with equal bytes, "
                f"{verdict.unlinked} named in no file of the site, {len(verdict.missing)} missing, "
                f"{len(verdict.different)} different"
            )
            for path in (*verdict.missing, *verdict.different)[:5]:
                print(f"  {path}")
    for contender in block.rounds:
        print(f"$ {' '.join(contender.command('URL', block.connections))}")


def _line(block: Block, contender: Contender) -> str:
    def value(of: Callable[[Run], float]) -> float:
        return block.median(contender, of)

    def ratios(of: Callable[[Run], float]) -> str:
        to_scrapy = f"{block.ratio(contender, SCRAPY, of):8.2f}" if SCRAPY in block.rounds else " " * 8
        return f"{block.ratio(contender, WGET, of):7.2f}{to_scrapy}"

    reader = value(lambda run: run.cost.child_cpu_s)
    apart = f"{value(lambda run: run.cost.main_cpu_s):8.2f} {reader:7.2f}" if reader else " " * 16
    peak, child = value(lambda run: run.cost.peak_bytes), value(lambda run: run.cost.child_peak_bytes)
    main = value(lambda run: run.cost.main_peak_bytes)
    peaks = f"{_mb(peak):>7} {_mb(main) if child else '':>8} {_mb(child) if child else '':>7}"
    warc = value(lambda run: run.warc_bytes)
    return (
        f"{contender.name:26}{value(_cpu):7.2f} {apart}{ratios(_cpu)}   {value(_wall):6.1f}{ratios(_wall)}   {peaks}   "
        f"{f'{warc / 1e6:.1f}' if warc else '-':>7} {value(lambda run: run.responses):7.0f}"
    )


def targets(block: Block) -> Iterator[tuple[str, str, bool]]:
    """(what is aimed at, what was found, whether that is met)"""
    if block.delay_ms:
        faster = 1 / block.ratio(NO_EXTRACT, WGET, _wall)
        yield f"--no-extract at least {FASTER:.0f}x faster than wget", f"{faster:.1f}x", faster >= FASTER
    else:
        cpu, limit = block.ratio(NO_EXTRACT, WGET, _cpu), block.site.cpu_target
        yield f"--no-extract CPU at most {limit}x wget's", f"{cpu:.2f}x", cpu <= limit
    costs = [run.cost for run in block.rounds[NO_EXTRACT]]
    for name, limit_mb, peaks in (
        ("crawler", CRAWLER_MB, [cost.main_peak_bytes for cost in costs]),
        ("crawler and reader", BOTH_MB, [cost.peak_bytes for cost in costs]),
    ):
        peak = max(peaks) / 1e6
        yield f"--no-extract peak of {name} at most {limit_mb} MB", f"{peak:.0f} MB", peak <= limit_mb
    for contender, runs in block.rounds.items():
        if contender not in (WGET, SCRAPY):
            whole = all(run.verdict is not None and run.verdict.whole for run in runs)
            yield f"{contender.name} keeps every linked file", "yes" if whole else "no", whole


def print_targets(block: Block, *, silent: bool) -> bool:
    met = True
    for target, found, reached in targets(block):
        if not silent:
            print(f"{'met   ' if reached else 'MISSED'} {target}: {found}")
        met = met and reached
    return met
