"""`bewaar sites add` over a file of addresses: what a look asks for, what it tells, and what it writes."""

from __future__ import annotations

import gzip
import json
import socket
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ByteSize

from archive.layout import Archive
from crawler.alerting.gather import gather
from crawler.alerting.settings import Alerts
from crawler.look.add import add_site
from crawler.look.survey import is_look
from crawler.roster import roster
from crawler.schedule.history import last_crawl
from crawler.sites.profile_files import read_profile
from crawler.status.state import state_of
from tests.front_door import CONTACT, bewaar
from tests.site_server import Answer, Site

pytestmark = pytest.mark.xdist_group("look")

HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/xml"}
HOME = """<!doctype html><html lang="nl-NL"><head><title>Koren van het Noorden</title>
<link rel="stylesheet" href="/wp-content/themes/a/style.css">
<link rel="alternate" type="application/rss+xml" href="/feed/">
<link rel="alternate" hreflang="en" href="http://www.koren.test/en/"></head>
<body><h1>Koren van het Noorden</h1><p>Wij laten elk dorp zingen, en dat al sinds de dijk er ligt.</p>
<a href="/nieuws">Nieuws</a> <a href="/login">Inloggen</a> <a href="/leden">Leden</a> <a href="/agenda">Agenda</a>
<a href="http://archief.koren.test/">Archief</a> <img src="/wp-content/zee.png"></body></html>"""
MEMBERS = """<!doctype html><html lang="nl"><title>Leden</title><h1>Leden</h1><h2>Onze leden</h2>
<ul><li>Zangkring Zeedijk</li><li>Koor De Kwelder</li><li>Stichting Stem en Storm</li></ul>
<img src="/wp-content/kwelder.png"></html>"""
NEWS = '<!doctype html><html lang="nl"><title>Nieuws</title><p>Er is niets nieuws, maar dat is ook wat.</p></html>'


def html(text: str) -> Answer:
    return 200, HTML, text.encode()


def urlset(*paths: str, lastmod: str = "2024-05-02") -> bytes:
    urls = "".join(f"<url><loc>http://www.koren.test{path}</loc><lastmod>{lastmod}</lastmod></url>" for path in paths)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def choirs() -> Site:
    """http://koren.test/, which leads to the same with www."""

    def front() -> Answer:
        if site.asked[-1].headers["Host"].startswith("www."):
            return html(HOME)
        return 301, {"Location": "http://www.koren.test/"}, b""

    robots = b"User-agent: *\nCrawl-delay: 5\nDisallow: /intern\nSitemap: http://www.koren.test/index.xml\n"
    index = "".join(f"<sitemap><loc>http://www.koren.test/{name}</loc></sitemap>" for name in ("a.xml", "b.xml.gz"))
    site = Site(
        {
            "/": front,
            "/robots.txt": (200, {"Content-Type": "text/plain"}, robots),
            "/index.xml": (200, XML, f"<sitemapindex>{index}</sitemapindex>".encode()),
            "/a.xml": (200, XML, urlset("/", "/nieuws", "/leden", "/agenda", "/over", "/e", "/f", "/g")),
            "/b.xml.gz": (200, {"Content-Type": "application/gzip"}, gzip.compress(urlset("/p", lastmod="2025-01-31"))),
            "/nieuws": html(NEWS),
            "/leden": html(MEMBERS),
        }
    )
    return site


