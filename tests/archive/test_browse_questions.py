"""The questions that are offered ready: each runs, and is answered right."""

from __future__ import annotations

import pytest
from datasette.app import Datasette

from archive.browse import access, queries
from archive.store import Store, questions
from tests.archive.browse_server import running


@pytest.mark.parametrize("name", [*queries.QUESTIONS, "page_on_date", "changes_of_an_organisation"])
@pytest.mark.parametrize("given", ["", "2017-01-01", "'; DROP TABLE capture; --", "%"])
def test_every_question_runs(client, name, given):
    answer = client.get(
        f"/archive/{name}.json",
        params=dict.fromkeys(("url", "date", "text", "name", "page_key", "organisation"), given),
    )
    assert answer.status_code == 200
    assert answer.json()["ok"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("current_members", {"name": ["Huis van Jeugd", "Stichting Kinderpostzegels", "Wilde Ganzen"]}),
        ("current_sponsors", {"name": ["Ministerie van Zorg", "Plan Vooruit", "Stichting Lantaarn"]}),
        ("goals", {"state": ["current", "current", "ended"]}),
        ("listed_on?date=2016-06-01&role=member", {"certainty": None}),
        ("crawls", {"captures": [4, 16]}),
        ("failures", {"what": ["fetch failed", "timeout after 30 s", "answered 404"]}),
    ],
)
def test_questions_are_answered_right(client, path, expected):
    rows = client.get(f"/archive/{path}".replace("?", ".json?") if "?" in path else f"/archive/{path}.json",
                      params={"_shape": "array"} if "?" not in path else None)  # fmt: skip
    found = rows.json()
    found = (
        found if isinstance(found, list) else [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    )
    assert found
    for column, values in expected.items():
        if values is not None:
            assert sorted(str(row[column]) for row in found) == sorted(str(value) for value in values)


def test_who_was_listed_on_a_date(client):
    def listed(day: str) -> dict[str, str]:
        rows = client.get("/archive/listed_on.json", params={"date": day, "_shape": "array"}).json()
        return {row["listed"]: row["certainty"] for row in rows if row["role"] == "member"}

    assert listed("2016-04-30") == {}
    assert listed("2016-05-01") == dict.fromkeys(("Stichting Kinderpostzegels", "Wilde Ganzen", "Pleegzorg Nu"), "seen")
    assert listed("2017-01-01") == {
        "Stichting Kinderpostzegels": "seen", "Wilde Ganzen": "seen", "Pleegzorg Nu": "between captures",
    }  # fmt: skip
    assert "Pleegzorg Nu" not in listed("2018-05-02")
    assert listed("") == {"Stichting Kinderpostzegels": "last seen before", "Wilde Ganzen": "last seen before",
                          "Huis van Jeugd": "last seen before"}  # fmt: skip


@pytest.mark.parametrize("name", ["listed_on", "page_on", "members_on", "page_on_date"])
@pytest.mark.parametrize("day", ["garbage", "2026-13-45", "2026-02-30", "2026"])
def test_what_is_no_day_has_no_rows_and_the_page_says_so(client, name, day):
    asked = {"date": day, "url": "", "page_key": "home"}
    assert client.get(f"/archive/{name}.json", params={**asked, "_shape": "array"}).json() == []
    page = client.get(f"/archive/{name}", params=asked)
    assert "What is no day of the calendar, written as 2016-05-01, has no rows." in page.text
    # A day is one with its hour too.
    whole = client.get(f"/archive/{name}.json", params={**asked, "date": "2018-05-02T10:00:00Z", "_shape": "array"})
    assert whole.json() or name == "page_on_date"


def test_what_a_page_said_on_a_date(client):
    def said(day: str) -> str:
        rows = client.get("/archive/page_on.json", params={"date": day, "url": "3232", "_shape": "array"}).json()
        return " ".join(row["text"] for row in rows)

    assert "Pleegzorg Nu" in said("2017-12-31")
    assert "Huis van Jeugd" not in said("2017-12-31")
    assert "Huis van Jeugd" in said("")
    assert said("2015-01-01") == ""


def test_a_fact_is_traced_to_file_offset_digest_and_quote(client, built):
    row = client.get("/archive/where_a_fact_stands.json", params={"text": "Pleegzorg", "_shape": "array"}).json()[0]
    capture = built.captures["home"]
    assert (row["warc"], row["warc_offset"]) == (capture.place.file, capture.place.offset)
    assert row["digest"] == capture.payload_digest
    assert row["quote"] == "Pleegzorg Nu"
    assert row["record"] == capture.record_id


def test_the_captures_of_a_url_say_whether_bytes_changed(client):
    params = {"url": "1000.png", "_shape": "array"}
    rows = client.get("/archive/captures_of.json", params=params).json()
    assert [row["compared_with_before"] for row in rows] == ["new bytes", "same bytes"]


def test_every_question_of_the_store_is_offered_or_answered_by_ours(client, db):
    offered = client.get("/archive.json").json()["queries"]
    names = {query["name"] for query in offered}
    assert names >= {question.name for question in questions.QUESTIONS} - {"proof_of_a_name"}
    assert names >= set(queries.QUESTIONS)
    for query in offered:
        assert query["title"]
        assert query["description"]
        assert query["name"] not in access.columns_by_table(db)


def test_questions_are_offered_where_their_views_are(tmp_path):
    Store(tmp_path / "archive.db", ()).close()
    with running(Datasette([str(tmp_path / "archive.db")])) as client:
        html = client.get("/archive").text
        assert "Captures of a URL" in html
        assert "Current members" not in html
        assert client.get("/").status_code == 200
