"""Where an archive can be made: in no directory that holds other things."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from archive.errors import NotAnArchive

MARKER = "bewaar.toml"
#: profiles of sites lie there
SITES = "sites"
#: besides the folders; what else an archive holds is named after these
_FILES = ("archive.db", "manifest-sha256.txt", f".{MARKER}")
_FOLDERS = {"warcs", SITES, "pages", "decisions", "exports", "reports", "state"}


def is_headless(root: Path) -> bool:
    """Whether *root* is an archive, and nothing else, whose marker is gone."""
    if not (root / "warcs").is_dir() or (root / MARKER).exists():
        return False
    return all(path.name in _FOLDERS or path.name.startswith(_FILES) for path in root.iterdir())


def check_free(root: Path) -> None:
    """Whether an archive can be made at *root*. Raises NotAnArchive where something else is, and OSError."""
    if not root.exists():
        return
    # A marker half made is the trace of an earlier start that was killed, not somebody's property.
    # Profiles may be written before the archive they are for.
    names = [path.name for path in root.iterdir() if path.name != SITES] if root.is_dir() else []
    if not root.is_dir():
        raise NotAnArchive(f"{root}: not a directory")
    if foreign := next((name for name in names if not name.startswith(f".{MARKER}.")), None):
        lost = (
            f"; if its {MARKER} was lost: `bewaar init --archive {quote(str(root))}` writes it anew"
            if is_headless(root)
            else ""
        )
        raise NotAnArchive(f"{root}: not an archive, and not empty (it holds {foreign}){lost}")
