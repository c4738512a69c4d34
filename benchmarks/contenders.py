"""Who runs: each as the command that would be typed, with the same seed, connections and no delay."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: a page and its requisites, every page below the seed; nothing stays but the WARC
WGET_FLAGS = (
    *("--recursive", "--level=inf", "--page-requisites", "--no-parent", "--no-directories", "--delete-after"),
    *("--quiet", "--no-warc-keep-log", "--warc-file=wget"),
)


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    #: seed, connections -> command
    command: Callable[[str, int], list[str]]
    #: exit codes of a run that went well
    exits: tuple[int, ...] = (0,)


def _wget(url: str, connections: int) -> list[str]:
    del connections  # it knows one
    return [shutil.which("wget") or "wget", *WGET_FLAGS, url]


def _scrapy(url: str, connections: int) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("plain_spider.py")), url, str(connections)]


def _bewaar(*flags: str) -> Callable[[str, int], list[str]]:
    def command(url: str, connections: int) -> list[str]:
        program = str(Path(sys.executable).with_name("bewaar"))
        limits = ["--delay", "0", "--concurrency", str(connections)]
        return [program, "crawl", url, "--archive", "archive", "--contact", "bench@example.org", *limits, *flags]

    return command


WGET = Contender("wget --warc-file", _wget, exits=(0, 8))  # 8: some answer was an error, such as robots.txt's 404
SCRAPY = Contender("scrapy, no WARC", _scrapy)
NO_EXTRACT = Contender("bewaar crawl --no-extract", _bewaar("--no-extract"))
EVERYTHING = Contender("bewaar crawl", _bewaar())
CONTENDERS = (WGET, SCRAPY, NO_EXTRACT, EVERYTHING)
