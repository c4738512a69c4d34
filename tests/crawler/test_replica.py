"""The replica serves what its editions promise: every page, picture and oddity, over loopback."""

from __future__ import annotations

import gzip
import http.client
import re
import ssl
from collections.abc import Iterator
from importlib.resources import as_file, files
from urllib.parse import urljoin, urlsplit

import pytest

from crawler.replica.editions import EDITIONS, LAMPION, Edition, truth
from crawler.replica.server import HOSTS, START_URL, Replica
from crawler.replica.site import answer
from crawler.replica.tls import certificate
from crawler.sites.profile_files import read_profile
from tests.crawler.replica_client import Client, text_of, walk

MAIN_PATH = urlsplit(START_URL).path
UP = [edition for edition in EDITIONS if not edition.down]
OUTAGE = next(edition for edition in EDITIONS if edition.down)
#: what pages may link to and nobody may fetch
ELSEWHERE = {
    *("www.bettercarenetwork.nl", "www.bettercarenetwork.org", "twitter.com", "www.facebook.com"),
    *("www.cbf.nl", "www.sitespirit.nl"),
}
DEAD = "/p/215/3298/verdwenen-pagina"


@pytest.fixture(scope="module")
def site() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def client(site: Replica) -> Iterator[Client]:
    site.edition = EDITIONS[0]
    client = Client(site)
    yield client
    client.close()


def test_there_are_six_editions_in_the_order_of_the_story() -> None:
    names = ["as-it-was", "one-more", "one-less", "outage", "back-again", "redesign"]
    assert [edition.name for edition in EDITIONS] == names
    counts = [(len(truth(e)["members"]), len(truth(e)["goals"]), len(truth(e)["sponsors"])) for e in EDITIONS]
    assert counts == [(7, 7, 9), (8, 7, 10), (7, 7, 10), (0, 0, 0), (8, 7, 10), (0, 7, 10)]
    assert [LAMPION in truth(e)["members"] for e in EDITIONS] == [False, True, False, False, True, False]
    assert truth(EDITIONS[-1])["states"]["member"] == "absent"
    assert truth(OUTAGE)["states"]["member"] == "failed"


@pytest.mark.parametrize("edition", UP, ids=lambda edition: edition.name)
def test_main_page_shows_its_truth(site: Replica, client: Client, edition: Edition) -> None:
    site.edition = edition
    response, body = client.get(START_URL)
    shown, facts = text_of(body), truth(edition)
    assert response.status == 200
    for member in facts["members"]:
        assert member in shown
    if facts["members"]:
        assert f"sinds 2007 en is naast {facts['host']} opgebouwd uit de volgende organisaties: " in shown
        assert f"{facts['members'][-2]} en {facts['members'][-1]}." in shown
        assert "Sinds 2016 is Defence for Children voorzitter" in shown
        assert ",&nbsp;UNICEF Nederland" in body.decode()
    else:
        assert "Wilde Ganzen" not in shown
        assert "volgende organisaties" not in shown
    assert f"{facts['goal_label']} {' '.join(facts['goals'])}" in shown
    assert len(facts["goals"]) == 7
    wall = body.decode().split(facts["sponsor_label"], 1)[1].split("<footer>")[0].split('id="footer"')[0]
    images = [(attrs["alt"], attrs.get("data-src") or attrs["src"]) for attrs in img_attributes(wall)]
    assert images == [(logo["alt"], logo["file"]) for logo in facts["sponsors"]]
    for treaty in facts["treaties"]:
        assert f"{treaty['name']} ({treaty['year']})" in shown
    for text in (facts["purpose"], facts["campaign"], "Volg ons Twitter Facebook RSS", "© Powered by SiteSpirit"):
        assert text in shown
    for link in (*facts["links"], 'alt="Anbi"', 'alt="CBF"', 'alt="20160425_1230_DC_Campagne_Popup(1).jpg"'):
        assert link in body.decode()
    assert 'alt="logo_DFC_03.png"' in body.decode()


def img_attributes(html: str) -> list[dict[str, str]]:
    """Of the images outside noscript."""
    outside = re.sub(r"<noscript>.*?</noscript>", "", html, flags=re.DOTALL)
    return [dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) for tag in re.findall(r"<img ([^>]*)>", outside)]


