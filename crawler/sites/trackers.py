"""Hosts that only count visitors, as Bewaar ships them."""

from __future__ import annotations

from pathlib import Path


def shipped_trackers() -> frozenset[str]:
    lines = (Path(__file__).parent / "trackers.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
