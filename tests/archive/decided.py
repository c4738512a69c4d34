"""Decisions about the facts of a small store, and what stands there after them."""

from __future__ import annotations

from tests.archive.store_builders import rows

NEWS = "http://example.test/news"
LOGO = "http://example.test/1.png"


def raw(text: str, role: str = "member", **more) -> dict[str, str]:
    return {"role": role, "raw": text, **more}


def listed(store, view: str = "current_member") -> list[tuple]:
    return rows(store, f"SELECT name, decided_by FROM {view} ORDER BY name")


def facts(store) -> list[tuple]:
    return rows(store, "SELECT raw, value, kind, year, tier, confidence, extra FROM fact ORDER BY raw")
