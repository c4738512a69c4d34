"""What the doctor says is not well with an archive."""

from __future__ import annotations

from pathlib import Path

from crawler.doctor.examination import examine_place
from crawler.doctor.finding import Finding

PROFILE = 'seeds = ["http://127.0.0.1/"]\n[schedule]\nfrequency = "weekly"\n'


def wrong(root: Path, *, network: bool = False) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine_place(root, network=network) if finding.state != "ok"}
