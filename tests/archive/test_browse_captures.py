"""The page of a capture: what is known of it, its facts where they stand, and the ways to others."""

from __future__ import annotations

import re
import shutil
import sqlite3

import pytest
from datasette.app import Datasette

from archive.browse import evidence
from archive.browse.serve import build as build_datasette
from archive.layout import Archive
from archive.model import Capture, Crawl, Reading
from archive.store import Store
from crawler.items import KINDS
from tests.archive.browse_archive import EVIL, HOME, HOST, SITE
from tests.archive.browse_server import running, text_of


@pytest.mark.parametrize("name", ["home", "home2", "pdf", "moved", "Plan Vooruit 2"])
def test_a_capture_says_how_to_cite_it(client, built, db, name):
    html = client.get(built.path(name)).text
    url, at = db.execute(
        "SELECT r.url, c.captured_at FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.record_id = ?",
        (f"<urn:uuid:{built.ids[name]}>",),
    ).fetchone()
    cited = re.search(r'<p class="bw-long bw-cite">(.*?)</p>', html, re.DOTALL)[1]
    digits = re.sub(r"\D", "", at)
    permalink = f"{client.base_url}/-/web/{digits}/{url}"
    title = re.search("<h1>(.*?)</h1>", html)[1]
    assert text_of(cited) == f"“{title}”, {url}, as captured {at[:10]} {at[11:19]} UTC. Museum van het Web, {permalink}"
    assert f'href="{permalink}"' in cited
    if name != "moved":  # that leads on
        assert client.get(permalink).headers["location"].startswith(f"{built.path(name)}/")


def test_links_lead_to_the_quote(client, db):
    """From the front page, the changes and an organisation, wherever a fact is meant."""
    roles = set()
    pages = ("/", "/-/changes", *(f"/-/organisation/{key}" for (key,) in db.execute("SELECT id FROM organisation")))
    for page in pages:
        links = set(re.findall(r'href="(/-/capture/[^"#]+)#([^"]+)"', client.get(page).text))
        assert links or page == "/-/organisation/netwerk", page  # no list names it
        for path, anchor in links:
            html = client.get(path).text
            assert html.count(f'<li id="{anchor}">') == 1, (page, path, anchor)
            roles.add(anchor.split("-")[1])
    assert roles == {"member", "sponsor", "goal"}


def test_a_fact_that_is_listed_twice_has_one_anchor():
    fact = {"role": "member", "organisation_id": None, "value": "De Zorg", "raw": "De Zorg", "logo_url": None}
    first, second, other = evidence.anchored([fact, {**fact, "value": "de zorg."}, {**fact, "role": "sponsor"}])
    assert first["anchor"] == evidence.anchor("member", "de zorg")
    assert second["anchor"] is None
    assert other["anchor"] == evidence.anchor("sponsor", "de zorg")


def test_a_failure_is_not_cited(client, built):
    assert "How to cite" not in client.get(built.path("failed")).text


def test_a_capture_page_tells_all_that_is_known(client, built):
    capture = built.captures["home"]
    html = client.get(built.path("home")).text
    text = text_of(html)
    assert "Archived copy of 2016-05-01 12:00:01 (UTC), not the live site." in text
    assert HOME in text
    assert f"{capture.place.file} at {capture.place.offset}, {capture.place.length} bytes" in text
    assert capture.payload_digest in text
    assert text.count("equal") == 3  # payload as we have it, and the two digests the record declares
    assert "NOT EQUAL" not in text
    assert "Set-Cookie visited=1; Path=/" in text  # told, never sent
    assert "WARC-Type response" in text
    for view in ("raw", "record", "snapshot"):
        assert f'href="{built.path("home", view)}"' in html


def test_a_capture_page_shows_each_fact_where_it_stands(client, built):
    html = client.get(built.path("home")).text
    assert "<mark>Wilde Ganzen</mark>" in html
    assert "alt=&#34;<mark>Stichting Lantaarn</mark>" in html
    assert html.count("quote found") == 7
    assert "NOT FOUND" not in html


@pytest.mark.parametrize(
    ("language", "hops", "rule"),
    [
        ("en", "hops a link, a part of the page", "by the rule list under a heading"),
        ("nl", "stappen een link, een onderdeel van de pagina", "volgens de regel lijst onder een kopje"),
    ],
)
def test_hops_and_rules_are_said_in_words(found_by_hops, built, language, hops, rule):
    text = found_by_hops.get(built.path("home"), headers={"Accept-Language": language}).text
    assert f"({hops})" in text
    assert rule in text
    assert "labelled-list" not in text
    (row,) = found_by_hops.get("/archive/capture.json?_shape=array&hops=LE").json()
    assert row["hops"] == "LE"


@pytest.fixture
def found_by_hops(built, tmp_path):
    archive = Archive.open(shutil.copytree(built.archive.root, tmp_path / "archive"))
    with sqlite3.connect(archive.database) as connection:
        record = f"<urn:uuid:{built.ids['home']}>"
        connection.execute("UPDATE capture SET hops = 'LE', via = ? WHERE record_id = ?", (HOST, record))
    with running(build_datasette(archive)) as client:
        yield client


def test_a_quote_that_does_not_stand_there_is_said_so(built, tmp_path):
    copy = tmp_path / "archive.db"
    copy.write_bytes(built.archive.database.read_bytes())
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE evidence SET byte_start = byte_start + 3 WHERE quote = 'Wilde Ganzen'")
    db.close()
    about = {"plugins": {"bewaar": {"warcs": str(built.archive.warcs)}}}
    with running(Datasette([str(copy)], metadata=about)) as client:
        assert client.get(built.path("home")).text.count("quote NOT FOUND") == 1


