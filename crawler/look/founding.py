"""A new archive, and the questions whose answers make it one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.errors import WrongUse
from archive.founding import MARKER
from archive.layout import FORMAT, Archive
from archive.marker import check_marker
from crawler.sites.profile_files import list_profiles

#: what a new archive cannot do without, as it is asked for
_NEEDED = {"operator": '"WHO KEEPS IT"', "contact": "MAIL-OR-WEB-ADDRESS"}


@dataclass(frozen=True, slots=True)
class Founded:
    archive: Archive
    is_new: bool
    #: names of the archive's own profiles
    sites: tuple[str, ...]
    #: where what was given is not what is there
    remarks: tuple[str, ...] = ()


def check_answer(key: str, answer: str) -> str:
    """*answer* as a value of `bewaar.toml`. Raises WrongUse, saying what is wrong with it."""
    given = answer.strip()
    try:
        check_marker({"format": FORMAT, key: given}, source="answer", text="", error=WrongUse)
    except WrongUse as error:
        raise WrongUse(str(error).removeprefix(f"answer: {key}: ")) from error
    return given


def found_archive(root: Path, *, operator: str | None, contact: str | None) -> Founded:
    """Make the archive, or open the one that is there and leave it as it is. Raises WrongUse, naming the option, where
    something is missing or wrong."""
    given = {"operator": operator, "contact": contact}
    for key, value in given.items():
        if value is not None:
            try:
                check_answer(key, value)
            except WrongUse as error:
                raise WrongUse(f"--{key}: {error}") from error
    is_new = not (root / MARKER).exists()
    if is_new:
        missing = [f"--{key} {_NEEDED[key]}" for key, value in given.items() if value is None]
        if missing:
            raise WrongUse(f"give {' and '.join(missing)}; on a terminal `bewaar init` asks for what is missing")
    archive = Archive.create(root, operator=operator, contact=contact, marker_lost=True)
    remarks = []
    for key, value, there in (("operator", operator, archive.operator), ("contact", contact, archive.contact)):
        if value is None or value.strip() == there:
            continue
        if there:
            how = f"{key} stays {there!r}, and does not become {value!r}: change it in the file if you want to"
        else:
            how = f'says no {key}; write it into the file: {key} = "{value}"'
        remarks.append(f"{root / MARKER}: {how}")
    own = tuple(file.name for file in list_profiles(archive) if not file.shipped)
    return Founded(archive, is_new, own, tuple(remarks))


def archive_for(root: Path, contact: str | None) -> Archive:
    """The archive that a site is added to; made where somebody is named who answers for it. Raises WrongUse."""
    there = (root / MARKER).exists()
    if not there and contact is None:
        raise WrongUse(f"{root}: no archive there: `bewaar init --archive {root}` makes one")
    if contact is not None:
        try:
            check_answer("contact", contact)
        except WrongUse as error:
            raise WrongUse(f"--contact: {error}") from error
    archive = Archive.create(root, contact=contact)
    if contact is None and archive.contact is None:
        raise WrongUse(
            f"{root / MARKER}: says no contact, and nothing is asked of a site without one: write "
            'contact = "you@example.org" into it, or give --contact'
        )
    archive.check_writable()
    return archive
