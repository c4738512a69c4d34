"""Golden pages of an archive's own sites: recorded by `bewaar savepage`, judged by `bewaar sites test`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archive.errors import WrongUse
from crawler.golden.pages import read_golden_page
from tests.front_door import bewaar, crawl
from tests.site_server import Site, page

TABLE = (
    "<h1>Who sings where</h1><table class=roll><tr><th>Choir</th><th>Town</th><th>Since</th></tr>"
    "<tr><td>Seawall Singers</td><td>Harwick</td><td>1951</td></tr>"
    "<tr><td>Café Chorale</td><td>Dunmouth</td><td>1968</td></tr></table>"
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive of one site, crawled by URL, and that URL."""
    place = tmp_path_factory.mktemp("golden") / "archive"
    html = f"<!doctype html><html lang=en><title>League</title><body>{TABLE}</body></html>".encode("iso-8859-15")
    pages = {
        "/": page('<a href="/members">Members</a><a href="/gone">gone</a><a href="/old">old</a><img src="/i.gif">'),
        "/members": (200, {"Content-Type": "text/html; charset=ISO-8859-15"}, html),
        "/old": (301, {"Location": "/members"}, b""),
        "/i.gif": (200, {"Content-Type": "image/gif"}, b"GIF89a"),
    }
    with Site(pages) as site:
        crawl(site.url(), place)
        crawl(site.url(), place)  # of what is the same the second has revisits only
        return place, site.url("/members")


def profile(archive: Path, url: str, text: str = "") -> None:
    (archive / "sites" / "league.toml").write_text(f'title = "League"\nseeds = ["{url}"]\n{text}')


def truth_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "page.json").read_text("utf-8"))
    return found


def test_a_golden_page_is_the_body_as_it_came_and_what_is_found_on_it(
    archive: tuple[Path, str], tmp_path: Path
) -> None:
    place, url = archive
    profile(place, url, '[selectors]\nmember = "table.roll"\n')
    done = bewaar("savepage", url, "--archive", place, "--site", "league", "--into", tmp_path)
    folder = tmp_path / "league" / "members"
    assert str(folder / "page.json") in done.stdout
    assert "member 2" in done.stdout
    assert "bewaar sites test league" in done.stdout
    body = (folder / "page.html").read_bytes()
    assert "Café".encode("iso-8859-15") in body
    truth = truth_of(folder)
    assert truth["url"] == url
    # Only the header told it.
    assert truth["charset"] == "iso-8859-15"
    assert truth["member"] == [["Seawall Singers", "member"], ["Café Chorale", "member"]]
    assert (truth["years"], truth["places"]) == ([1951, 1968], ["Harwick", "Dunmouth"])
    assert (truth["goal"], truth["sponsor"]) == ([], [])
    assert read_golden_page(folder).page.text.count("Café") == 1


def test_what_a_person_corrected_is_not_written_over(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, url = archive
    save = ("savepage", url, "--archive", place, "--site", "choirs", "--page", "roll", "--into", tmp_path)
    bewaar(*save)
    path = tmp_path / "choirs" / "roll" / "page.json"
    assert "unchanged" in bewaar(*save).stdout
    corrected = path.read_text("utf-8").replace('"goal": []', '"goal": ["Sing."]')
    path.write_text(corrected, "utf-8")
    refused = bewaar(*save, code=2).stderr
    assert str(path) in refused
    assert "--force" in refused
    assert path.read_text("utf-8") == corrected
    bewaar(*save, "--force")
    assert truth_of(path.parent)["goal"] == []


def test_golden_pages_lie_beside_the_profile_they_are_read_with(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, url = archive
    profile(place, url)
    checkout = tmp_path / "checkout"
    (checkout / "tests" / "pages").mkdir(parents=True)
    (checkout / "crawler" / "extract").mkdir(parents=True)
    (checkout / "crawler" / "extract" / "registry.py").touch()
    bewaar("savepage", url, "--archive", place, "--site", "league", cwd=checkout)
    assert (place / "pages" / "league" / "members" / "page.json").exists()
    bewaar("savepage", url, "--archive", place, "--site", "other", cwd=checkout)
    assert (checkout / "tests" / "pages" / "other" / "members" / "page.json").exists()
    # Elsewhere there is only the archive; and of what nobody named the site is the one it was crawled as.
    done = bewaar("savepage", url, "--archive", place, cwd=tmp_path)
    crawled_as = next(path for path in (place / "pages").iterdir() if path.name != "league")
    assert str(crawled_as / "members" / "page.json") in done.stdout
    assert "no" in done.stdout and f"called {crawled_as.name}" in done.stdout  # noqa: PT018 - one sentence
    bewaar("backup", tmp_path / "copy", "--archive", place)
    assert (tmp_path / "copy" / "pages" / "league" / "members" / "page.html").exists()


def test_a_file_is_recorded_with_the_url_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_text(f"<!doctype html><title>x</title>{TABLE}", "utf-8")
    assert "--url" in bewaar("savepage", "saved.html", cwd=tmp_path, code=2).stderr
    bewaar("savepage", "saved.html", "--url", "https://www.league.test/", "--into", "here", cwd=tmp_path)
    truth = truth_of(tmp_path / "here" / "league_test" / "front")
    assert truth["url"] == "https://www.league.test/"
    assert "charset" not in truth


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/gone", "status 404"),
        ("/old", "leads to"),
        ("/i.gif", "not a page"),
        ("/never", "bewaar crawl --scope page"),
    ],
)
@pytest.mark.parametrize("command", ["savepage", "extract"])
def test_what_is_no_page_says_what_it_is(archive: tuple[Path, str], command: str, path: str, said: str) -> None:
    place, url = archive
    asked = url.replace("/members", path)
    refused = bewaar(command, asked, "--archive", place, code=2).stderr
    assert said in refused
    assert asked in refused


