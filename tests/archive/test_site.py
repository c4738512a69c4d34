"""`export --site`: files for any host, with nothing in them that the public may not see."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import html5lib
import pytest

from archive.errors import WrongUse
from archive.layout import Archive
from archive.site import site as room
from archive.site.relink import Relinking
from archive.site.site import MARKER, export_site
from archive.store import Store, payloads_in
from archive.store.decisions import append_decision
from crawler.items import KINDS, Goal, Member, Sponsor
from tests.archive.browse_archive import ATTACK, EVIL_SVG, HOME, HOST, SITE, Building, build, response, section
from tests.archive.export_archive import export as export_dataset
from tests.front_door import bewaar

#: what they share is made once
pytestmark = pytest.mark.xdist_group("site")

SECRET = f"{HOST}/p/777/dossier"
HIDDEN, GUESSED, NOTE = "Stichting De Zilveren Vos", "Gokhuis Den Haag", "brief van mevrouw Jansen"
SHOUTING = "<b onclick='x'>Ö & Zn.</b>"
NEW = f"<!doctype html><title>Nieuw</title><ul><li>{SHOUTING.replace('&', '&amp;')}</ul>".encode()
SVG = EVIL_SVG.replace(b"</svg>", b'<rect width="40" height="40" fill="red"/></svg>')


def more(built) -> None:
    """A page that is withheld, a name that is only guessed, a sponsor with a logo that would run, and a harmful name."""
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        third = Building(built, store, datetime(2019, 5, 1, 12, tzinfo=UTC))
        secret = f"<!doctype html><title>Dossier</title><ul><li>{HIDDEN}</ul>".encode()
        hidden = section(Member, secret, [HIDDEN], organisation=lambda _: "zilveren-vos")
        third.add("secret", SECRET, response(secret, "text/html; charset=utf-8"), hidden, page_key="dossier")
        guess = f"<!doctype html><title>Gok</title><ul><li>{GUESSED}</ul>".encode()
        guessed = section(Goal, guess, [GUESSED], tier=lambda _: "candidate")
        third.add("guess", f"{HOST}/gok", response(guess, "text/html; charset=utf-8"), guessed, page_key="gok")
        body = f"<!doctype html><title>Steun</title><img alt='Fonds X' src='/x.svg'><p>{SHOUTING}</p>".encode()
        sponsors = section(
            Sponsor, body, ["Fonds X", SHOUTING], organisation=lambda name: f"Ö/{name}".lower(),
            logo_url=lambda name: f"{HOST}/x.svg" if name == "Fonds X" else None, name_source=lambda _: "alt",
            beneficiary=lambda _: "netwerk",
        )  # fmt: skip
        third.add("steun", f"{HOST}/steun", response(body, "text/html; charset=utf-8"), sponsors, page_key="steun")
        third.add("logo", f"{HOST}/x.svg", response(SVG, "image/svg+xml"))
        third.finish()
        store.derive(SITE, anchors=["home"], read=payloads_in(built.archive.warcs))
    append_decision(
        built.archive.decisions / "decisions.jsonl",
        who="beheer",
        why=f"privacy: {NOTE}",
        action="takedown",
        scope=SECRET,
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    built = build(tmp_path_factory.mktemp("site") / "archive")
    more(built)
    return built.archive


@pytest.fixture(scope="module")
def site(archive, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("exported") / "site"
    done = bewaar("export", "--archive", archive.root, "--site", place, "--json")
    told = json.loads(done.stdout)
    assert told["pages"] == len(list(place.rglob("*.html")))
    assert told["pictures"] == len(list((place / "pictures").iterdir()))
    return place


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Leads(HTMLParser):
    """Every address on a page, and every place in it that can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.to += [value for name, value in attrs if name in ("href", "src", "srcset", "action", "data")]
        self.ids |= {value for name, value in attrs if name == "id"}


def test_every_link_leads_to_a_file_and_every_file_is_led_to(site):
    pages = {name: Leads(text.decode()) for name, text in contents(site).items() if name.endswith(".html")}
    assert {"index.html", "about.html", "organisations.html", "changes.html", "organisation/wilde-ganzen.html"} <= set(
        pages
    )
    reached = {"index.html", "bewaar.svg", "changes.json", MARKER}
    for name, page in pages.items():
        for link in page.to:
            if link.startswith(
                ("https://datasette.io/", "data:image/svg+xml;base64,", "mailto:archief@museum.test", HOME)
            ):
                continue
            assert not urlsplit(link).scheme, (name, link)
            assert not link.startswith("/"), (name, link)
            target, _, place = urljoin(name, link).partition("#")
            target = unquote(target) or name
            assert (site / target).is_file(), (name, link)
            assert not place or place in pages[target].ids, (name, link)
            reached.add(target)
    assert reached == set(contents(site))


