"""The interpreter, SQLite, the packages, and who owns our names."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, entry_points, metadata, packages_distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from crawler.doctor.finding import Finding, judge

AREA = "installation"
_PIP = f"{sys.executable} -m pip"
_OLDEST = (3, 11)


def examine_installation() -> Iterator[Finding]:
    yield python_finding(sys.version_info[:3])
    yield sqlite_finding(sqlite3.connect)
    yield from _requirements()
    yield from _extras()
    yield from _owners()
    yield _plugin()


def python_finding(found: tuple[int, ...]) -> Finding:
    shown = ".".join(map(str, found))
    old = f"{shown}, and 3.11 or newer is needed" if found < _OLDEST else ""
    return judge(AREA, "Python", shown, problem=old, mend="apt-get install python3.11, and install Bewaar with it")


def sqlite_finding(connect: Callable[[Path], sqlite3.Connection]) -> Finding:
    wrong = ""
    with tempfile.TemporaryDirectory() as directory:
        db = connect(Path(directory) / "check.db")
        try:
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                wrong = "no WAL"
            db.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram')")
            db.execute("SELECT json_extract('[1]', '$[0]')")
        except sqlite3.DatabaseError as error:
            wrong = str(error)
        finally:
            db.close()
    return judge(
        AREA, "SQLite with WAL, FTS5 and JSON", sqlite3.sqlite_version,
        problem=wrong and f"{sqlite3.sqlite_version}: {wrong}",
        mend="install a Python whose SQLite has them, such as that of Debian: apt-get install python3",
    )  # fmt: skip


def _requirements() -> Iterator[Finding]:
    fine = 0
    for requirement in _required(""):
        if wrong := _lacks(requirement):
            mend = f"{_PIP} install --upgrade '{requirement.name}{requirement.specifier}'"
            yield Finding(AREA, f"package {requirement.name}", "problem", wrong, mend)
        else:
            fine += 1
    yield Finding(AREA, "packages", "ok", f"{fine} at or above the lowest version that works")


def _extras() -> Iterator[Finding]:
    """What is missing of one that nobody asked for is no trouble; what is too old would be imported all the same."""
    for extra in sorted(metadata("bewaar").get_all("Provides-Extra") or ()):
        wanted = list(_required(extra))
        lacking = {requirement.name: wrong for requirement in wanted if (wrong := _lacks(requirement))}
        absent = [name for name, wrong in lacking.items() if wrong == _ABSENT]
        mend = f"{_PIP} install 'bewaar[{extra}]'"
        said = f"not installed; for it: {mend}" if absent else "installed"
        old = "; ".join(f"{name}: {wrong}" for name, wrong in lacking.items() if name not in absent)
        yield judge(AREA, f"extra {extra}", said, warning=old, mend=mend)


_ABSENT = "not installed"


def _required(extra: str) -> Iterator[Requirement]:
    """What an extra needs beside the rest; the rest, for an empty one."""
    for line in requires("bewaar") or ():
        requirement = Requirement(line)
        always = not requirement.marker or requirement.marker.evaluate({"extra": ""})
        if always != bool(extra) and (not requirement.marker or requirement.marker.evaluate({"extra": extra})):
            yield requirement


def _lacks(requirement: Requirement) -> str:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return _ABSENT
    fits = requirement.specifier.contains(found, prereleases=True)
    return "" if fits else f"{found}, and {requirement.specifier} is needed"


def _owners() -> Iterator[Finding]:
    """Others own both package names on the index: where one of theirs is installed too, either may be imported."""
    owners = packages_distributions()
    for name in ("crawler", "archive"):
        # An editable install lists none of its files.
        others = sorted(set(owners.get(name, ())) - {"bewaar"})
        shared = f"also of {', '.join(others)}: either may be imported" if others else ""
        mend = f"{_PIP} uninstall {' '.join(others)}; or install Bewaar into an environment of its own"
        yield judge(AREA, f"package {name} belongs to bewaar alone", "bewaar", problem=shared, mend=mend)


def _plugin() -> Finding:
    found = [point.value for point in entry_points(group="datasette", name="bewaar")]
    there = found == ["archive.browse"] and importlib.util.find_spec("archive.browse") is not None
    wrong = "" if there else f"{', '.join(found) or 'no entry point'}: `bewaar serve` would show bare tables"
    mend = f"{_PIP} install --force-reinstall --no-deps bewaar"
    return judge(AREA, "plugin of Datasette", "archive.browse", problem=wrong, mend=mend)