def test_a_capture_leads_to_the_others_of_its_page(client, built):
    text = client.get(built.path("home")).text
    assert f'href="{built.path("home2")}"' in text
    assert "other text" in text


def test_a_failed_fetch_has_a_page_and_no_body(client, built):
    assert "timeout after 30 s" in client.get(built.path("failed")).text
    answer = client.get(built.path("failed", "raw"))
    assert answer.status_code == 404
    assert "timeout after 30 s" in answer.text
    assert client.get(built.path("failed", "record")).status_code == 200


def test_a_revisit_is_shown_with_the_bytes_of_its_original(built, tmp_path):
    root = tmp_path / "copy"
    import shutil

    shutil.copytree(built.archive.root, root)
    original = built.captures["home"]
    block = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    record = (
        b"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:11111111-1111-4111-8111-111111111111>\r\n"
        b"WARC-Date: 2017-05-01T00:00:00Z\r\n" + f"WARC-Refers-To: {original.record_id}\r\n".encode()
        + f"Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
    )  # fmt: skip
    (root / "warcs" / "revisit.warc").write_bytes(record)
    from archive.model import Place

    def revisit(number: int, refers_to: str) -> Reading:
        return Reading(
            Capture(
                record_id=f"<urn:uuid:{str(number) * 8}-1111-4111-8111-111111111111>", type="revisit", url=HOME,
                urlkey="test,netwerk)/", warc_date="2017-05-01T00:00:00Z", status=304, mime=None, page_key="home",
                place=Place("revisit.warc", (number - 1) * 1000, len(record)), refers_to=refers_to,
            )
        )  # fmt: skip

    with Store(root / "archive.db", KINDS) as store:
        store.write_crawl(Crawl(f"{SITE}-20170501000000000", SITE, "2017-05-01T00:00:00Z", None, "imported", "other"))
        store.write_readings(
            f"{SITE}-20170501000000000", [revisit(1, original.record_id), revisit(2, "<urn:uuid:gone>")]
        )
        store.derive(SITE, anchors=["home"])
    with running(Datasette([str(root / "archive.db")])) as client:
        path = "/-/capture/11111111-1111-4111-8111-111111111111"
        assert client.get(f"{path}/raw").content == client.get(built.path("home", "raw")).content
        assert "Wilde Ganzen" in client.get(f"{path}/snapshot").text
        assert client.get(f"{path}/record").content == record
        page = client.get(path).text
        assert f'href="{built.path("home")}"' in page
        assert "which holds the bytes" in page
        assert "<mark>Wilde Ganzen</mark>" in page
        lost = "/-/capture/22222222-1111-4111-8111-111111111111"
        assert client.get(f"{lost}/raw").status_code == 404
        assert "not in this archive" in client.get(lost).text


@pytest.mark.parametrize("path", ["/-/capture/nowhere", "/-/capture/id:%3Curn%3Ax%2Fy%3E", "/-/capture/row/999",
                                  "/-/capture/row/9999999999999999999", "/-/capture/nowhere/raw",
                                  "/-/web/20160101000000/http://never.test/", "/-/web/20160101000000/%ff%00",
                                  "/-/web/99999999999999/x"])  # fmt: skip
def test_what_is_not_in_the_archive_is_a_404_that_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Not in this archive" in answer.text


def test_a_row_number_leads_to_the_public_address(client, db, built):
    (row,) = db.execute("SELECT id FROM capture WHERE record_id = ?", [built.captures["home"].record_id]).fetchone()
    answer = client.get(f"/-/capture/row/{row}")
    assert answer.status_code == 302
    assert answer.headers["location"] == built.path("home")


@pytest.mark.parametrize(
    ("at", "url", "name", "view"),
    [
        ("20160501120000", HOME, "home", "snapshot"),
        ("20170101000000", HOME, "home", "snapshot"),
        ("20170801000000", HOME, "home2", "snapshot"),
        ("19990101000000", HOME, "home", "snapshot"),
        ("2016", HOME, "home", "snapshot"),
        ("99999999999999", HOME, "home2", "snapshot"),
        ("20180230", HOME, "home2", "snapshot"),
        ("20189", HOME, "home2", "snapshot"),
        ("20180501996060", HOME, "home2", "snapshot"),
        ("00000000", HOME, "home", "snapshot"),
        ("20160501120000im_", f"{HOST}/images/215/1000.png", "Stichting Lantaarn", "raw"),
        ("20160501120000", f"{HOST}/images/215/1000.png".replace("http:", "https:"), "Stichting Lantaarn", "raw"),
        ("20160501120000", HOME.replace("http://", "http:/"), "home", "snapshot"),
        ("20160501120000", EVIL, "evil", "snapshot"),
    ],
)
def test_an_address_leads_to_the_capture_nearest_in_time(client, built, at, url, name, view):
    answer = client.get(f"/-/web/{at}/{url}")
    assert answer.status_code == 302
    assert answer.headers["location"] == built.path(name, view)


def test_a_redirect_is_followed_inside_the_archive(client, built):
    answer = client.get(f"/-/web/20160501120000/{HOST}/", follow_redirects=True)
    assert str(answer.url).endswith(built.path("home", "snapshot"))
    assert answer.headers["memento-datetime"] == "Sun, 01 May 2016 12:00:01 GMT"
    assert answer.headers["link"].split(", ") == [
        f'<{HOME}>; rel="original"',
        f'<{client.base_url}/-/timegate/{HOME}>; rel="timegate"',
        f'<{client.base_url}/-/timemap/link/{HOME}>; rel="timemap"; type="application/link-format"',
    ]