@dataclass
class Looked:
    archive: Archive
    choirs: Site
    walled: Site
    options: tuple[str, ...]
    lines: list[str]
    #: what was reported, by the number of the line
    by_line: dict[int, dict[str, Any]]
    source: Path
    code: int


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """An archive to which a file of addresses was added, once for all."""
    place = tmp_path_factory.mktemp("look")
    archive = Archive.create(place / "a", contact=CONTACT)
    login = "<!doctype html><title>Log in</title><form><input name=u><input type=password name=p></form>"
    with ExitStack() as stack, socket.socket() as taken:
        site = stack.enter_context(choirs())
        walled = Site({"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /\n"), "/": html(HOME)})
        private = Site({"/": (302, {"Location": "/login?to=/"}, b""), "/login?to=/": html(login)})
        drawn = Site({"/": html("<!doctype html><title>App</title><div id=app></div><script src=/app.js></script>")})
        for each in (walled, private, drawn):
            stack.enter_context(each)
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        lines = [
            "# Who sings in the north",
            "",
            "http://koren.test/ koren   # the league",
            walled.url(),
            f"http://127.0.0.1:{taken.getsockname()[1]}/ closed",
            private.url(),
            drawn.url(),
            "ftp://koren.test/",
            "http://koren.test/ koren",
            "http://koren.test/ een twee drie",
        ]
        source = place / "sites.txt"
        source.write_text("\n".join(lines))
        routes = [f"{host}:80:127.0.0.1:{site.port}" for host in ("koren.test", "www.koren.test")]
        options = ("--archive", str(archive.root), "--delay", "0")
        options += tuple(part for route in routes for part in ("--connect-to", route))
        done = bewaar("sites", "add", "-f", source, "--json", *options, code=None)
        reports = {int(report["where"].rpartition(" ")[2]): report for report in json.loads(done.stdout)}
        yield Looked(archive, site, walled, options, lines, reports, source, done.returncode)


def test_one_bad_line_stops_no_other_and_the_exit_code_tells(looked: Looked) -> None:
    assert looked.code == 1
    assert {number: report["outcome"] for number, report in looked.by_line.items()} == {
        3: "added", 4: "not added", 5: "not added", 6: "not added", 7: "not added", 8: "not added", 9: "not added",
        10: "not added",
    }  # fmt: skip
    assert sorted(path.name for path in looked.archive.sites.iterdir()) == ["koren.toml"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (4, "its robots.txt asks not to be crawled: ask its owner"),
        (5, "no server listens there: check the address"),
        (6, "it shows nothing but a login form; if you have an account, docs/login.md"),
        (7, "its front page is empty without scripts"),
        (8, "is not a web address, such as https://example.org/"),
        (9, "the same site as {source} line 3"),
        (10, "more than a web address and a name"),
    ],
)
def test_what_cannot_be_added_is_told_by_line_with_what_to_do(looked: Looked, line: int, why: str) -> None:
    assert why.format(source=looked.source) in looked.by_line[line]["why"]


def test_a_look_is_a_handful_of_requests(looked: Looked) -> None:
    asked = [f"{asked.headers['Host']}{asked.path}" for asked in looked.choirs.asked[:10]]
    assert asked[:3] == ["koren.test/robots.txt", "koren.test/", "www.koren.test/robots.txt"]
    # The link in front, whatever it is, and the next that promises a list; no login, no image, no style.
    assert set(asked[3:9]) == {
        f"www.koren.test{path}" for path in ("/", "/index.xml", "/a.xml", "/b.xml.gz", "/nieuws", "/leden")
    }
    assert all(CONTACT in asked.headers["User-Agent"] for asked in looked.choirs.asked)
    assert looked.walled.paths() == ["/robots.txt"]


def test_what_was_seen_is_told(looked: Looked) -> None:
    seen = looked.by_line[3]["seen"]
    assert [(step["url"], step["status"]) for step in seen["way"]] == [
        ("http://koren.test/", 301),
        ("http://www.koren.test/", 200),
    ]
    assert seen["home"]["title"] == "Koren van het Noorden"
    assert seen["languages"] == ["nl-nl", "en", "nl"]
    assert seen["cms"] == "WordPress"
    assert seen["home"]["feeds"] == ["http://www.koren.test/feed/"]
    assert seen["crawl_delay_s"] == 5
    told = {sitemap["url"].rpartition("/")[2]: sitemap for sitemap in seen["sitemaps"]}
    assert (told["index.xml"]["sitemaps"], told["a.xml"]["pages"], told["b.xml.gz"]["pages"]) == (2, 8, 1)
    assert (told["a.xml"]["newest"], told["b.xml.gz"]["newest"]) == ("2024-05-02", "2025-01-31")
    assert {page["url"]: page["sections"].get("member") for page in seen["inner"]} == {
        "http://www.koren.test/nieuws": None,
        "http://www.koren.test/leden": 3,
    }
    guess = looked.by_line[3]["guess"]
    # Nine pages, two requisites that every page has, and half the inner pages bring one of their own.
    assert (guess["pages"], guess["from_sitemaps"], guess["requests"], guess["time_s"]) == (9, True, 9 + 2 + 4, 0)


