"""`bewaar curate`, and what stands in an archive after it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.crawler.crawled import query
from tests.front_door import bewaar


def curate(root: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    return bewaar("curate", *arguments, "--archive", root, code=code)


def names(root: Path, view: str) -> list[str]:
    return [row[0] for row in query(root, f"SELECT name FROM {view} WHERE state <> 'ended' ORDER BY name")]


def decided(root: Path) -> dict[str, str]:
    """Standing of each decision, by what it is about."""
    rows = query(root, "SELECT coalesce(json_extract(scope, '$.raw'), scope), standing FROM decided WHERE action = 'override'"
                 " UNION ALL SELECT scope, standing FROM decided WHERE action IN ('alias', 'distinct')")  # fmt: skip
    return dict(rows)
