"""Nothing archived runs in a visitor's browser: looked at in a real Chromium, beside controls that do run."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from tests.archive.browse_archive import EVIL, EVIL_HTML, EVIL_SVG, HOME
from tests.archive.browse_server import visiting

pytestmark = pytest.mark.chromium


def executed(page) -> bool:
    page.wait_for_timeout(100)
    return any(
        frame.evaluate("document.title === 'EXECUTED' || document.documentElement?.dataset.executed === '1'")
        for frame in page.frames
    )


@contextmanager
def plain_server(body: bytes, mime: str):
    """The same bytes served as anybody would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", mime)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize(("body", "mime"), [(EVIL_HTML, "text/html"), (EVIL_SVG, "image/svg+xml")])
def test_control_the_attacks_do_run_when_they_are_served_plainly(browser, body, mime):
    with plain_server(body, mime) as address, visiting(browser) as (page, _):
        page.goto(address)
        assert executed(page)


@pytest.mark.parametrize("name", ["home", "evil", "svg", "gif", "script", "gone", "odd"])
@pytest.mark.parametrize("view", ["raw", "snapshot", ""])
def test_no_capture_runs(browser, base, built, name, view):
    with visiting(browser) as (page, asked):
        page.goto(base + built.path(name, view))
        assert not executed(page)
        assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {base.split("/")[2]}


def test_no_capture_runs_on_the_way_through_its_address(browser, base):
    for address in (EVIL, HOME, "http://netwerk.test/evil.svg", "http://netwerk.test/"):
        with visiting(browser) as (page, _):
            page.goto(f"{base}/-/web/20170101000000/{address}")
            assert not executed(page)


@pytest.mark.parametrize(
    "path",
    ["/", "/archive/capture", "/archive/resource", "/archive/page_version", "/archive/current_sponsors",
     "/archive/captures_of?url=evil", "/archive/failures", "/-/search?q=kwaad", "/-/search?q=%22><script>x",
     "/-/capture/<script>document.title='EXECUTED'</script>"],
)  # fmt: skip
def test_nothing_runs_on_the_pages_that_tell_of_it(browser, base, path):
    with visiting(browser) as (page, _):
        page.goto(base + path)
        assert not executed(page)


def test_a_framed_snapshot_cannot_reach_the_page_around_it(browser, base, built):
    with visiting(browser) as (page, _):
        page.goto(base + built.path("home"))
        page.locator("iframe").scroll_into_view_if_needed()
        # It loads lazily, and on a busy machine late.
        frames = []
        for _ in range(200):
            frames = [frame for frame in page.frames if frame.url.endswith("/snapshot")]
            if frames:
                break
            page.wait_for_timeout(100)
        (frame,) = frames
        frame.wait_for_load_state()
        assert frame.evaluate("self.origin") == "null"
        assert "Wilde Ganzen" in frame.evaluate("document.body.innerText")


def test_the_snapshot_is_shown_with_its_pictures_and_styles(browser, base, built):
    with visiting(browser) as (page, asked):
        page.goto(base + built.path("home", "snapshot"))
        page.wait_for_load_state("networkidle")
        shown = page.evaluate("[...document.images].filter(i => i.naturalWidth > 0).length")
        assert shown == 3  # two logos and the lazy one
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
        assert any("achtergrond" in url for url in asked)
        assert page.get_by_text("not the live site").is_visible()


def test_datasettes_own_scripts_still_work(browser, base):
    with visiting(browser) as (page, _):
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(base + "/archive/capture")
        page.locator("th svg.dropdown-menu-icon").first.click()
        assert page.get_by_text("Sort descending").is_visible()
        page.goto(base + "/archive")
        page.locator(".CodeMirror, .cm-editor").first.wait_for(timeout=5000)
        assert complaints == []


def test_logos_are_shown_made_small(browser, base):
    for path, expected in (("/", 3), ("/archive/current_sponsors", 3), ("/archive/current_sponsor", 3),
                           ("/archive/logo", 3), ("/-/organisation/stichting-lantaarn", 1)):  # fmt: skip
        with visiting(browser) as (page, _):
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            wide = page.evaluate("[...document.images].map(i => (i.scrollIntoView(), i.naturalWidth))")
            page.wait_for_timeout(200)
            wide = page.evaluate("[...document.images].map(i => i.naturalWidth)")
            assert len(wide) == expected, path
            assert min(wide) > 20, path
            sources = page.evaluate("[...document.images].map(i => i.currentSrc)")
            assert all(source.endswith("/thumbnail") for source in sources), path


