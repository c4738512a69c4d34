"""Every page is for everybody: what axe-core finds in a real Chromium, dark and light."""

from __future__ import annotations

import shutil
import subprocess
import tarfile

import pytest

from tests.archive.browse_server import visiting
from tests.machine import unavailable

pytestmark = pytest.mark.chromium

AXE = "axe-core@4.14.1"
PAGES = ("home", "capture", "picture", "changes", "organisation", "page", "diff", "search", "table", "row", "question",
         "database", "missing", "about")  # fmt: skip


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """The script. MPL-2.0: run by this test, and no part of what is shipped."""
    if not shutil.which("npm"):
        unavailable("needs npm")
    place = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "pack", "--silent", AXE], check=True, cwd=place, capture_output=True, timeout=300)
    with tarfile.open(next(place.glob("*.tgz"))) as packed:
        member = packed.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()


def path_of(built, name: str) -> str:
    return {
        "home": "/",
        "capture": built.path("home"),
        "picture": built.path("Stichting Lantaarn"),
        "changes": "/-/changes",
        "organisation": "/-/organisation/stichting-lantaarn",
        "page": f"/-/page/{built.ids['home']}",
        "diff": f"/-/page/{built.ids['home']}/diff/{built.ids['home2']}",
        "search": "/-/search?q=pleegzorg",
        "table": "/archive/capture",
        "row": "/archive/capture/1",
        "question": "/archive/listed_on",
        "database": "/archive",
        "missing": "/-/capture/nothing",
        "about": "/-/about",
        "crawl": "/-/crawl/latest",
    }[name]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(browser, base, built, axe, name, scheme):
    with visiting(browser, color_scheme=scheme, bypass_csp=True, viewport={"width": 1200, "height": 900}) as (page, _):
        page.goto(base + path_of(built, name))
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", ["home", "capture", "table", "about", "crawl"])
def test_axe_finds_nothing_serious_in_dutch(browser, base, built, axe, name):
    """Colours are the same; what differs is what is said, and in which language it says it is."""
    with visiting(browser, locale="nl-NL", bypass_csp=True, viewport={"width": 375, "height": 800}) as (page, _):
        page.goto(base + path_of(built, name))
        assert page.evaluate("document.documentElement.lang") == "nl"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    assert [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize(("name", "box"), [("page", "bw-scroll"), ("table", "bw-columns")])
def test_what_scrolls_on_a_screen_is_whole_on_paper(browser, base, built, name, box):
    hidden = f"Array.from(document.querySelectorAll('.{box}'), box => [getComputedStyle(box).overflowY, box.scrollHeight - box.clientHeight > 1])"
    with visiting(browser, viewport={"width": 1200, "height": 900}) as (page, _):
        page.goto(base + path_of(built, name))
        page.add_style_tag(content=".bw-scroll td { height: 30rem; }")  # longer than its box
        assert page.evaluate(hidden) == [["auto", True]]
        page.emulate_media(media="print")
        assert page.evaluate(hidden) == [["visible", False]]


def test_axe_would_find_something(browser, axe):
    with visiting(browser) as (page, _):
        page.set_content(
            '<!doctype html><html><body><img src="x.png"><p style="color:#bbb;background:#fff">Dit is te licht</p></body></html>'
        )
        page.evaluate(axe)
        found = page.evaluate("axe.run()")
    assert {"image-alt", "color-contrast"} <= {one["id"] for one in found["violations"]}
