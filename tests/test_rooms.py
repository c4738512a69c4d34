"""The map of the house: which room may import which, and which outside package lives where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: rooms from the ground up; a room may import itself and the rooms named
GROUND = ("archive.model", "archive.databases", "archive.errors", "archive.times", "archive.digests", "archive.urls", "archive.bytemap",
          "archive.counted", "archive.decoding", "archive.markup", "archive.uncollected", "archive.quotes", "archive.faults", "archive.formulas", "archive.reasons",
          "archive.exchange", "archive.styled")  # fmt: skip
LAYOUT = (
    "archive.contact",
    "archive.locks",
    "archive.layout",
    "archive.founding",
    "archive.whole",
    "archive.configuration",
    "archive.slips",
    "archive.wording",
    "archive.marker",
    "archive.manifest",
    "archive.written",
    "archive.announcement",
)
ROOMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(GROUND, GROUND),
    **dict.fromkeys(LAYOUT, (*GROUND, *LAYOUT)),
    "archive.warc": (*GROUND, *LAYOUT),
    "archive.cdxj": (*GROUND, "archive.warc"),
    "archive.pictures": ("archive.errors",),
    "archive.gallery": (*GROUND, *LAYOUT, "archive.cli", "archive.pictures", "archive.store"),
    "archive.store": (*GROUND, *LAYOUT, "archive.warc", "archive.cdxj", "archive.pictures"),
    "archive.signing": GROUND,
    "archive.trust": GROUND,
    "archive.cms": ("archive.signing",),
    "archive.timestamps": (*GROUND, "archive.signing", "archive.cms", "archive.trust"),
    "archive.wacz": (*GROUND, *LAYOUT, "archive.intake", "archive.warc", "archive.cdxj", "archive.store", "archive.signing",
                     "archive.timestamps", "archive.trust"),
    "archive.premis": (*GROUND, *LAYOUT, "archive.store"),
    "archive.bag": (*GROUND, *LAYOUT, "archive.premis", "archive.warc", "archive.store", "archive.wacz"),
    "archive.proof": (*GROUND, *LAYOUT, "archive.warc", "archive.store"),
    "archive.dedup": (*GROUND, *LAYOUT, "archive.warc", "archive.store"),
    "archive.recovery": (*GROUND, *LAYOUT, "archive.warc", "archive.store"),
    "archive.fixity": (*GROUND, *LAYOUT, "archive.store", "archive.warc"),
    "archive.backup": (*GROUND, *LAYOUT, "archive.warc"),
    "archive.intake": (*GROUND, *LAYOUT, "archive.recovery", "archive.warc", "archive.store"),
    "archive.browse": (*GROUND, *LAYOUT, "archive.pictures", "archive.warc", "archive.store", "archive.proof", "archive.report"),
    "archive.cli": (*GROUND, *LAYOUT, "archive.intake", "archive.proof", "archive.backup", "archive.browse", "archive.cdxj",
                    "archive.warc"),
    "archive.report": (*GROUND, *LAYOUT, "archive.store"),
    "archive.report.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.report", "archive.store"),
    "archive.export": (*GROUND, *LAYOUT, "archive.store", "archive.warc"),
    "archive.export.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.export", "archive.site"),
    "archive.site": (*GROUND, *LAYOUT, "archive.browse", "archive.export", "archive.report", "archive.store", "archive.warc"),
    "archive.withholding": (*GROUND, *LAYOUT, "archive.store"),
    "archive.withholding.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.store", "archive.withholding"),
    "archive.erasure": (*GROUND, *LAYOUT, "archive.store", "archive.warc"),
    "archive.packing": (*GROUND, *LAYOUT, "archive.cli", "archive.wacz", "archive.bag", "archive.signing",
                        "archive.timestamps", "archive.trust"),
    "crawler.items": ("archive.model",),
    "crawler.outcome": ("archive.counted",),
    "crawler.seen": (),
    "crawler.domains": (),
    "crawler.scope": (*GROUND, "crawler.domains", "crawler.seen"),
    "crawler.connect_to": (),
    "crawler.path_mixes": ("crawler.seen",),
    "crawler.shares": (),
    "crawler.neighbours": GROUND,
    "crawler.grids": ("crawler.neighbours",),
    "crawler.path_sessions": ("crawler.neighbours",),
    "crawler.traps": (*GROUND, "crawler.grids", "crawler.neighbours", "crawler.path_mixes", "crawler.path_sessions"),
    "crawler.tree": (),
    "crawler.css_escapes": (),
    "crawler.discover": (*GROUND, "crawler.css_escapes", "crawler.tree"),
    "crawler.closings": GROUND,
    "crawler.extract": (*GROUND, "crawler.css_escapes", "crawler.items"),
    "crawler.schedule": (*GROUND, *LAYOUT, "crawler.frontier", "crawler.look", "crawler.domains", "crawler.outcome", "crawler.schedule.rule", "crawler.sites"),
    "crawler.audit": (*GROUND, *LAYOUT, "archive.fixity", "archive.store", "crawler.items"),
    "crawler.audit.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.fixity", "archive.recovery", "crawler.audit", "crawler.outcome"),
    "crawler.erasing": (*GROUND, *LAYOUT, "archive.erasure", "archive.intake", "archive.recovery", "archive.store", "archive.warc",
                        "crawler.rebuild"),
    "crawler.erasing.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.erasure", "crawler.erasing", "crawler.outcome"),
    "crawler.schedule.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.alerting", "crawler.audit", "crawler.audit.cli", "crawler.outcome", "crawler.schedule", "crawler.sites"),
    "crawler.schedule.rule": (),
    "crawler.sites": (*GROUND, *LAYOUT, "crawler.connect_to", "crawler.items", "crawler.schedule.rule", "crawler.scope", "crawler.extract"),
    "crawler.login": (*GROUND, "crawler.sites", "crawler.tree"),
    "crawler.capture": (*GROUND, *LAYOUT, "archive.warc", "crawler.connect_to"),
    "crawler.robots_txt": (),
    "crawler.politeness": (*GROUND, "archive.warc", "crawler.robots_txt"),
    "crawler.leases": GROUND,
    "crawler.standing": (*GROUND, "crawler.leases", "crawler.seen"),
    "crawler.frontier": (*GROUND, "crawler.leases", "crawler.scope", "crawler.seen", "crawler.standing"),
    "crawler.scheduler": ("crawler.frontier", "crawler.leases"),
    "crawler.admission": (*GROUND, "crawler.frontier", "crawler.neighbours", "crawler.scope", "crawler.seen", "crawler.shares", "crawler.sites", "crawler.traps"),
    "crawler.credentials": (*GROUND, *LAYOUT, "crawler.domains", "crawler.sites"),
    "crawler.plan": (*GROUND, *LAYOUT, "crawler.capture", "crawler.credentials", "crawler.sites", "crawler.warcinfo"),
    "crawler.begin": (*GROUND, *LAYOUT, "archive.recovery", "archive.warc", "archive.store", "crawler.events", "crawler.frontier", "crawler.given",
                      "crawler.plan", "crawler.sites", "crawler.warcinfo"),
    "crawler.given": (),
    "crawler.events": (*GROUND, "archive.warc"),
    "crawler.warcinfo": (*GROUND, "archive.warc"),
    "crawler.bounds": (),
    "crawler.reading": (
        *GROUND, "archive.warc", "crawler.bounds", "crawler.closings", "crawler.discover", "crawler.events", "crawler.extract", "crawler.login", "crawler.sites",
        "crawler.tree", "crawler.warcinfo",
    ),
    "crawler.attribution": (*GROUND, *LAYOUT, "crawler.domains", "crawler.sites"),
    "crawler.ingest": (
        *GROUND, *LAYOUT, "archive.warc", "archive.store", "crawler.attribution", "crawler.events", "crawler.extract", "crawler.items",
        "crawler.reading", "crawler.sites",
    ),
    "crawler.ingests": (
        *GROUND, *LAYOUT, "archive.intake", "archive.warc", "archive.store", "crawler.attribution", "crawler.bounds", "crawler.events", "crawler.ingest",
        "crawler.reading", "crawler.sites", "crawler.warcinfo",
    ),
    "crawler.files": (
        *GROUND, *LAYOUT, "archive.intake", "archive.warc", "archive.store", "crawler.events", "crawler.ingest", "crawler.ingests",
    ),
    "crawler.differences": (*GROUND, "archive.store", "crawler.items"),
    "crawler.rebuild": (
        *GROUND, *LAYOUT, "archive.recovery", "archive.warc", "archive.store", "crawler.bounds", "crawler.differences", "crawler.files",
        "crawler.ingests", "crawler.items",
    ),
    "crawler.ingestion": (
        *GROUND, *LAYOUT, "archive.intake", "archive.warc", "archive.store", "crawler.attribution", "crawler.files", "crawler.ingests",
        "crawler.items", "crawler.pending", "crawler.rebuild", "crawler.sites",
    ),
    "crawler.pending": (*GROUND, *LAYOUT),
    "crawler.gauge": ("archive.counted", "crawler.files", "crawler.ingestion"),
    "crawler.follow": (
        "crawler.bounds", "crawler.ingests", "crawler.rebuild",
        *GROUND, *LAYOUT, "archive.warc", "archive.store", "crawler.events", "crawler.ingest", "crawler.items", "crawler.neighbours", "crawler.sites",
    ),
    "crawler.spiders": (
        *GROUND, *LAYOUT, "archive.warc", "archive.dedup", "crawler.admission", "crawler.alerting", "crawler.begin", "crawler.bounds", "crawler.capture",
        "crawler.credentials", "crawler.frontier", "crawler.given", "crawler.leases", "crawler.login", "crawler.memento",
        "crawler.outcome", "crawler.plan", "crawler.politeness", "crawler.seen", "crawler.sites", "crawler.upgrade",
    ),
    "crawler.memento": (
        *GROUND, *LAYOUT, "archive.dedup", "archive.warc", "archive.store", "crawler.attribution", "crawler.discover",
        "crawler.domains", "crawler.frontier", "crawler.leases", "crawler.outcome", "crawler.plan",
    ),
    "crawler.memento.recover": (
        *GROUND, *LAYOUT, "archive.dedup", "archive.recovery", "archive.warc", "archive.store", "crawler.attribution",
        "crawler.ingestion", "crawler.memento", "crawler.memento.run", "crawler.pending", "crawler.plan", "crawler.sites",
    ),
    "crawler.memento.run": (*GROUND, "crawler.memento", "crawler.progress", "crawler.run", "crawler.spiders"),
    "crawler.memento.cli": (
        *GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.gauge", "crawler.memento", "crawler.memento.recover", "crawler.sites.cli",
        "crawler.upgrade",
    ),
    "crawler.upgrade": (*GROUND, *LAYOUT, "crawler.extract", "crawler.rebuild"),
    "crawler.settings": (),
    "crawler.together": ("crawler.outcome",),
    "crawler.progress": ("archive.counted",),
    "crawler.authority": GROUND,
    "crawler.run": (*GROUND, "crawler.begin", "crawler.outcome", "crawler.progress", "crawler.spiders"),
    "crawler.kept": (*GROUND, *LAYOUT, "archive.warc", "archive.store", "crawler.bounds", "crawler.reading", "crawler.sites", "crawler.warcinfo"),
    "crawler.examine": (
        *GROUND, *LAYOUT, "crawler.bounds", "crawler.extract", "crawler.kept", "crawler.plan", "crawler.tree",
    ),
    "crawler.golden": (*GROUND, *LAYOUT, "crawler.examine", "crawler.extract", "crawler.items", "crawler.kept", "crawler.sites",
                       "crawler.tree"),
    "crawler.golden.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.golden", "crawler.outcome", "crawler.sites.cli"),
    "crawler.roster": (*GROUND, *LAYOUT, "crawler.look", "crawler.sites"),
    "crawler.display": (*GROUND, "crawler.examine", "crawler.roster"),
    "crawler.replay": (*GROUND, *LAYOUT, "archive.cdxj", "archive.store", "crawler.reading", "crawler.warcinfo"),
    "crawler.status": (*GROUND, *LAYOUT, "archive.fixity", "crawler.alerting", "crawler.schedule"),
    "crawler.status.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.outcome", "crawler.status"),
    "crawler.doctor": (
        *GROUND, *LAYOUT, "archive.fixity", "archive.store", "archive.warc", "crawler.alerting", "crawler.pending", "crawler.replay",
        "crawler.schedule", "crawler.sites",
    ),
    "crawler.doctor.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.doctor", "crawler.outcome"),
    "crawler.replica": (*GROUND, *LAYOUT, "archive.store", "crawler.outcome"),
    "crawler.judgement": (*GROUND, *LAYOUT, "crawler.discover", "crawler.scope", "crawler.seen", "crawler.sites", "crawler.traps"),
    "crawler.look": (
        *GROUND, *LAYOUT, "archive.recovery", "archive.warc", "archive.store", "crawler.admission", "crawler.begin",
        "crawler.connect_to", "crawler.events",
        "crawler.frontier", "crawler.outcome", "crawler.plan", "crawler.reading", "crawler.robots_txt", "crawler.run", "crawler.scope",
        "crawler.sites", "crawler.spiders", "crawler.together", "crawler.tree", "crawler.upgrade", "crawler.warcinfo",
    ),
    "crawler.look.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.look", "crawler.outcome", "crawler.sites.cli"),
    "crawler.curation": (
        *GROUND, *LAYOUT, "archive.store", "crawler.ingest", "crawler.ingests", "crawler.items", "crawler.reading",
        "crawler.sites", "crawler.warcinfo",
    ),
    "crawler.curation.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.store", "crawler.curation", "crawler.outcome"),
    "crawler.sites.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.display", "crawler.judgement", "crawler.outcome", "crawler.plan",
                          "crawler.roster", "crawler.sites"),
    "crawler.patching": (
        *GROUND, *LAYOUT, "archive.recovery", "archive.report", "archive.store", "archive.warc", "crawler.begin", "crawler.events",
        "crawler.frontier", "crawler.ingests", "crawler.items", "crawler.kept", "crawler.plan", "crawler.reading", "crawler.rebuild", "crawler.seen", "crawler.sites",
    ),
    "crawler.patching.cli": (*GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.outcome", "crawler.patching", "crawler.run"),
    "crawler.alerting": (
        *GROUND, *LAYOUT, "archive.fixity", "archive.proof", "archive.report", "archive.store", "crawler.credentials",
        "crawler.schedule", "crawler.sites",
    ),
    "crawler.alerting.cli": (*GROUND, *LAYOUT, "archive.cli", "archive.report", "crawler.alerting", "crawler.outcome"),
    "crawler.cli": ("archive", "crawler"),
    "crawler.options": (),
    "crawler.crawl_cli": (
        *GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.alerting", "crawler.begin", "crawler.given", "crawler.outcome",
        "crawler.plan", "crawler.run",
        "crawler.sites", "crawler.sites.cli", "crawler.together", "crawler.upgrade",
    ),
    "crawler.intake_cli": (
        *GROUND, *LAYOUT, "archive.cli", "crawler.options", "crawler.display", "crawler.examine", "crawler.gauge", "crawler.ingestion",
        "crawler.outcome", "crawler.rebuild", "crawler.upgrade",
    ),
}  # fmt: skip

#: each outside package has one home, or the few named
VENDORS: dict[str, tuple[str, ...]] = {
    "warcio": ("archive.warc",),
    "fastwarc": ("archive.warc",),
    "isal": ("archive.warc",),
    "brotli": ("archive.warc",),
    "backports": ("archive.warc",),
    "idna": ("archive.urls",),
    "sqlite_utils": ("archive.store",),
    "rapidfuzz": ("archive.store", "archive.browse"),
    "pyarrow": ("archive.export",),
    "datasette": ("archive.browse",),
    "nh3": ("archive.browse",),
    "polib": ("archive.browse",),
    "PIL": ("archive.pictures",),
    "pytesseract": ("archive.pictures",),
    "bs4": ("crawler.extract", "crawler.discover"),
    "pypdf": ("crawler.discover",),
    "selectolax": ("crawler.tree", "crawler.extract", "crawler.discover", "crawler.login", "crawler.reading"),
    "ahocorasick_rs": ("crawler.extract",),
    "form2request": ("crawler.login",),
    "parsel": ("crawler.login",),
    "protego": ("crawler.look",),
    "scrapy": ("crawler.spiders", "crawler.capture", "crawler.scheduler", "crawler.politeness", "crawler.progress", "crawler.run"),
    "twisted": ("crawler.spiders", "crawler.capture", "crawler.politeness"),
    "OpenSSL": ("crawler.capture",),
    "cryptography": ("crawler.replica", "archive.signing", "archive.timestamps", "archive.trust", "archive.wacz"),
    "rfc3161_client": ("archive.timestamps",),
    "click": (
        *("archive.cli", "archive.export.cli", "archive.gallery", "archive.packing", "archive.report.cli", "crawler.cli", "crawler.crawl_cli", "crawler.curation.cli", "crawler.intake_cli"),
        "archive.withholding.cli",
        *("crawler.alerting.cli", "crawler.audit.cli", "crawler.doctor.cli", "crawler.erasing.cli", "crawler.golden.cli", "crawler.look.cli", "crawler.memento.cli", "crawler.options", "crawler.patching.cli", "crawler.replica", "crawler.schedule.cli", "crawler.sites.cli", "crawler.status.cli"),
    ),
    "rich": ("crawler.intake_cli", "crawler.gauge", "crawler.progress", "crawler.display", "crawler.schedule.cli", "crawler.sites.cli", "crawler.status.cli"),
    "cronsim": ("crawler.schedule.rule",),
    "pydantic": ("archive.configuration", "archive.marker", "crawler.alerting", "crawler.sites"),
    "tldextract": ("crawler.domains", "crawler.politeness", "crawler.extract"),
}  # fmt: skip
NEVER_IN_ARCHIVE = ("crawler", "scrapy", "twisted", "urllib.request", "http.client", "requests", "httpx", "aiohttp")
DRAWERS = ("utils", "util", "helpers", "helper", "common", "misc", "manager")


def sources() -> list[Path]:
    return sorted(path for package in ("archive", "crawler") for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    return max((room for room in ROOMS if module == room or module.startswith(f"{room}.")), key=len, default="")


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which room it reaches into"
            assert node.module
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if (ROOT / Path(*inner.split("."))).with_suffix(".py").exists() else node.module


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_a_room_imports_only_what_the_map_allows(path: Path) -> None:
    module = module_of(path)
    if module in {"archive", "crawler"}:
        assert not list(imports(path))
        return
    room = room_of(module)
    assert room, f"{module} is in no room of the map"
    for name in imports(path):
        if name in {"archive", "crawler"}:
            pytest.fail(f"{module} imports {name} bare")
        if name.split(".")[0] not in {"archive", "crawler"}:
            continue
        reached = room_of(name)
        assert reached == room or reached in ROOMS[room] or name.split(".")[0] in ROOMS[room], (
            f"{module} imports {name}"
        )


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_an_outside_package_stays_in_its_room(path: Path) -> None:
    module = module_of(path)
    for name in imports(path):
        vendor = name.split(".")[0]
        if vendor in VENDORS:
            assert room_of(module) in VENDORS[vendor], f"{module} imports {name}"
        if module.split(".")[0] == "archive":
            forbidden = [never for never in NEVER_IN_ARCHIVE if name == never or name.startswith(f"{never}.")]
            assert not forbidden, f"{module} imports {name}"


def test_no_import_leads_back_to_where_it_began() -> None:
    """Nor one within a function, or for the types alone: what both need stands below them."""
    modules = {module_of(path): path for path in sources()}
    reached = {module: set(imports(path)) & modules.keys() - {module} for module, path in modules.items()}
    assert next(TopologicalSorter(reached).static_order())  # raises CycleError, naming the circle


def test_no_drawer_has_a_name_of_its_own() -> None:
    assert [path for path in sources() if path.stem in DRAWERS or path.parent.name in DRAWERS] == []


def test_every_room_of_the_map_is_there() -> None:
    modules = {module_of(path) for path in sources()}
    assert [room for room in ROOMS if not any(m == room or m.startswith(f"{room}.") for m in modules)] == []


def test_both_package_names_belong_to_bewaar_alone() -> None:
    owners = packages_distributions()
    # An editable install lists none of its files; what matters is that nobody else's are there.
    assert set(owners.get("crawler", ["bewaar"])) == {"bewaar"}
    assert set(owners.get("archive", ["bewaar"])) == {"bewaar"}


def test_a_command_starts_without_what_it_may_not_need() -> None:
    """Every command, and its --help, imports the front door: what weighs is imported by the command that needs it."""
    heavy = (
        "sqlite_utils",
        "pydantic",
        "scrapy",
        "twisted",
        "datasette",
        "selectolax",
        "bs4",
        "warcio",
        "PIL",
        "rich.progress",
    )
    code = f"import sys, crawler.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
