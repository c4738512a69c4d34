"""What programs ask that look captures up: CDX, as pywb's server answers it."""

from __future__ import annotations

import io
import json
import sqlite3

import pytest
from cdxj_indexer.main import CDXJIndexer

from archive.browse import cdx, timemaps
from archive.browse.serve import build as build_datasette
from tests.archive.browse_archive import HOME, HOST
from tests.archive.browse_server import by_relation, running


def ask(client, **query) -> list[dict[str, str]]:
    answer = client.get("/-/cdx", params={"output": "json", **query})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_it_says_what_an_indexer_says_of_the_same_files(client, built):
    output = io.StringIO()
    CDXJIndexer(
        output=output, inputs=[str(path) for path in sorted(built.archive.warcs.iterdir())], sort=True
    ).process_all()
    expected = [line.split(" ", 2) for line in output.getvalue().splitlines()]
    found = [line.split(" ", 2) for line in client.get("/-/cdx?url=*.test").text.splitlines()]
    assert len(found) == len(expected) == 19

    def told(line: list[str]) -> tuple[str, ...]:
        block = json.loads(line[2])
        # It takes a digest's algorithm for base32, and 404s of no MIME type for text.
        return (
            line[1],
            block["url"].replace(" ", "%20"),
            block["status"],
            block["offset"],
            block["length"],
            block["filename"],
        )

    assert sorted(map(told, found)) == sorted(map(told, expected))


def test_kinds_of_match(client):
    every = ask(client, url=HOST, matchType="host")
    assert len(every) == 19
    assert ask(client, url="*.test") == ask(client, url="test", matchType="domain") == every
    assert ask(client, url=f"{HOST}/images/*") == ask(client, url=f"{HOST}/images/", matchType="prefix")
    assert {row["url"] for row in ask(client, url=f"{HOST}/images/*")} > {f"{HOST}/images/215/1004.png"}
    assert all("/images/" in row["url"] for row in ask(client, url=f"{HOST}/images/*"))
    assert [row["timestamp"] for row in ask(client, url=HOME)] == ["20160501120001", "20180501120001"]
    assert ask(client, url="http://etwerk.test/", matchType="host") == ask(client, url="*.netwerk.tes") == []
    # One host is not all that begin as it does.
    assert ask(client, url="http://netwerk.test:8080/", matchType="host") == []


def test_bounds_filters_and_order(client):
    assert [row["timestamp"] for row in ask(client, url=HOME, to="2016")] == ["20160501120001"]
    assert [row["timestamp"] for row in ask(client, url=HOME, **{"from": "201605"}, to="20160501")] == [
        "20160501120001"
    ]
    assert [row["timestamp"] for row in ask(client, url=HOME, **{"from": "20160502"})] == ["20180501120001"]
    assert [row["timestamp"] for row in ask(client, url=HOME, sort="reverse")] == ["20180501120001", "20160501120001"]
    assert [row["timestamp"] for row in ask(client, url=HOME, closest="20180101", limit=1)] == ["20180501120001"]
    assert [row["timestamp"] for row in ask(client, url=HOME, closest="20189999", limit=1)] == ["20180501120001"]
    host = {"url": HOST, "matchType": "host"}
    assert {row["status"] for row in ask(client, filter="=status:404", **host)} == {"404"}
    assert {row["mime"] for row in ask(client, filter="mimetype:image", **host)} >= {"image/png", "image/jpeg"}
    assert "404" not in {row["status"] for row in ask(client, filter="!statuscode:404", **host)}
    both = [
        ("url", HOST),
        ("matchType", "host"),
        ("output", "json"),
        ("filter", "=status:200"),
        ("filter", "!mime:image"),
    ]
    rows = [json.loads(line) for line in client.get("/-/cdx", params=both).text.splitlines()]
    assert rows
    assert all(row["status"] == "200" and "image" not in row["mime"] for row in rows)
    assert client.get("/-/cdx", params={"url": HOME, "output": "text", "fl": "timestamp,original"}).text.splitlines() == [
        f"20160501120001 {HOME}", f"20180501120001 {HOME}",
    ]  # fmt: skip


def test_what_is_more_than_one_answer_is_asked_for_on(client):
    every = ask(client, url=HOST, matchType="host")
    found, url, asked = [], "/-/cdx?url=netwerk.test&matchType=host&output=json&limit=4", 0
    while url:
        answer = client.get(url)
        found += [json.loads(line) for line in answer.text.splitlines()]
        url, asked = (
            by_relation(answer.headers.get("link", "")).get("next") if "link" in answer.headers else None,
            asked + 1,
        )
    assert (found, asked) == (every, 5)
    told = client.get("/-/cdx?url=netwerk.test&matchType=host&limit=4&showResumeKey=true").text.splitlines()
    assert told[-2] == ""
    more = client.get(f"/-/cdx?url=netwerk.test&matchType=host&output=json&limit=99&resumeKey={told[-1]}")
    assert [json.loads(line) for line in more.text.splitlines()] == every[4:]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Give url"),
        ("url=", "Give url"),
        ("url=a.test&matchType=all", "exact, prefix, host or domain"),
        ("url=a.test&filter=~url:(a%2B)%2B$", "patterns are not offered"),
        ("url=a.test&filter=status", "[!][=]field:value"),
        ("url=a.test&filter=password:x", "urlkey, timestamp"),
        ("url=a.test&fl=url,id", "urlkey, timestamp"),
        ("url=a.test&from=1", "4 to 14 digits"),
        ("url=a.test&to=20160501T12", "4 to 14 digits"),
        ("url=a.test&limit=0", "a number from 1"),
        ("url=a.test&limit=-5", "a number from 1"),
        ("url=a.test&sort=random", "reverse or closest"),
        ("url=a.test&sort=closest", "4 to 14 digits"),
        ("url=a.test&output=xml", "cdxj, json or text"),
        ("url=a.test&resumeKey=x", "as the answer before gave it"),
    ],
)
def test_what_cannot_be_asked_is_said(client, query, said):
    answer = client.get(f"/-/cdx?{query}")
    assert answer.status_code == 400
    assert said in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.count("\n") == 1


def test_nothing_an_address_holds_is_sql(client):
    assert ask(client, url="' OR 1=1 --", filter="url:' OR 1=1 --") == []
    assert ask(client, url="netwerk.test*", filter="=url:%') OR 1 --") == []


def test_a_page_of_a_host_is_looked_up_and_not_searched_for(built):
    db = sqlite3.connect(built.archive.database)
    for query in ("url=*.test", "url=netwerk.test&matchType=host", "url=netwerk.test/p/*", f"url={HOME}"):
        asked = cdx.read_query(query)
        sql = cdx._LINES.format(where=" AND ".join(asked.where), order=cdx._ORDERS[asked.sort])
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", {**asked.values, "rows": 10}))
        assert "resource_urlkey" in plan
        assert "capture_resource" in plan
        assert "SCAN" not in plan
        assert "FOR ORDER BY" not in plan.replace("FOR LAST", "")  # but for the few of one address
    plan = " ".join(
        row[3]
        for row in db.execute(
            f"EXPLAIN QUERY PLAN {timemaps._MEMENTOS.format(order=timemaps._FORWARD)}",
            {"urlkey": "a", "rows": 1, "start": 0},
        )
    )
    assert "resource_urlkey" in plan


def test_who_may_not_see_captures_is_told_nothing(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"capture": {"allow": False}}}}}
    with running(datasette) as client:
        for path in (f"/-/timegate/{HOME}", f"/-/timemap/link/{HOME}", "/-/cdx?url=netwerk.test*"):
            assert client.get(path).status_code == 403
