"""What a dataset is made of, as one digest, and how to cite it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from archive import times
from archive.layout import Archive
from archive.store.described import Described, read_described


@dataclass(frozen=True, slots=True)
class Dataset:
    title: str
    operator: str
    #: ``sha256:`` and hex, see `dataset_digest`
    digest: str
    #: of the captures, UTC; None where there are none
    first: str | None
    last: str | None
    sites: tuple[str, ...]
    exported_at: str
    software: str
    #: takedowns and embargoes that hold
    withholding: int
    #: of each site
    described: tuple[Described, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.licence for one in self.described if one.licence))

    @property
    def rights(self) -> tuple[str, ...]:
        """What is said of rights, each with the site it is said of where there are several."""
        said = [(one.title, one.rights) for one in self.described if one.rights]
        return tuple(rights if len(self.described) == 1 else f"{title}: {rights}" for title, rights in said)

    @property
    def citation(self) -> str:
        period = f"captures from {self.first[:10]} to {self.last[:10]}" if self.first and self.last else "no captures"
        licensed = f". Licence of what the sites show: {', '.join(self.licences)}" if self.licences else ""
        return (
            f"{self.operator} ({self.exported_at[:4]}). {self.title} [data set]: {period}. Exported "
            f"{self.exported_at[:10]} with {self.software}. Dataset digest {self.digest}{licensed}"
        )


def describe(
    connection: sqlite3.Connection, archive: Archive, extractors: Mapping[str, int], *, withholding: int
) -> Dataset:
    sites = connection.execute("SELECT coalesce(title, name) FROM site ORDER BY id").fetchall()
    first, last = connection.execute(
        "SELECT min(captured_at), max(captured_at) FROM capture WHERE captured_at >= ?", (times.FIRST_CAPTURE,)
    ).fetchone()
    names = tuple(row[0] for row in sites)
    return Dataset(
        title=f"Web archive of {names[0]}" if len(names) == 1 else f"Web archive of {len(names)} sites",
        operator=archive.operator or "Unnamed operator",
        digest=dataset_digest(connection, extractors),
        first=first,
        last=last,
        sites=names,
        exported_at=times.seconds(times.now()),
        software=f"bewaar/{version('bewaar')}",
        withholding=withholding,
        described=tuple(read_described(connection)),
    )


def dataset_digest(connection: sqlite3.Connection, extractors: Mapping[str, int]) -> str:
    """sha256 over what rows are derived from: the digests of the WARC files, the decisions, the versions of the
    extractors and the digests of the profiles, each sorted. The same after a rebuild; another when any of them is.

    A file that a crawl is still writing counts by its name and how far it was read.
    """
    warcs = connection.execute(
        """SELECT DISTINCT coalesce(w.sha256, 'open ' || w.path || ' '
          || coalesce((SELECT max(c.warc_offset + c.warc_length) FROM main.capture c WHERE c.warc_id = w.id), 0))
        FROM main.warc w ORDER BY 1"""
    )
    made = connection.execute("SELECT id, made_at, who, why, action, scope, value FROM decision ORDER BY id")
    profiles = connection.execute(
        "SELECT DISTINCT site_id, profile_digest FROM main.crawl WHERE profile_digest IS NOT NULL ORDER BY 1, 2"
    )
    parts = {
        "warcs": [row[0] for row in warcs],
        "decisions": made.fetchall(),
        "extractors": sorted(extractors.items()),
        "profiles": profiles.fetchall(),
    }
    return f"sha256:{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()}"


def citation_file(dataset: Dataset) -> str:
    """``CITATION.cff``, version 1.2.0 of the Citation File Format. JSON strings are YAML."""
    return "".join(
        f"{line}\n"
        for line in (
            "cff-version: 1.2.0",
            f"message: {_quoted('Please cite this data set as follows.')}",
            "type: dataset",
            f"title: {_quoted(dataset.title)}",
            "authors:",
            f"  - name: {_quoted(dataset.operator)}",
            f"version: {_quoted(dataset.digest)}",
            f"date-released: {_quoted(dataset.exported_at[:10])}",
            "identifiers:",
            "  - type: other",
            f"    value: {_quoted(dataset.digest)}",
            f"    description: {_quoted('Dataset digest: what the rows are derived from.')}",
        )
    )


def _quoted(text: str) -> str:
    return json.dumps(text)
