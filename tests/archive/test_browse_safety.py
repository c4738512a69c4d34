"""Safety 1, 2 and 3 of the browse plugin, over HTTP. What executes in a browser is in test_browse_execution.py."""

from __future__ import annotations

import hashlib
import os
from urllib.parse import quote

import httpx
import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st

from archive.browse import safe
from tests.archive.browse_archive import ATTACK, CSS, EVIL_HTML, GIF_HTML, HOME, HOST
from tests.archive.browse_server import running

# --- 1 and 2: how archived bytes are sent


@pytest.mark.parametrize("name", ["home", "evil", "liar", "gif", "gone", "script", "css", "svg", "pdf", "odd"])
def test_raw_bytes_are_never_html(client, built, name):
    answer = client.get(built.path(name, "raw"))
    assert answer.status_code == 200
    assert "html" not in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "allow-scripts" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "content_type", "disposition"),
    [
        ("home", "text/plain; charset=utf-8", "inline"),
        ("script", "text/plain; charset=utf-8", "inline"),
        ("css", "text/plain; charset=utf-8", "inline"),
        ("Stichting Lantaarn", "image/png", "inline"),
        ("Plan Vooruit 2", "image/jpeg", "inline"),
        ("svg", "image/svg+xml", "inline"),
        ("gif", "image/gif", "inline"),
        ("liar", "application/octet-stream", "attachment"),
        ("pdf", "application/octet-stream", "attachment"),
    ],
)
def test_bytes_are_named_by_what_they_are(client, built, name, content_type, disposition):
    answer = client.get(built.path(name, "raw"))
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-disposition"].split(";")[0] == disposition


def test_raw_sends_the_body_as_it_was_captured(client, built):
    assert client.get(built.path("evil", "raw")).content == EVIL_HTML
    assert client.get(built.path("css", "raw")).content == CSS
    assert client.get(built.path("gif", "raw")).content == GIF_HTML


def test_a_download_is_an_attachment_whatever_it_is(client, built):
    answer = client.get(built.path("home", "raw") + "?download=1")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("view", ["raw", "record", "snapshot", ""])
def test_archived_headers_never_reach_the_visitor(client, built, view):
    answer = client.get(built.path("home", view))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "default-src *" not in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex"


def test_a_snapshot_holds_nothing_that_runs(client, built):
    answer = client.get(built.path("home", "snapshot"))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    html = answer.text
    for gone in ("<script", ATTACK, "onload", "onerror", "onfocus", "javascript:", "<iframe", "<form", "<object", "<svg",
                 "http-equiv", "elders.test", "@import", "<base"):  # fmt: skip
        assert gone not in html, gone
    assert "Archived copy of 2016-05-01 12:00:01 (UTC), not the live" in html


def test_a_snapshot_takes_everything_from_the_archive(client, built):
    html = client.get(built.path("home", "snapshot")).text
    stamp = "/-/web/20160501120001/"
    assert f'src="{stamp}{HOST}/images/215/1000.png"' in html
    assert f'srcset="{stamp}{HOST}/images/215/1004.png"' in html  # a lazy image is shown
    assert f'href="{stamp}{HOST}/p/215/3233/nieuws"' in html  # resolved against the page's <base>
    assert f'url("{stamp}{HOST}/images/achtergrond.png")' in html  # out of the style sheet, which is inlined
    assert "rgb(1, 2, 3)" in html
    assert 'href="http' not in html.replace(f'href="{stamp}http', "")


def test_only_pages_have_snapshots(client, built):
    for name in ("pdf", "svg", "script"):
        answer = client.get(built.path(name, "snapshot"))
        assert answer.status_code == 302
        assert answer.headers["location"] == built.path(name, "raw")