def test_names_that_lead_out_of_the_folder_are_refused(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, url = archive
    for option in ("--site", "--page"):
        refused = bewaar("savepage", url, "--archive", place, option, "../out", "--into", tmp_path / "in", code=2)
        assert "not a site name" in refused.stderr
    assert "not a site name" in bewaar("sites", "test", "../*", "--archive", place, code=2).stderr
    assert not (tmp_path / "out").exists()


# Judging by them


def judged(archive: Path, *arguments: str, code: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        bewaar("sites", "test", *arguments, "--archive", archive, "--json", code=code, cwd=archive).stdout
    )
    return found


def test_a_profile_is_judged_by_its_golden_pages(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, url = archive
    profile(place, url, '[selectors]\nmember = "table.roll"\n')
    bewaar("savepage", url, "--archive", place, "--site", "league", "--force")
    good, *others = judged(place, "league", code=0)
    assert (good["site"], good["page"], good["wrong"], others) == ("league", "members", [], [])
    assert good["remarks"] == ["member: selectors found 2, the finder by itself 0"]

    path = place / "pages" / "league" / "members" / "page.json"
    truth = truth_of(path.parent)
    wrong = {
        **truth, "member": [["Cafe Chorale", "member"], ["Seawall Singers", "member"]], "years": [1, 2],
        "sponsor": ["Tuning Fork Fund"], "states": {"goal": "empty"}, "membr": [],
    }  # fmt: skip
    path.write_text(json.dumps(wrong), "utf-8")
    bad = judged(place, "league", code=1)[0]
    assert bad["wrong"] == [
        'member: not found: ["Cafe Chorale", "member"]',
        'member: found, and should not be: ["Café Chorale", "member"]',
        "years: found [1951, 1968], and should be [1, 2]",
        'sponsor: not found: "Tuning Fork Fund"',
        "goal: absent, and should be empty",
    ]
    assert "membr in page.json is no key of ours, and not checked" in bad["remarks"]

    path.write_text(json.dumps({**truth, "tier": "candidate"}), "utf-8")
    assert 'member: not found: ["Seawall Singers", "member"]' in judged(place, "league", code=1)[0]["wrong"]

    # A class that is gone: the selector matches nothing, and nothing else finds the table.
    path.write_text(json.dumps(truth), "utf-8")
    profile(place, url, '[selectors]\nmember = "table.members"\n')
    lines = bewaar("sites", "test", "league", "--archive", place, code=1).stdout
    assert 'member: not found: ["Seawall Singers", "member"]' in lines
    assert "member: the profile's selector matches nothing on any golden page: table.members" in lines


def test_a_site_without_golden_pages_is_told_how_to_get_one(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, _url = archive
    refused = bewaar("sites", "test", "nobody", "--archive", place, code=2).stderr
    assert "nor a profile of that name" in refused
    assert "bewaar savepage URL --site nobody" in refused
    assert "no golden page" in bewaar("sites", "test", "--archive", tmp_path / "none", cwd=tmp_path, code=2).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"), ("[]", "an object with the page's url"), ('{"url": 1}', "an object with the page's url"),
        ('{"url": "http://a.test/", "member": "x"}', "member: a list was expected"),
        ('{"url": "http://a.test/"}', "page.html: no such file"),
    ],
)  # fmt: skip
def test_a_page_json_that_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "page.json").write_text(text)
    with pytest.raises(WrongUse) as error:
        read_golden_page(folder)
    assert said in str(error.value)
    assert str(folder) in str(error.value)


# What extract shows


def test_extract_reads_a_capture_as_its_crawl_did(archive: tuple[Path, str], tmp_path: Path) -> None:
    place, url = archive
    profile(place, url, '[selectors]\nmember = "table.roll"\n')
    as_crawled = bewaar("extract", url, "--archive", place).stdout
    assert "Seawall Singers" not in as_crawled
    assert "as its crawl recorded it" in as_crawled
    assert ".warc.gz at " in as_crawled
    shown = bewaar("extract", url, "--archive", place, "--site", "league").stdout
    assert "Seawall Singers" in shown
    assert "year 1951, place Harwick" in shown
    assert "member: selectors found 2, the finder by itself 0, both 0" in shown
    # Spelt as people do, a slash more.
    facts = json.loads(bewaar("extract", f"{url}/", "--archive", place, "--site", "league", "--json").stdout)
    member = next(fact for fact in facts if fact["role"] == "member")
    assert member["url"] == url
    assert member["capture"]["file"].endswith(".warc.gz")
    assert member["evidence"]["xpath"].endswith("/td[1]")


def test_extract_refuses_what_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").write_bytes(b"\x1f\x8b\x08junk")
    assert "gzip, not a page" in bewaar("extract", tmp_path / "x.warc.gz", code=2).stderr
    assert "no archive there" in bewaar("extract", "http://a.test/", "--archive", tmp_path / "a", code=2).stderr


def test_extract_shows_no_markup_of_the_page_as_its_own(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(
        "<h2>Members</h2><ul><li>[red]Alpha[/red] Trust<li>Beta \x1b[2J Fund<li>Gamma Aid</ul>"
    )
    shown = bewaar("extract", tmp_path / "p.html").stdout
    assert "[red]Alpha[/red] Trust" in shown
    assert "\x1b" not in shown
