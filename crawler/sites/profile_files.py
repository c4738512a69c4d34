"""The profiles there are: the shipped ones, and an archive's own, which go before them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.configuration import did_you_mean, read_toml, validate
from archive.errors import BadProfile, WrongUse
from archive.layout import Archive
from crawler.sites.profile import Profile


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile there is, read or not."""

    name: str
    path: Path
    #: comes with Bewaar; an archive's own of the same name goes before it
    shipped: bool


def read_profile(path: Path) -> Profile:
    """The profile in *path*; its name is the file's. Raises BadProfile, naming file, line and key."""
    data, text = read_toml(path, BadProfile)
    if data.setdefault("name", path.stem) != path.stem:
        raise BadProfile(f"{path}: name: is {data['name']!r}, but the file is {path.name}")
    return validate(Profile, data, source=str(path), text=text, error=BadProfile)


def load_profile(name: str, archive: Archive | None = None) -> Profile:
    """The archive's own ``sites/NAME.toml``, else the shipped one. Raises WrongUse for a name nobody has."""
    return read_profile(find_profile(name, archive).path)


def find_profile(name: str, archive: Archive | None = None) -> ProfileFile:
    """As `load_profile`, not read yet."""
    known = {file.name: file for file in list_profiles(archive)}
    if name in known:
        return known[name]
    if "." in name or "/" in name:
        raise WrongUse(f"no site {name[:200]!r}; a URL begins with http:// or https://")
    there = f"there are: {', '.join(sorted(known))}" if known else "there are none"
    raise WrongUse(f"no site {name[:200]!r}{did_you_mean(name, list(known))} ({there})")


def list_profiles(archive: Archive | None = None) -> list[ProfileFile]:
    """Every profile by name; an archive's own hides the shipped one of its name. None is read."""
    found = {}
    for folder, shipped in ((Path(__file__).parent, True), (archive.sites if archive else None, False)):
        for path in folder.glob("*.toml") if folder else ():
            found[path.stem] = ProfileFile(path.stem, path, shipped)
    return [found[name] for name in sorted(found)]
