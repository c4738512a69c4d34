"""Programs of others that some commands start. All can be done without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from crawler.doctor.finding import Finding

AREA = "tools"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def examine_tools(replay_home: Path) -> Iterator[Finding]:
    tesseract = shutil.which("tesseract")
    yield _tool("tesseract", tesseract, "names off logos", "apt-get install tesseract-ocr tesseract-ocr-nld")
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    yield _tool("chromium", browser, "looking at pages as a browser shows them", "apt-get install chromium")
    pywb = replay_home / "bin" / "wayback"
    if replay_home.exists() and not os.access(pywb, os.X_OK):
        said = f"{replay_home} holds no pywb that can be run"
        yield Finding(AREA, "pywb", "warning", said, "bewaar replay --setup")
    else:
        yield _tool("pywb", str(replay_home) if pywb.exists() else None, "bewaar replay", "bewaar replay --setup")


def _tool(name: str, found: str | None, use: str, install: str) -> Finding:
    return Finding(AREA, name, "ok", found or f"not installed; for {use}: {install}")