def test_pages_hold_nothing_that_needs_a_server_or_a_script(site):
    for path in site.rglob("*.html"):
        page = path.read_text()
        assert not {"script", "form", "iframe", "object", "base"} & Leads(page).tags, path
        assert "script-src 'none'" in page.partition("<link")[0]
        assert '<meta name="robots" content="noindex">' in page
        assert "Ask the archive" not in page


def test_pages_are_html(site):
    for name in ("index.html", "organisation/wilde-ganzen.html", "changes.html", "organisations.html"):
        html5lib.HTMLParser(strict=True).parse((site / name).read_text())


def test_what_is_withheld_guessed_or_the_operators_is_in_none_of_its_bytes(archive, site):
    with sqlite3.connect(archive.database) as known:
        values = {row[0] for row in known.execute("SELECT value FROM fact")}
    assert {HIDDEN, GUESSED} <= values
    everything = b"".join(contents(site).values()) + "".join(contents(site)).encode()
    assert SHOUTING.encode() not in everything
    assert b"&lt;b onclick=&#39;x&#39;&gt;\xc3\x96 &amp; Zn.&lt;/b&gt;" in everything
    for words in (HIDDEN, GUESSED, NOTE, "zilveren-vos", "/p/777", "beheer"):
        assert words.encode() not in everything, words


def test_it_says_what_it_is_made_of_and_how_to_cite_it(archive, site, tmp_path):
    marker = json.loads((site / MARKER).read_text())
    assert marker["dataset_digest"] == export_dataset(archive, tmp_path / "csv")["digest"]
    for path in site.rglob("*.html"):
        assert marker["citation"] in path.read_text()
    assert marker["citation"].startswith(
        "Museum van het Web. Web archive of Netwerk Betere Zorg [web archive]: captures"
    )
    files = contents(site)
    del files[MARKER]
    assert marker["files"] == {name: f"sha256:{hashlib.sha256(body).hexdigest()}" for name, body in files.items()}


def test_a_picture_that_could_run_is_no_file(site):
    assert [path.name for path in site.rglob("*.svg")] == ["bewaar.svg"]
    pictures = contents(site / "pictures")
    assert pictures
    assert all(ATTACK.encode() not in body for body in pictures.values())
    assert "data:image/svg+xml;base64," in (site / "index.html").read_text()


def test_feeds_lead_to_the_pages_of_the_site(archive, site, tmp_path):
    atom = ET.parse(site / "changes.atom").getroot()
    links = [link.get("href") for link in atom.iter("{http://www.w3.org/2005/Atom}link")]
    assert links[:2] == ["changes.atom", "changes.html"]
    ids = Leads((site / "changes.html").read_text()).ids
    assert len(links) > 4
    assert {link.partition("#")[2] for link in links[2:]} <= ids
    whole = export_site(archive, tmp_path / "site", {}, base_url="https://museum.test/web/", index=True)
    assert "https://museum.test/web/" in whole.citation
    feed = json.loads((tmp_path / "site" / "changes.json").read_text())
    assert feed["feed_url"] == "https://museum.test/web/changes.json"
    assert feed["items"][0]["url"].startswith("https://museum.test/web/changes.html#capture-")
    one = (tmp_path / "site" / "organisation" / "wilde-ganzen.atom").read_text()
    assert 'href="https://museum.test/web/organisation/wilde-ganzen.atom"' in one
    assert "noindex" not in (tmp_path / "site" / "index.html").read_text()
    assert b"localhost" not in b"".join(contents(tmp_path / "site").values())


def test_a_site_is_in_one_language(archive, tmp_path):
    citation = export_site(archive, tmp_path / "site", {}, language="nl").citation
    assert citation.startswith(
        "Museum van het Web. Webarchief van Netwerk Betere Zorg [webarchief]: vastleggingen van 20"
    )
    assert " Digest van de dataset: sha256:" in citation
    for path in (tmp_path / "site").rglob("*.html"):
        text = path.read_text()
        assert '<html lang="nl">' in text
        assert f"{citation}</p>" in text
        assert "Hoe te citeren" in text
        assert "English" not in text
        assert "lang=" not in "".join(Leads(text).to)
    assert "Organisaties" in (tmp_path / "site" / "organisations.html").read_text()
    assert (tmp_path / "site" / "changes.atom").is_file()