@pytest.mark.parametrize("path", ["/", "/archive", "/archive/capture", "/archive/current_sponsor", "/archive/changes",
                                  "/-/search?q=kinderen", "CAPTURE", "/archive/capture/1", "/-/changes",
                                  "/-/organisation/stichting-lantaarn", "PAGE", "DIFF"])  # fmt: skip
def test_pages_fit_a_phone_speak_a_language_and_need_no_script(browser, base, built, path):
    version = f"/-/page/{built.ids['home']}"
    named = {"CAPTURE": built.path("home"), "PAGE": version, "DIFF": f"{version}/diff/{built.ids['home2']}"}
    path = named.get(path, path)
    with visiting(browser, viewport={"width": 390, "height": 800}, java_script_enabled=False) as (page, _):
        page.goto(base + path)
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("main h1").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_narrows_a_search_stands_closed_above_the_hits_and_open_beside_them_where_there_is_room(browser, base):
    with visiting(browser, viewport={"width": 390, "height": 800}, java_script_enabled=False) as (page, _):
        page.goto(f"{base}/-/search?q=kinderen")
        box, link, hits = (
            page.locator("details.bw-facets"),
            page.locator(".bw-facets a").first,
            page.locator(".bw-hits"),
        )
        assert not link.is_visible()
        above, below = box.bounding_box(), hits.bounding_box()
        assert above["height"] < 40
        assert above["y"] + above["height"] <= below["y"] < 800
        box.locator("summary").click()
        assert link.is_visible()
        with page.expect_navigation():
            link.click()
        assert " · " in box.locator("summary").inner_text()
        page.set_viewport_size({"width": 1200, "height": 800})
        assert link.is_visible()
        assert not box.locator("summary").is_visible()
        assert box.bounding_box()["x"] > hits.bounding_box()["x"] + hits.bounding_box()["width"]


@pytest.mark.parametrize("path", ["CAPTURE", "/-/organisations", "/-/organisation/stichting-lantaarn", "PAGE"])
def test_on_a_phone_a_row_is_a_card_that_stands_whole_on_the_screen(browser, base, built, path):
    named = {"CAPTURE": built.path("home"), "PAGE": f"/-/page/{built.ids['home']}"}
    with visiting(browser, viewport={"width": 375, "height": 700}, locale="nl") as (page, _):
        page.goto(base + named.get(path, path))
        box = page.locator(".bw-scroll").last
        assert box.evaluate("e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]") == [0, 0]
        assert (
            box.evaluate("e => Math.max(...[...e.querySelectorAll('td')].map(d => d.getBoundingClientRect().right))")
            <= 375
        )
        told = box.evaluate(
            "e => [...e.querySelector('tbody tr').cells].map(c => getComputedStyle(c, '::before').content)"
        )
        assert ('"Eerst vastgelegd"' in told or '"Eerst vermeld"' in told) == (path != "CAPTURE")
        assert [one for one in box.locator(".bw-line").all() if one.is_visible()] == []
        assert box.locator("thead").evaluate("e => e.getBoundingClientRect().width") <= 1


def test_the_charts_of_a_crawl_are_read_on_a_phone(browser, base):
    with visiting(browser, viewport={"width": 375, "height": 700}) as (page, _):
        page.goto(f"{base}/-/crawl/latest")
        drawn = page.locator(".cr svg text")
        sizes = drawn.evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)")
        assert min(sizes) >= 12
        assert max(drawn.evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")) <= 375
        heights = page.locator(".cr svg.bars").evaluate_all(
            "all => all.map(e => [e.clientHeight, +e.getAttribute('height')])"
        )
        assert heights
        assert all(shown == meant for shown, meant in heights)


def test_the_keyboard_comes_first_to_the_way_past_the_menu(browser, base):
    with visiting(browser) as (page, _):
        page.goto(base + "/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        page.keyboard.press("Enter")
        assert page.url.endswith("#content")