def test_the_profile_is_valid_and_says_what_differs(looked: Looked) -> None:
    path = looked.archive.sites / "koren.toml"
    text = path.read_text("utf-8")
    keys = {"title", "home", "seeds", "delay_s", "connect_to", "language", "description"}
    assert set(tomllib.loads(text)) == keys
    assert set(tomllib.loads(text)["description"]) <= {"title", "description", "language"}
    profile = read_profile(path)
    assert profile.seeds == ("http://www.koren.test/",)
    assert profile.title == "Koren van het Noorden"
    assert profile.language == "nl"
    assert '# hosts = ["archief.koren.test"]' in text
    assert '# cms = "WordPress"' in text
    assert "# members = 3" in text
    # Whoever takes the # away has a valid profile still.
    uncommented = "\n".join(line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in text.splitlines())  # fmt: skip
    looked.archive.root.joinpath("koren.toml").write_text(uncommented)
    whole = read_profile(looked.archive.root / "koren.toml")
    looked.archive.root.joinpath("koren.toml").unlink()
    assert (whole.expect.members, whole.hosts) == (3, ("archief.koren.test",))


def test_all_that_a_look_fetched_is_kept_and_the_database_is_what_the_warcs_say(looked: Looked) -> None:
    files = {path.name for path in looked.archive.sealed_warcs()}
    # What nobody answered for is kept too: that it was not there.
    assert {name.partition("-")[0] for name in files} >= {"koren", "closed"}
    assert all(is_look(looked.archive, name) for name in files)
    assert not list(looked.archive.state.glob("*.look.db*"))
    bewaar("verify", "--rows", "--archive", looked.archive.root)
    bewaar("rebuild", "--dry-run", "--archive", looked.archive.root)
    (listed,) = roster(looked.archive)
    assert (listed.name, listed.crawl, bool(listed.looked_at)) == ("koren", None, True)
    # For a schedule too: a site that was only looked at is crawled as one that is new.
    assert last_crawl(looked.archive, "koren") is None
    assert last_crawl(looked.archive, "closed") is None


def test_a_look_is_no_crawl_to_alerts_and_to_status(looked: Looked) -> None:
    assert gather(looked.archive, Alerts(disk_free=ByteSize(0))) == []
    (site,) = state_of(looked.archive)["sites"]
    assert (site["site"], site["crawls"], site["status"], bool(site["last"])) == ("koren", 0, "looked at only", True)


def test_a_profile_that_is_there_is_left_alone_and_nothing_is_asked(looked: Looked) -> None:
    path = looked.archive.sites / "koren.toml"
    before, asked = path.read_bytes(), len(looked.choirs.asked)
    again = add_site(looked.archive, "http://koren.test/", name="koren")
    assert (again.outcome, again.why) == ("there", None)
    other = add_site(looked.archive, "http://other.test/", name="koren")
    assert other.outcome == "not added"
    assert "is the profile of http://www.koren.test/: give this one another --name" in (other.why or "")
    assert (path.read_bytes(), len(looked.choirs.asked)) == (before, asked)


def test_a_dry_run_prints_the_profile_and_writes_none(looked: Looked) -> None:
    done = bewaar("sites", "add", "http://koren.test/", "--name", "proef", "--dry-run", *looked.options)
    told, _, profile = done.stdout.partition("\n\n# proef: proposed by")
    assert 'seeds = ["http://www.koren.test/"]' in profile
    assert "address      http://www.koren.test/ (where http://koren.test/ leads to, with www.)" in told
    assert "made with    WordPress" in told
    assert "robots.txt   lets us in, and wants 5 seconds between two requests" in told
    assert "sitemaps     3 read, with 9 pages, the newest of 2025-01-31" in told
    assert "found on     http://www.koren.test/leden: 3 members" in told
    assert "first crawl  about 9 pages by its sitemaps, 15 requests with images and styles; without a delay" in told
    assert not (looked.archive.sites / "proef.toml").exists()