@pytest.mark.parametrize("edition", UP, ids=lambda edition: edition.name)
def test_every_link_leads_somewhere_intended(site: Replica, client: Client, edition: Edition) -> None:
    site.edition = edition
    reached = walk(client)
    assert {urlsplit(url).hostname for url, (status, _, _) in reached.items() if status == 0} == ELSEWHERE
    ours = {url: found for url, found in reached.items() if found[0]}
    assert {urlsplit(url).path for url, (status, _, _) in ours.items() if status not in {200, 301, 302}} == {DEAD}
    assert 60 < len(ours) < 200
    for url, (status, kind, body) in ours.items():
        if "html" in kind or ("xml" in kind and "svg" not in kind) or "pdf" in kind:
            assert "Demonstratie" in body.decode("latin-1"), url
        if status == 200 and "html" in kind:
            assert body.startswith((b"<!DOCTYPE html>", b"<!doctype html>")), url
    paths = {urlsplit(url).path for url in ours}
    assert "/p/215/3295/mo470-cg300/vacatures" in paths  # the sitemap's own
    assert "/p/215/3252/spreekuur-op-woensdag" in paths  # the feed's own
    assert "/images/menu-open.gif" in paths  # the script's own
    assert "/images/achtergrond.png" in paths  # the stylesheet's own
    assert "/images/nieuws/zomerkamp-640.png" in paths  # srcset
    variants = {url for url in ours if "/p/215/3232/" in url and ours[url][0] == 200}
    assert len(variants) == 8
    assert {urlsplit(url).scheme for url in variants} == {"http", "https"}


def test_menu_paths_and_hosts_differ_only_in_the_crumbs() -> None:
    shown = [
        answer(EDITIONS[0], scheme, host, f"/p/215/3232/{path}better-care-network").body
        for scheme, host in (("http", "eerlijkkinderpardon.test"), ("https", "www.defenceforchildren.test"))
        for path in ("mo480-cg310/mo481-cg310/", "mo470-cg300/mo472-cg300/", "mo500-cg340/", "")
    ]
    assert len(set(shown)) == 4
    assert len({re.sub(rb'<div id="crumbs">.*?</div>', b"", body) for body in shown}) == 1


def test_petition_is_four_redirects_away(client: Client) -> None:
    url, hops = "http://eerlijkkinderpardon.test/petitie", []
    while (found := client.get(url))[0].status in {301, 302}:
        url = urljoin(url, found[0].headers["Location"])
        hops.append((found[0].status, url))
    assert hops == [
        (302, "http://defenceforchildren.test/petitie"),
        (301, "http://www.defenceforchildren.test/petitie"),
        (301, "https://www.defenceforchildren.test/petitie"),
        (302, "https://www.defenceforchildren.test/p/215/3270/mo510-cg350/teken-de-petitie"),
    ]
    assert found[0].status == 200
    assert client.get("http://eerlijkkinderpardon.test/better-care-network")[0].headers["Location"] == MAIN_PATH
    assert client.get("http://eerlijkkinderpardon.test/nieuws")[0].status == 302


def test_outage_spares_robots_and_files(site: Replica, client: Client) -> None:
    site.edition = OUTAGE
    for path in (MAIN_PATH, "/", "/rss/215/nieuws.xml", "/p/215/3251/mo500-cg340/zomerkamp-vol", "/nieuws", DEAD):
        response, body = client.get(f"http://eerlijkkinderpardon.test{path}")
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert b"Demonstratie" in body
    dated, _ = client.get("https://www.defenceforchildren.test/sitemap.xml")
    assert dated.status == 503
    assert dated.headers["Retry-After"].endswith(" GMT")
    for path in ("/robots.txt", "/css/site.css", "/images/logo_DFC_03.png"):
        assert client.get(f"http://eerlijkkinderpardon.test{path}")[0].status == 200


def test_edition_changes_while_it_serves(site: Replica, client: Client) -> None:
    assert LAMPION.encode() not in client.get(START_URL)[1]
    site.edition = EDITIONS[1]
    assert LAMPION.encode() in client.get(START_URL)[1]


def test_replaced_logo_keeps_its_url() -> None:
    knots = [answer(e, "http", HOSTS[0], "/images/215/1009.png") for e in EDITIONS]
    assert [knot.status for knot in knots] == [404, 200, 200, 200, 200, 200]
    assert knots[1].body != knots[2].body
    assert knots[2].body == knots[4].body == knots[5].body


def test_robots_refuses_what_is_linked(client: Client) -> None:
    _, robots = client.get("http://eerlijkkinderpardon.test/robots.txt")
    assert b"Disallow: /intern/\n" in robots
    assert b"Sitemap: http://eerlijkkinderpardon.test/sitemap.xml\n" in robots
    assert b'href="/intern/concept.html"' in client.get(START_URL)[1]
    assert client.get("http://eerlijkkinderpardon.test/intern/concept.html")[0].status == 200