def test_the_same_data_is_the_same_bytes_and_takes_the_place_of_what_was_there(archive, site, tmp_path):
    again = tmp_path / "site"
    shutil.copytree(site, again)
    (again / "index.html").write_text("old")
    bewaar("export", "--archive", archive.root, "--site", again)
    assert contents(again) == contents(site)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_only_what_an_export_wrote_is_replaced(archive, site, tmp_path):
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    with pytest.raises(WrongUse, match="was not made by `bewaar export --site`"):
        export_site(archive, foreign, {})
    ours = tmp_path / "site"
    shutil.copytree(site, ours)
    (ours / "CNAME").write_text("museum.test")
    with pytest.raises(WrongUse, match="CNAME: no export wrote it"):
        export_site(archive, ours, {})
    (tmp_path / "link").symlink_to(site)
    with pytest.raises(WrongUse, match="is no directory"):
        export_site(archive, tmp_path / "link", {})
    assert (foreign / "letter.txt").read_text() == "dear"
    assert contents(ours).keys() == {*contents(site), "CNAME"}
    assert not list(tmp_path.glob(".*"))


def _killed(archive: Archive, place: Path) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    room.flush = die  # every page is written, none is on the medium
    export_site(archive, place, {})


def test_an_export_that_is_killed_leaves_the_old_site_whole(archive, site, tmp_path):
    place = tmp_path / "site"
    shutil.copytree(site, place)
    (place / "index.html").write_text("old")
    old = contents(place)
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(archive, place))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert contents(place) == old
    assert [path.name for path in tmp_path.iterdir() if path != place] == [".site.part"]
    export_site(archive, place, {})
    assert contents(place).keys() == old.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_options_of_other_exports_do_not_go_with_it(archive, tmp_path):
    done = bewaar("export", "--archive", archive.root, "--site", tmp_path / "s", "--format", "csv", code=2)
    assert "--site does not go with --format" in done.stderr
    done = bewaar("export", "--archive", archive.root, "--base-url", "https://x.test/", code=2)
    assert "--base-url, --language and --index go with --site" in done.stderr
    done = bewaar("export", "--archive", archive.root, "--site", tmp_path / "s", "--base-url", "x.test", code=2)
    assert "an address such as" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_link_that_leads_nowhere_leaves_its_words_or_goes_with_its_row():
    html = (
        '<title>A &amp; B</title><nav><ul><li><a href="/x">X</a></li><li><a href="/y">Y</a></li></ul></nav>'
        '<p class="bw-more"><a href="/x">X</a> · <a href="/y">Y &lt;</a> · <a href="/x">X</a></p>'
        '<p class="bw-more"><a href="/x">X</a></p><p>so <a href="/x">it <b>is</b></a><form><p>no</form> a<br/>b</p>'
        '<a href="/y"><img src="/x" alt="a &quot;b&quot;"></a><svg><rect x="1"/></svg><!-- gone -->'
    )
    relinking = Relinking({"/y": "y.html?a&b"}.get, head="", end="")
    relinking.feed(html)
    relinking.close()
    assert relinking.text == (
        '<title>A &amp; B</title><nav><ul><li><a href="y.html?a&amp;b">Y</a></li></ul></nav>'
        '<p class="bw-more"><a href="y.html?a&amp;b">Y &lt;</a></p>'
        "<p>so <span>it <b>is</b></span> a<br/>b</p>"
        '<a href="y.html?a&amp;b"><span class="bw-small">a &quot;b&quot;</span></a><svg><rect x="1"/></svg>'
    )


@pytest.mark.chromium
def test_a_browser_opens_it_from_a_folder(site):
    from tests.replayers import chromium

    with chromium() as browser:
        context = browser.new_context(java_script_enabled=True)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.eval_on_selector_all("img", "all => all.forEach(i => { i.loading = 'eager' })")
        widths = page.evaluate("Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))")
        assert len(widths) >= 4
        assert all(widths), widths
        assert page.evaluate("getComputedStyle(document.querySelector('header')).display") == "flex"
        page.click("nav >> text=Organisations")
        page.click("text=Wilde Ganzen")
        assert page.title() == "Wilde Ganzen"
        assert page.is_visible("svg rect.bw-bar")
        page.click("td.bw-date a >> nth=0")
        assert "#capture-" in page.url
        assert page.evaluate("document.querySelector(location.hash.replace(':', '\\\\:')).textContent").strip()
        page.click("text=home")
        assert page.title() == "Netwerk Betere Zorg"
        assert page.evaluate("document.documentElement.dataset.executed") is None
        context.close()
    assert all(url.startswith(("file://", "data:")) for url in asked), asked
