"""A site that did not change is not stored twice, and nobody who asks the database can tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from archive.store import open_read_only
from archive.store.compare import differences, dump
from archive.warc.reader import read_records
from tests.crawler.crawled import dumped, query
from tests.crawler.unchanged import FILLER, MEMBERS, profile, types
from tests.front_door import bewaar, crawl
from tests.site_server import Answer, Site, page, tree


def revisit_exchanges(archive: Path) -> list[int]:
    """Bytes of every exchange stored as a revisit, its request and metadata records included."""
    records = [record for path in (archive / "warcs").glob("*.warc.gz") for record in read_records(path)]
    sizes = {record.id: record.place.length for record in records if record.type == "revisit"}
    for record in records:
        if (beside := record.field("WARC-Concurrent-To")) in sizes:
            sizes[beside] += record.place.length
    return list(sizes.values())


def test_the_second_crawl_of_an_unchanged_site_refers_to_the_first(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages = tree(15) | {"/": page(MEMBERS + FILLER + '<a href="/p1">x</a><a href="/p2">x</a>')}
    with Site(pages) as site:
        first = crawl(site.url(), archive)
        second = crawl(site.url(), archive)
        asked = Counter(site.paths())
    # Links are followed out of what is only referred to.
    assert set(asked.values()) == {2}
    assert second["captures"] == first["captures"]
    assert [kind["response"] for kind in types(archive)] == [first["captures"] - 1, 0]
    assert types(archive)[1]["revisit"] == first["captures"] - 1
    # Both crawls saw the members, each with a quote of its own.
    seen = query(
        archive,
        "SELECT k.id, count(*) FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN observation o ON o.capture_id = c.id"
        " JOIN evidence e ON e.observation_id = o.id WHERE o.role = 'member' GROUP BY k.id",
    )
    assert [count for _, count in seen] == [3, 3]
    odd = (
        "SELECT count(*) FROM capture WHERE record_type = 'revisit' AND (original_id IS NULL OR truncated IS NOT NULL)"
    )
    assert query(archive, odd) == [(0,)]
    assert 0 < max(revisit_exchanges(archive)) <= 1800
    live = dumped(archive)
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--archive", archive)
    db = open_read_only(archive / "archive.db")
    assert list(differences(live, dump(db.conn))) == []
    db.close()


def test_what_changed_is_stored_in_full(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages = tree(3)
    with Site(pages) as site:
        crawl(site.url(), archive)
        site.pages["/p2"] = page("other words")
        crawl(site.url(), archive)
    second = sorted((archive / "warcs").glob("*.warc.gz"))[1]
    full = [record.url for record in read_records(second) if record.type == "response"]
    assert [url for url in full if not url.endswith("/robots.txt")] == [site.url("/p2")]


def test_a_third_crawl_refers_to_the_first_record_and_never_to_a_revisit(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tree(3)) as site:
        for _ in range(3):
            crawl(site.url(), archive)
    records = {record.id: record for path in (archive / "warcs").glob("*.warc.gz") for record in read_records(path)}
    revisits = [record for record in records.values() if record.type == "revisit"]
    assert len(revisits) >= 6
    for revisit in revisits:
        original = records[revisit.field("WARC-Refers-To") or ""]
        assert original.type == "response"
        assert (revisit.field("WARC-Refers-To-Date"), revisit.field("WARC-Refers-To-Target-URI")) == (
            original.date,
            original.url,
        )


def test_off_stores_everything_again(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tree(3)) as site:
        name = profile(archive, site, "off")
        for _ in range(2):
            bewaar("crawl", name, "--archive", archive, "--contact", "a@example.org")
    assert [kind["revisit"] for kind in types(archive)] == [0, 0]


def test_any_url_finds_one_image_under_many_names(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    image: Answer = (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    names = [f"/i{n}.png" for n in range(30)]
    pages = {"/": page("".join(f"<img src={name}>" for name in names))} | dict.fromkeys(names, image)
    with Site(pages, slow_s=0.1) as site:
        name = profile(archive, site, "any-url")
        bewaar("crawl", name, "--archive", archive, "--contact", "a@example.org")
    (kinds,) = types(archive)
    # The first ones are fetched before the first one's row is there.
    assert kinds["revisit"] >= 10
    assert kinds["response"] + kinds["revisit"] == 31
    live = dumped(archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []
    bewaar("verify", "--rows", "--archive", archive)


def test_an_original_that_cannot_be_read_is_not_referred_to(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tree(3)) as site:
        crawl(site.url(), archive)
        (first,) = (archive / "warcs").glob("*.warc.gz")
        first.write_bytes(b"gone")
        crawl(site.url(), archive)
    second = max((archive / "warcs").glob("*.warc.gz"))
    assert {record.type for record in read_records(second)} == {"warcinfo", "response", "request", "metadata"}


def test_with_sha1_digests_revisits_are_read_too(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site({"/": page(MEMBERS)}) as site:
        name = profile(archive, site, "same-url", 'record_digest = "sha1"\nstrict_fields = true')
        for _ in range(2):
            bewaar("crawl", name, "--archive", archive, "--contact", "a@example.org")
    assert types(archive)[1] == {"revisit": 1}
    assert query(
        archive, "SELECT count(*) FROM capture c JOIN observation o ON o.capture_id = c.id WHERE role = 'member'"
    ) == [(2,)]
    for path in (archive / "warcs").glob("*.warc.gz"):
        for record in read_records(path):
            assert (record.field("WARC-Block-Digest") or "sha1:").startswith("sha1:")
            assert record.field("WARC-Protocol") is None
    bewaar("verify", "--rows", "--archive", archive)
    live = dumped(archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []


def test_a_seed_that_is_another_site_is_named_every_time(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site({"/": page("this domain is for sale")}) as site:
        name = profile(archive, site, "same-url", '[expect]\ntext = "Better Care"')
        for _ in range(2):
            done = bewaar("crawl", name, "--archive", archive, "--contact", "a@example.org", code=1)
            assert "'Better Care' does not stand on it" in done.stderr
    assert types(archive)[1] == {"revisit": 1}
