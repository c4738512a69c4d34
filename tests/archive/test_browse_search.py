"""The search page: what is found, in which order, how it is narrowed, what is counted, and what is never told."""

from __future__ import annotations

import re
from html import unescape

import pytest

from archive.browse import search as searching
from archive.browse.asked import Asked, read_asked
from archive.browse.holdings import Kind
from archive.browse.serve import build as build_datasette
from archive.layout import Archive
from archive.store import Store
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.browse_server import running
from tests.archive.store_builders import HOME, SITE, goals, members, open_store, reading, write

OTHER = "http://ander.test/"
SECRET = f"{HOME}geheim"
YEAR = 366
#: on days of three years
TEXTS = {
    "a": (0, "De jeugdzorg en het kind."),
    "b": (0, "Zorg voor het kind, zorg voor het gezin."),
    "c": (YEAR, "Een coöperatie van Pleegzorg en Zórg."),
    "d": (2 * YEAR, "Sterrenbossen en het Sterrenbos."),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = Archive.create(tmp_path_factory.mktemp("search") / "archive")
    with open_store(archive.root) as store:
        store.write_site("ander", name="Het Andere")
        for second, (key, (day, text)) in enumerate(TEXTS.items(), 1):
            listed = [members("Zilver Zorg")] if key == "a" else [goals("Rust")] if key == "b" else []
            write(store, day, reading(day, *listed, url=HOME + key, key=key, second=second, text=text))
        for number in (1, 2):
            text = f"Oude woorden {number}" if number == 1 else "Nieuwe woorden"
            write(store, number * YEAR, reading(number * YEAR, url=HOME + "e", key="e", second=20, text=text))
        write(store, 1, reading(1, url=SECRET, key="geheim", second=30, text="Het kwartsblok, en zorg."))
        there = [
            reading(0, url=f"{OTHER}{n}", key=f"{n}", second=40 + n, text=f"Elders {n} over wetenschap", site="ander")
            for n in range(45)
        ]
        write(store, 0, *there, site="ander")
        for site in (SITE, "ander"):
            store.derive(site)
    append_decision(archive.decisions / "a.jsonl", who="Jo", action="takedown", scope=SECRET)
    return archive


@pytest.fixture(scope="module")
def client(archive):
    with running(build_datasette(archive)) as client:
        yield client


def found(client, text: str, **more) -> dict:
    more = {name.rstrip("_"): value for name, value in more.items()}
    return client.get("/-/search.json", params={"q": text, **more}).json()


def keys(client, text: str, **more) -> list[str]:
    return [hit["page_key"] for hit in found(client, text, **more)["hits"]]


def counts(answer: dict, dimension: str) -> dict[str, int]:
    facets = {one["dimension"]: one["values"] for one in answer["facets"]}
    return {one["value"]: one["pages"] for one in facets.get(dimension, ())}


def test_words_come_before_parts_of_words_and_the_best_page_first(client):
    assert keys(client, "zorg") == ["b", "c", "a"]
    assert keys(client, "zorg kind") == ["b", "a"]
    assert keys(client, '"zorg voor"') == ["b"]
    assert keys(client, "gez") == ["b"]
    assert keys(client, '"!?" leegzorg') == ["c"]


def test_three_letters_are_found_at_the_end_of_a_word_two_only_at_the_beginning(client):
    assert keys(client, "bos") == ["d"]
    assert keys(client, "err") == []
    assert keys(client, "or") == []
    assert keys(client, "terrenb") == ["d"]


@pytest.mark.parametrize("typed", ["cooperatie", "COÖPERATIE", "coo\u0308peratie"])
def test_accents_and_case_do_not_matter(client, typed):
    (hit,) = found(client, typed)["hits"]
    assert hit["snippet"][slice(*hit["marks"][0])] == "coöperatie"


def test_a_snippet_marks_the_part_that_was_found(client):
    html = client.get("/-/search", params={"q": "zorg"}).text
    assert "jeugd<mark>zorg</mark>" in html
    assert "<mark>Zórg</mark>" in html
    assert "Pleeg<mark>zorg</mark>" in html


def test_filters_leave_out_and_facets_count_pages_with_all_else_that_was_chosen(client):
    answer = found(client, "zorg")
    assert (answer["pages"], answer["versions"]) == (3, 3)
    assert counts(answer, "year") == {"2026": 2, "2027": 1}
    assert counts(answer, "section") == {"goal": 1, "member": 1}
    assert keys(client, "zorg", section="member") == ["a"]
    assert keys(client, "zorg", from_="2027") == ["c"]
    assert keys(client, "zorg", to="2026-01") == ["b", "a"]
    assert keys(client, "zorg", from_="2026-01-02") == ["c"]
    narrowed = found(client, "zorg", from_="2027", to="2027")
    assert counts(narrowed, "year") == {"2026": 2, "2027": 1}
    assert [one["chosen"] for one in narrowed["facets"][0]["values"]] == [False, True]
    assert counts(found(client, "over", site="ander"), "site") == {"ander": 45}
    assert found(client, "over", site=SITE)["pages"] == 0


def test_current_versions_are_those_that_were_captured_last(client):
    answer = found(client, "woorden")
    assert (answer["pages"], answer["versions"]) == (1, 2)
    assert counts(answer, "versions") == {"current": 1, "past": 1}
    (past,) = found(client, "woorden", versions="past")["hits"]
    assert (past["snippet"], past["versions"]) == ("Oude woorden 1", 1)
    assert found(client, "oude", versions="current")["pages"] == 0


def test_every_way_to_narrow_is_a_link_that_does_what_it_says(client):
    html = client.get("/-/search", params={"q": "zorg"}).text
    assert "<script" not in html
    ways = [unescape(one) for one in re.findall(r'href="(/-/search\?[^"]+)">', html)]
    assert len(ways) == 4, "two years, two kinds of section"
    narrowed = [client.get(way).text for way in ways]
    assert [re.search(r"(\d+) pages?, in", text)[1] for text in narrowed] == ["2", "1", "1", "1"]
    for text in narrowed:
        back = re.search(r'href="([^"]+)" aria-current="true"', text)
        assert back[1] == "/-/search?q=zorg"


def test_what_was_chosen_can_be_taken_back_where_nothing_is_left(client):
    html = client.get("/-/search", params={"q": "wetenschap", "section": "member", "versions": "past"}).text
    assert "No page says that" in html
    back = [unescape(one) for one in re.findall(r'href="([^"]+)" aria-current="true"', html)]
    assert back == ["/-/search?q=wetenschap&versions=past", "/-/search?q=wetenschap&section=member"]


def test_pages_of_hits_follow_one_another_and_hold_each_page_once(client):
    seen, path = [], "/-/search?q=wetenschap"
    while path:
        html = client.get(path).text
        seen += re.findall(r'class="bw-url">([^<]+)', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        path = unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) == 45
    assert found(client, "wetenschap", page="4")["hits"] == []


def test_a_slip_is_put_right_with_the_words_of_the_pages(client):
    assert found(client, "jeugdzrog")["meant"] == "jeugdzorg"
    assert found(client, "cooperatei")["meant"] == "coöperatie"
    assert found(client, 'wetenshcap "elders 7"')["meant"] == 'wetenschap "elders 7"'
    html = client.get("/-/search", params={"q": "jeugdzrog"}).text
    assert 'Did you mean <a href="/-/search?q=jeugdzorg">jeugdzorg</a>?' in html
    assert found(client, "wetenschap")["meant"] is None
    assert found(client, "wetenshcap", site=SITE)["meant"] is None, "it is not found there"


def test_what_is_withheld_is_neither_found_nor_counted_nor_suggested(client, archive):
    assert found(client, "kwartsblok")["pages"] == 0
    for typed in ("kwartsblk", "kwartsblokk", "wartsblo"):
        answer = client.get("/-/search", params={"q": typed}).text
        assert "kwartsblok<" not in answer
        assert "Did you mean" not in answer
    assert found(client, "zorg")["pages"] == 3


def test_a_decision_holds_from_the_next_search_on(archive, tmp_path):
    """The words are held in memory: not those of before."""
    path = archive.decisions / "b.jsonl"
    with running(build_datasette(archive)) as client:
        assert found(client, "sterrenbso")["meant"] == "sterrenbos"
        append_decision(path, who="Jo", action="takedown", scope=f"{HOME}d")
        try:
            answer = found(client, "sterrenbso")
            assert (answer["meant"], answer["pages"]) == (None, 0)
            assert found(client, "bos")["pages"] == 0
        finally:
            path.unlink()
        assert found(client, "bos")["pages"] == 1


def test_what_is_written_while_it_is_served_is_found(tmp_path):
    archive = Archive.create(tmp_path / "archive")
    with open_store(archive.root) as store:
        write(store, 0, reading(0, text="Eerste"))
        store.derive(SITE)
    with running(build_datasette(archive)) as client:
        assert found(client, "eerste")["pages"] == 1
        with Store(archive.database, KINDS) as store:
            write(store, 1, reading(1, text="Tweede binnenplaats"))
            store.derive(SITE)
        assert keys(client, "plaats") == ["home"]


def test_permissions_are_asked_for(archive):
    for table in ("page_version", "capture", "site"):
        datasette = build_datasette(archive)
        tables = {"databases": {"archive": {"tables": {table: {"allow": False}}}}}
        _deny(datasette, tables)
        with running(datasette) as client:
            assert client.get("/-/search?q=zorg").status_code == 403
            assert client.get("/-/search.json?q=zorg").status_code == 403
    datasette = build_datasette(archive)
    _deny(datasette, {"databases": {"archive": {"tables": {"observation": {"allow": False}}}}})
    with running(datasette) as client:
        answer = found(client, "zorg", section="member")
        assert counts(answer, "section") == {}
        assert answer["ignored"] == ["section=member"]


def _deny(datasette, more) -> None:
    from archive.browse.metadata import before_one

    for databases in (datasette._metadata_local, ) if before_one() else (datasette.config,):  # fmt: skip
        databases.update(more)


@pytest.mark.parametrize("name", ["site", "from", "to", "section", "versions", "page"])
@pytest.mark.parametrize("value", ["\0", "'", "-1", "0", "9" * 5000, "2016-13", "٢٠١٦", "<script>", "%00%ff"])
def test_a_filter_that_means_nothing_is_left_out_and_told(client, name, value):
    answer = client.get("/-/search", params={"q": "zorg", name: value})
    assert answer.status_code == 200
    assert "Left out, because it was not understood" in answer.text
    assert "3 pages" in answer.text


def test_what_is_left_out_is_told_in_words(client):
    asked = {"q": "zorg", "from": "2016-13", "page": "x"}
    told = client.get("/-/search", params=asked, headers={"Accept-Language": "nl"}).text
    assert "Weggelaten, omdat het niet begrepen werd: Vanaf “2016-13”, Pagina met treffers “x”" in told
    ignored = client.get("/-/search.json", params={"q": "zorg", "from": "2016-13"}).json()["ignored"]
    assert ignored == ["from=2016-13"]


def test_a_page_of_hits_that_is_not_there_leads_to_the_last_that_is(client):
    page = client.get("/-/search?q=wetenschap&page=999").text
    assert "There are not so many pages of hits." in page
    assert "Previous" not in page
    answer = client.get("/-/search.json?q=wetenschap&page=999").json()
    assert client.get(answer["previous"]).json()["hits"]
    assert client.get(answer["previous"]).json()["next"] is None


@pytest.mark.parametrize("text", ["zo'n", "x" * 10_000, "zorg " * 2_000, '"zorg" OR *', "NEAR(a b)", "title:zorg", "\0",
                                  "😀", "שלום עולם", "\u202ezorg", "a\u0300\u0301", "_", "_ zorg", "[", "\\", "%"])  # fmt: skip
def test_any_text_is_answered(client, text):
    for path in ("/-/search", "/-/search.json"):
        assert client.get(path, params={"q": text}).status_code == 200


def test_bytes_that_are_no_text_are_answered(client):
    assert client.get("/-/search?q=%ff%fe%00&site=%ff&page=%00").status_code == 200
    assert client.get("/-/search?q=a&q=b&from=&to").status_code == 200


def test_where_ranking_takes_too_long_the_newest_are_shown(archive, monkeypatch):
    """Every text has the little words: asked of millions of versions, the limit of time ends it."""
    monkeypatch.setattr(searching, "_RANKED", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE ? = i")  # fmt: skip
    datasette = build_datasette(archive)
    datasette._settings["sql_time_limit_ms"] = 50
    with running(datasette) as client:
        answer = found(client, "zorg")
        assert answer["is_cut"]
        assert {hit["page_key"] for hit in answer["hits"]} == {"b", "c"}
        assert "these are the newest" in client.get("/-/search?q=zorg").text


def test_a_period_takes_whole_years_months_and_days():
    def taken(**more: str) -> list[str]:
        asked = read_asked(
            {"q": "x", **{name.rstrip("_"): value for name, value in more.items()}}, frozenset(), frozenset()
        )
        months = ("2015-12", "2016-05", "2016-06", "2017-01")
        return [month for month in months if asked.takes(Kind("s", (month,), (), is_current=True))]

    assert taken(from_="2016", to="2016") == ["2016-05", "2016-06"]
    assert taken(from_="2016-06") == ["2016-06", "2017-01"]
    assert taken(to="2016-05") == ["2015-12", "2016-05"]
    assert taken(from_="2016-05-20", to="2016-05-21") == ["2016-05"]
    assert Asked(since="2016-05-20").by_day