def test_pages_are_compressed_and_chunked_where_they_may_be(client: Client) -> None:
    plain, body = client.get(START_URL)
    packed, payload = client.get(START_URL, Accept_Encoding="gzip")
    assert plain.headers["Content-Encoding"] is None
    assert int(plain.headers["Content-Length"]) == len(body)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(payload) == body
    assert client.get(START_URL, Accept_Encoding="gzip")[1] == payload
    news = "http://eerlijkkinderpardon.test/p/215/3250/mo500-cg340/nieuws"
    chunked, body = client.get(news, Accept_Encoding="gzip")
    assert chunked.headers["Transfer-Encoding"] == "chunked"
    assert chunked.headers["Content-Length"] is None
    assert b"Handboek herzien" in gzip.decompress(body)


def test_one_page_is_windows_1252(client: Client) -> None:
    response, body = client.get("http://eerlijkkinderpardon.test/p/215/3210/mo470-cg300/over-ons")
    assert response.headers["Content-Type"] == "text/html; charset=windows-1252"
    assert "financiële" in body.decode("cp1252")
    assert b'<meta charset="windows-1252">' in body


def test_validators_hold_until_the_page_changes(site: Replica, client: Client) -> None:
    first, _ = client.get(START_URL)
    again, body = client.get(START_URL, If_None_Match=first.headers["ETag"])
    assert (again.status, body) == (304, b"")
    assert first.headers["Last-Modified"] == "Mon, 02 May 2016 08:00:00 GMT"
    site.edition = EDITIONS[1]
    changed, body = client.get(START_URL, If_None_Match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["Last-Modified"] == "Mon, 12 Sep 2016 08:00:00 GMT"
    unchanged, _ = client.get("http://eerlijkkinderpardon.test/css/site.css")
    assert unchanged.headers["Last-Modified"] == "Mon, 02 May 2016 08:00:00 GMT"


def test_head_and_post(client: Client) -> None:
    head, body = client.get(START_URL, method="HEAD")
    assert (head.status, body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(client.get(START_URL)[1])
    refused, _ = client.get("https://www.defenceforchildren.test/petitie/teken", method="POST")
    assert refused.status == 405


@pytest.mark.parametrize("target", ["//[", "/p/215/" + "9" * 5000, "/%00", "/images/../site.py", "/images/knot", "*"])
def test_odd_targets_are_not_found(client: Client, target: str) -> None:
    connection = client.ports["http"]
    connection.request("GET", "/", headers={"Host": HOSTS[0]})
    connection.getresponse().read()
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", HOSTS[0])
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    assert response.status in {400, 404}


def test_certificate_is_for_the_host(site: Replica) -> None:
    context = ssl.create_default_context(cadata=certificate(("www.defenceforchildren.test",))[0].decode())
    from socket import create_connection

    address = ("127.0.0.1", site.https_port)
    with create_connection(address) as raw, context.wrap_socket(raw, server_hostname=HOSTS[2]) as tls:
        assert tls.version() == "TLSv1.3"
    with create_connection(address) as raw, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(raw, server_hostname="elders.test")


def test_profile_of_the_demo_knows_the_replica() -> None:
    with as_file(files("crawler.replica") / "better_care_network_demo.toml") as path:
        profile = read_profile(path)
    assert profile.seeds[0] == START_URL
    assert set(profile.hosts) == set(HOSTS)
    assert {profile.page_key(seed) for seed in profile.seeds} == set(profile.anchors)
    first = truth(EDITIONS[0])
    expected = (profile.expect.members, profile.expect.goals, profile.expect.sponsors)
    assert expected == (len(first["members"]), len(first["goals"]), len(first["sponsors"]))
    assert profile.expect.cms == first["cms"]


def test_addresses_have_curls_form(site: Replica) -> None:
    places = site.connect_to()
    assert f"eerlijkkinderpardon.test:80:127.0.0.1:{site.http_port}" in places
    assert f"www.defenceforchildren.test:443:127.0.0.1:{site.https_port}" in places
    assert len(places) == 4


def test_leaving_closes_everything(recwarn: pytest.WarningsRecorder) -> None:
    with Replica() as replica:
        client = Client(replica)
        assert client.get(START_URL)[0].status == 200
        port = replica.http_port
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.get(START_URL)
    client.close()
    again = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with pytest.raises(ConnectionError):
        again.request("GET", "/")
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]
