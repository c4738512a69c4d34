"""An archive with everything an export must take care of, and the export as a user calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.layout import Archive
from archive.model import Link
from archive.urls import urlkey
from tests.archive.store_builders import (
    HOME,
    SITE,
    absent,
    found,
    goals,
    image,
    member,
    members,
    open_store,
    reading,
    sponsor,
    write,
)
from tests.front_door import bewaar

FORMULA = "=HYPERLINK(A1)"
NASTY = 'Zo\'n "naam", met\nregels; én ünï \x0b tekens'
SECRET = "Geheime Stichting"
HIDDEN = f"{HOME}geheim"


def build(root: Path) -> Archive:
    archive = Archive.create(root, operator="Archief & Zoon", contact="a@example.org")
    logo = f"{HOME}logo.png"
    links = [
        Link(f"{HOME}b", "L", "a@href", FORMULA),
        Link("http://elders.test/x?a=1&b=<2>", "L", "a@href", None),
        Link("http://elders.test/y", "L", "a@href", "y"),
        Link("mailto:a@example.org", "L", "a@href", "mail"),
    ]
    with open_store(archive.root) as store:
        for number in range(3):
            lists = (
                members("Cordaid", FORMULA, "'@naam", *(["Plan"] if number != 1 else [])),
                goals(NASTY),
                found("sponsor", [sponsor("ZOA", logo_url=logo)]),
            )
            readings = [
                reading(number, *lists, links=links, text=f"-1 begint als formule {number}"),
                reading(number, found("member", [member("Gok", tier="candidate")]), url=f"{HOME}b", key="b", second=1),
                reading(number, members(SECRET), url=HIDDEN, key="h", second=2, text=f"{SECRET} hier", via=HOME),
                image(number, logo, f"png {number}"),
                reading(number, absent("member"), url=f"{HOME}weg", key="w", second=40, status=404, text=None),
            ]
            write(store, number, *(_with_key(one) for one in readings))
            store.seal_warc(f"{SITE}-{number}.warc.gz", f"{number}" * 64, 1000)
        store.derive(SITE, anchors=["home"])
    return archive


def _with_key(one):
    return replace(one, capture=replace(one.capture, urlkey=urlkey(one.capture.url)))


def export(archive: Archive, out: Path, *options: str, code: int = 0) -> dict[str, Any]:
    done = bewaar("export", "--archive", archive.root, "--out", out, "--json", *options, code=code)
    return json.loads(done.stdout) if code == 0 else {"error": done.stderr}
