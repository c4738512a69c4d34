"""What a WACZ says of the files in it (WACZ 1.1.1), held against them: every digest, size and checksum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archive import digests
from archive.errors import BadRecord
from archive.warc.rules import Fault, shown
from archive.warc.zips import Entry, Wacz

PACKAGE = "datapackage.json"
PACKAGE_DIGEST = "datapackage-digest.json"

Place = tuple[int, Fault]


def is_ours(wacz: Wacz) -> bool:
    """Whether Bewaar packed it, as its datapackage.json says."""
    try:
        package = wacz.json(wacz.entries[PACKAGE])
    except (BadRecord, KeyError):
        return False
    return isinstance(package, dict) and str(package.get("software", "")).lower().startswith("bewaar")


def package_faults(wacz: Wacz) -> Iterator[Place]:
    """Every file in it is read once."""
    yield from wacz.faults
    declared: dict[str, dict[str, Any]] | None = None
    if entry := wacz.entries.get(PACKAGE):
        try:
            package = wacz.json(entry)
        except BadRecord as bad:
            yield entry.offset, _unreadable(bad)
        else:
            declared, faults = _resources(package)
            for fault in faults:
                yield entry.offset, fault
    else:
        yield 0, Fault("wacz-package", f"no {PACKAGE}", PACKAGE, "none")
    for name, entry in wacz.entries.items():
        about = declared.pop(name, None) if declared else None
        yield from ((entry.offset, fault) for fault in _file_faults(wacz, entry, about))
        if declared is not None and about is None and name not in {PACKAGE, PACKAGE_DIGEST}:
            grave = name.startswith(("archive/", "indexes/", "pages/"))
            what = f"{shown(name)} is not listed in {PACKAGE}"
            yield entry.offset, Fault("wacz-unlisted", what, "a digest in it", "none", departure=not grave)
    for name in declared or ():
        yield 0, Fault("wacz-missing", f"{PACKAGE} names {shown(name)}, which is not there", shown(name), "none")
    yield from _package_digest(wacz)
    if not wacz.records():
        yield 0, Fault("empty", "holds no file of records", "archive/*.warc.gz", "none")
    for folder in ("pages/pages.jsonl", "indexes/"):
        if not any(name.startswith(folder) for name in wacz.entries):
            yield 0, Fault("wacz-form", f"no {folder}", folder, "none", departure=True)


def _resources(package: Any) -> tuple[dict[str, dict[str, Any]] | None, list[Fault]]:
    """By path what is declared of it, and what is wrong with how; None where nothing can be told from it."""
    listed = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(listed, list):
        return None, [Fault("wacz-package", f"{PACKAGE} lists no resources", "a list of resources", "none")]
    declared: dict[str, dict[str, Any]] = {}
    faults = []
    for resource in listed:
        path = resource.get("path") if isinstance(resource, dict) else None
        if not isinstance(path, str):
            said = shown(str(resource))
            faults.append(Fault("wacz-package", f"a resource without a path: {said}", "a path", said))
        elif path in declared:
            faults.append(Fault("wacz-package", f"{shown(path)} is listed twice", "once", "twice"))
        else:
            declared[path] = resource
    return declared, faults


def _file_faults(wacz: Wacz, entry: Entry, declared: dict[str, Any] | None) -> Iterator[Fault]:
    expected = str(declared.get("hash", "")) if declared else ""
    try:
        if expected:
            equal, computed = digests.same(expected, wacz.chunks(entry))
            if not equal:
                what = f"{shown(entry.name)}: {PACKAGE} has {shown(expected)}, computed {computed}"
                yield Fault("wacz-digest", what, shown(expected), computed)
        else:
            for _ in wacz.chunks(entry):  # for its checksum
                pass
    except BadRecord as bad:
        yield _unreadable(bad)
    except ValueError:
        yield Fault(
            "wacz-digest-unknown",
            f"{shown(entry.name)}: digest {shown(expected)}",
            "a known algorithm",
            shown(expected),
        )
    if entry.deflated and entry.holds_records:
        what = f"{shown(entry.name)} is compressed in the zip: no record in it can be read on its own"
        yield Fault("wacz-form", what, "stored", "deflated", departure=True)
    if declared is None:
        return
    if not expected:
        yield Fault("wacz-package", f"{shown(entry.name)}: {PACKAGE} has no digest", "a digest", "none")
    if declared.get("bytes") != entry.size:
        found = shown(str(declared.get("bytes")))
        what = f"{shown(entry.name)}: {entry.size} bytes, {PACKAGE} has {found}"
        yield Fault("wacz-size", what, found, str(entry.size))


def _package_digest(wacz: Wacz) -> Iterator[Place]:
    entry, package = wacz.entries.get(PACKAGE_DIGEST), wacz.entries.get(PACKAGE)
    if entry is None or package is None:
        return
    try:
        said = wacz.json(entry)
        expected = str(said.get("hash", "")) if isinstance(said, dict) else ""
        equal, computed = digests.same(expected, wacz.chunks(package))
    except BadRecord as bad:
        yield entry.offset, _unreadable(bad)
    except ValueError:
        what = f"{PACKAGE_DIGEST} holds no digest: {shown(expected)}"
        yield entry.offset, Fault("wacz-digest", what, "a known algorithm", shown(expected) or "none")
    else:
        if not equal:
            what = f"{PACKAGE_DIGEST} has {shown(expected)}, computed {computed}"
            yield entry.offset, Fault("wacz-digest", what, shown(expected), computed)


def _unreadable(bad: BadRecord) -> Fault:
    what = str(bad).partition(f" at {bad.offset}: ")[2]
    return Fault("zip-damaged", what, "a whole file", what)
