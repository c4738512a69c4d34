"""What people write into an archive, profiles and decisions: its lines in the manifest change, those of WARCs never."""

from __future__ import annotations

import hashlib
from pathlib import Path

from archive.errors import ArchiveFault
from archive.layout import Archive
from archive.manifest import read_manifest, renew_in_manifest


def record_written(archive: Archive) -> None:
    """Bring the lines of profiles and decisions up to date; the commands that write to an archive begin with it.

    A profile may change, and go. Decisions only grow: a file that lost or changed what was there keeps its line, and
    `bewaar verify` and `sha256sum -c` go on telling. Raises ArchiveFault.
    """
    known = read_manifest(archive.root)
    digests: dict[str, str | None] = {name: None for name in known if name.startswith("sites/")}
    for path in (*archive.sites.glob("*.toml"), *archive.decisions.glob("*.jsonl")):
        name = path.relative_to(archive.root).as_posix()
        if path.is_symlink() or not path.is_file() or not name.isprintable() or "\\" in name:
            continue
        try:
            if path.parent == archive.sites or name not in known or has_grown(path, known[name]):
                digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ArchiveFault(f"{path}: {error.strerror}") from error
    if any(known.get(name) != sha256 for name, sha256 in digests.items()):
        renew_in_manifest(archive.root, digests)


def has_grown(path: Path, sha256: str) -> bool:
    """Whether *path* begins with the lines, whole ones, that have this digest. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for line in file:
            if digest.hexdigest() == sha256:
                return True
            digest.update(line)
    return digest.hexdigest() == sha256