def test_our_pages_and_datasettes_say_nosniff_and_have_a_policy(client, built):
    for path in ("/", "/archive", "/archive/capture", built.path("home"), "/-/search?q=x", "/nowhere", "/archive.json"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src" in answer.headers["content-security-policy"], path
    for path in ("/", built.path("evil"), "/-/search?q=x"):
        if path != "/":
            assert "script-src" not in client.get(path).headers["content-security-policy"]


def test_robots_are_kept_out_of_searches_and_archived_content(client, built):
    for path in ("/-/search?q=x", "/archive/page_version?_search=kind", "/archive?sql=select+1", built.path("home")):
        assert client.get(path).headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in client.get("/").headers


def test_what_is_hostile_is_escaped_on_every_page(client, built):
    paths = ["/", "/archive/capture", "/archive/resource", "/archive/page_version", built.path("evil"),
             built.path("odd"), "/-/search?q=kwaad", "/-/search?q=%22%3E%3Cscript%3Ex", "/archive/captures_of?url=evil",
             "/archive/failures", f"/-/web/2016/{quote(HOST, safe='')}/%3Cscript%3Ealert(1)%3C/script%3E",
             "/-/capture/%3Cscript%3E", "/archive/capture?_sort=%3Cscript%3E"]  # fmt: skip
    seen = 0
    for path in paths:
        text = client.get(path, follow_redirects=True).text
        assert f"<script>{ATTACK}" not in text, path
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        seen += text.count("&lt;script&gt;")
    assert seen > 5  # they were there to be escaped


# --- 3: permissions


@pytest.mark.parametrize(
    "metadata",
    [
        {"allow": False},
        {"databases": {"archive": {"allow": False}}},
        {"databases": {"archive": {"tables": {"capture": {"allow": False}}}}},
    ],
    ids=["instance", "database", "table"],
)
def test_every_route_asks_who_may_see_it(built, metadata):
    paths = [built.path("home", view) for view in ("", "raw", "record", "snapshot", "thumbnail")]
    paths += ["/-/search.json?q=kind", built.path("Stichting Lantaarn", "thumbnail")]
    paths += [f"/-/web/20160501120000/{HOME}", "/-/capture/row/1", "/-/search?q=kind", "/-/search", "/-/crawl/latest"]
    with running(Datasette([str(built.archive.database)])) as client:
        assert {client.get(path).status_code for path in paths} <= {200, 302}  # the control
    with running(Datasette([str(built.archive.database)], metadata=metadata)) as client:
        for path in paths:
            assert client.get(path).status_code == 403, path
        home = client.get("/")
        assert "Stichting Lantaarn" not in home.text
        assert home.status_code == (403 if "allow" in metadata else 200)


def test_parts_of_the_front_page_follow_their_tables(built):
    closed = {"databases": {"archive": {"tables": {"current_sponsor": {"allow": False}, "fact": {"allow": False}}}}}
    with running(Datasette([str(built.archive.database)], metadata=closed)) as client:
        home = client.get("/").text
        assert "Huis van Jeugd" in home
        assert "Current sponsors</h2>" not in home
        assert "Facts taken from it" not in client.get(built.path("home")).text


@given(st.binary(max_size=60), st.one_of(st.none(), st.text(max_size=30)), st.text(max_size=12))
def test_nothing_is_ever_sent_as_something_that_runs(body, mime, charset):
    how = safe.sending(body, mime, charset)
    kind = how.content_type.split(";")[0]
    assert kind in {"text/plain", "application/octet-stream"} or kind.startswith("image/")
    assert "\n" not in how.content_type
    assert how.content_type.isascii()


@given(st.text(max_size=80))
def test_names_and_addresses_fit_in_a_header(url):
    assert httpx.Headers({"Link": f"<{safe.header_url(url.encode(errors='replace').decode())}>"})
    name = safe.file_name(url)
    assert name
    assert name.isascii()
    assert not set(name) & set('/\\"\r\n;')
    assert not name.startswith(".")
    assert os.path.basename(name) == name  # noqa: PTH119 - a path's own last part would take "." for nothing


@pytest.mark.parametrize("view", ["raw", "record"])
@pytest.mark.parametrize("name", ["home", "gif"])
def test_who_has_the_bytes_is_told_so_without_them(client, built, name, view):
    first = client.get(built.path(name, view))
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(built.path(name, view), headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert client.get(built.path(name, view), headers={"If-None-Match": '"x"'}).content == first.content


def test_a_page_names_each_header_it_depends_on_once(client):
    for path in ("/", "/-/about", "/archive/capture", "/archive/listed_on"):
        named = [one.strip().lower() for one in ", ".join(client.get(path).headers.get_list("vary")).split(",")]
        assert {"accept-language", "cookie"} <= set(named), path
        assert len(named) == len(set(named)), path
