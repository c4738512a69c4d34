"""The settings a site would be crawled with, and where each comes from: its profile, the archive, or the defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive.configuration import line_of, read_toml
from archive.errors import BadProfile
from archive.founding import MARKER
from archive.layout import Archive
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import find_profile, read_profile

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    #: as JSON has it
    value: Any
    #: ``default``, ``bewaar.toml``, or file and line
    origin: str


def settings_of(target: str, archive: Archive | None) -> Iterator[Setting]:
    """Of the site of that name, or of a URL. Raises WrongUse."""
    said: dict[str, str] = {}
    if "://" in target:
        profile = default_profile(target)
        said = dict.fromkeys(("name", "seeds", "scope"), "the URL")
    else:
        file = find_profile(target, archive)
        profile = read_profile(file.path)
        data, text = read_toml(file.path, BadProfile)
        for key in data:
            line = line_of(text, (key,))
            said[key] = f"{file.path}{f' line {line}' if line else ''}"
        said.setdefault("name", f"{file.path}, its name")
    values = json.loads(profile.to_json())
    for name, field in Profile.model_fields.items():
        key = field.alias or name
        value, origin = values[key], said.get(key, DEFAULT)
        if key == "contact" and value is None and archive is not None and archive.contact:
            value, origin = archive.contact, MARKER
        yield Setting(key, value, origin)
