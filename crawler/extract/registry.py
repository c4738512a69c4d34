"""Extractors register themselves here: one function for each kind of fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from archive.model import Fact, Page

if TYPE_CHECKING:
    from crawler.extract.finder import Finder

Extract = Callable[[Page, "Finder"], Iterator[Fact]]


@dataclass(frozen=True, slots=True)
class Extractor:
    kind: type[Fact]
    #: raised when its output may differ: every capture is then extracted again
    version: int
    run: Extract


_extractors: dict[str, Extractor] = {}
EXTRACTORS: Mapping[str, Extractor] = MappingProxyType(_extractors)


def extractor(kind: type[Fact], *, version: int) -> Callable[[Extract], Extract]:
    """Register the decorated function as the one that reads facts of this kind off a page."""

    def register(run: Extract) -> Extract:
        if kind.role in _extractors:
            raise ValueError(f"{kind.role}: {_extractors[kind.role].run.__module__} extracts it already")
        _extractors[kind.role] = Extractor(kind, version, run)
        return run

    return register
