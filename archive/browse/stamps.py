"""Whether a file is another than it was, by what a look at its folder tells."""

from __future__ import annotations

from pathlib import Path

#: names, sizes and times of files; what is equal has not changed
Stamp = tuple[tuple[str, int, int, int], ...]


def stamp_of(paths: list[Path]) -> Stamp:
    """Of those that are there."""
    found = []
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


def inode_of(path: Path) -> int:
    """0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
