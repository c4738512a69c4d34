"""Benchmarks are run by hand: what they import is there all the same."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path for path in PLACE.iterdir() if path.is_file() and path.suffix in ("", ".py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_a_benchmark_imports_of_ours_is_there(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("archive", "crawler", "tests"):
            module = import_module(str(node.module))
            for name in node.names:
                assert hasattr(module, name.name) or import_module(f"{node.module}.{name.name}")
