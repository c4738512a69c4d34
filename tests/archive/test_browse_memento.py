"""What programs ask that travel in time: Memento (RFC 7089)."""

from __future__ import annotations

import time

import pytest

from archive.browse import timemaps
from tests.archive.browse_archive import HOME, HOST
from tests.archive.browse_server import by_relation, read_links

FIRST, SECOND = "Sun, 01 May 2016 12:00:01 GMT", "Tue, 01 May 2018 12:00:01 GMT"


# --- TimeGate


@pytest.mark.parametrize(
    ("wanted", "name", "date"),
    [
        (None, "home2", SECOND),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "home", FIRST),
        ("Mon, 01 May 2017 11:00:00 GMT", "home", FIRST),
        ("Wed, 03 May 2017 13:00:00 GMT", "home2", SECOND),
        ("Sun, 01 May 2016 14:00:01 +0200", "home", FIRST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "home2", SECOND),
    ],
)
def test_a_timegate_leads_to_the_memento_nearest_in_time(client, built, wanted, name, date):
    headers = {"Accept-Datetime": wanted} if wanted else {}
    answer = client.get(f"/-/timegate/{HOME}", headers=headers)
    assert answer.status_code == 302
    assert answer.headers["location"] == built.path(name, "snapshot")
    assert "accept-datetime" in answer.headers["vary"].lower()
    found = by_relation(answer.headers["link"])
    assert found["original"] == HOME
    assert found["timemap"] == f"{client.base_url}/-/timemap/link/{HOME}"
    assert found["first memento"] == f"{client.base_url}{built.path('home', 'snapshot')}"
    assert found["last memento"] == f"{client.base_url}{built.path('home2', 'snapshot')}"
    memento = client.get(answer.headers["location"])
    assert memento.headers["memento-datetime"] == date
    links = by_relation(memento.headers["link"])
    assert links["original"] == HOME
    assert links["timegate"] == f"{client.base_url}/-/timegate/{HOME}"
    assert links["timemap"] == found["timemap"]


@pytest.mark.parametrize("wanted", ["yesterday", "2016-05-01", "Thu, 99 Jan 2016 00:00:00 GMT", ",", "(" * 5000])
def test_a_date_that_is_none_is_refused(client, wanted):
    answer = client.get(f"/-/timegate/{HOME}", headers={"Accept-Datetime": wanted})
    assert answer.status_code == 400
    said = by_relation(answer.headers["link"])
    assert (said["original"], said["timemap"]) == (HOME, f"{client.base_url}/-/timemap/link/{HOME}")
    assert answer.headers["vary"].startswith("accept-datetime")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("No date: Accept-Datetime ")
    assert answer.text.count("\n") == 1


def test_a_date_without_a_zone_is_not_the_servers_own(client, built, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        # Half way between the two captures, and a minute: fourteen hours earlier the other one is nearer.
        answer = client.get(f"/-/timegate/{HOME}", headers={"Accept-Datetime": "Mon, 01 May 2017 12:01:00 -0000"})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert answer.headers["location"] == built.path("home2", "snapshot")


def test_what_was_never_captured_has_neither(client):
    for path in ("timegate", "timemap/link", "timemap/link/2"):
        answer = client.get(f"/-/{path}/http://never.test/", headers={"Accept": "text/html"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "http://never.test/ was never captured\n" in answer.text or path.endswith("2")
        assert by_relation(answer.headers["link"]) == {"original": "http://never.test/"}
        assert ("accept-datetime" in answer.headers.get("vary", "")) == (path == "timegate")
    # A fetch that failed is no memento.
    assert client.get(f"/-/timegate/{HOST}/traag").status_code == 404


def test_a_memento_of_a_redirect_redirects(client):
    answer = client.get(f"/-/timegate/{HOST}/")
    assert answer.headers["location"] == f"/-/web/20160501120007/{HOST}/"
    memento = client.get(answer.headers["location"])
    assert memento.status_code == 302
    assert memento.headers["memento-datetime"] == "Sun, 01 May 2016 12:00:07 GMT"
    assert memento.headers["location"].endswith(HOME)
    assert client.get(answer.headers["location"], follow_redirects=True).status_code == 200


# --- TimeMap


def test_a_timemap_lists_every_memento_oldest_first(client, built):
    answer = client.get(f"/-/timemap/link/{HOME}")
    assert answer.headers["content-type"].startswith("application/link-format")
    links = read_links(answer.text)
    assert [(target, parameters["rel"]) for target, parameters in links] == [
        (HOME, "original"),
        (f"{client.base_url}/-/timegate/{HOME}", "timegate"),
        (f"{client.base_url}/-/timemap/link/1/{HOME}", "self"),
        (f"{client.base_url}{built.path('home', 'snapshot')}", "first memento"),
        (f"{client.base_url}{built.path('home2', 'snapshot')}", "last memento"),
    ]
    assert links[2][1] == {"rel": "self", "type": "application/link-format", "from": FIRST, "until": SECOND}
    assert [parameters["datetime"] for _, parameters in links[3:]] == [FIRST, SECOND]
    for target, parameters in links[3:]:
        assert client.get(target).headers["memento-datetime"] == parameters["datetime"]


def test_a_long_timemap_comes_in_pages(client, built, monkeypatch):
    monkeypatch.setattr(timemaps, "PAGE", 1)
    first = read_links(client.get(f"/-/timemap/link/{HOME}").text)
    following = next(target for target, parameters in first if parameters["rel"] == "timemap")
    second = read_links(client.get(following).text)
    found = [target for target, parameters in first + second if "memento" in parameters["rel"]]
    assert found == [f"{client.base_url}{built.path(name, 'snapshot')}" for name in ("home", "home2")]
    assert [parameters["rel"] for _, parameters in second][-2:] == ["timemap", "last memento"]


def test_every_spelling_of_an_address_is_one(client):
    whole = client.get(f"/-/timemap/link/{HOME}").text
    for other in (
        HOME.replace("http:", "https:"),
        HOME.replace("http://", "http:/"),
        HOME.replace("netwerk", "%6eetwerk"),
    ):
        found = client.get(f"/-/timemap/link/{other}").text
        assert len(read_links(found)) == len(read_links(whole))


def test_hostile_addresses_stay_within_their_brackets(client):
    answer = client.get(f"/-/timemap/link/{HOST}/%22%27%3E%3Cscript%3Edocument.title='EXECUTED'%0d%0aX-Evil:%20yes")
    assert "x-evil" not in answer.headers
    db_url = next(
        line for line in client.get("/-/cdx?url=netwerk.test*&fl=url&output=text").text.splitlines() if "script" in line
    )
    found = client.get("/-/timemap/link/" + db_url.replace("%", "%25").replace("?", "%3f"))
    assert "<script" not in found.text
