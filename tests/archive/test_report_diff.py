"""What differs between two points, and what is not known."""

from __future__ import annotations

import doctest
import json

import pytest

from archive.errors import WrongUse
from archive.layout import Archive
from archive.report import printed, texts
from archive.report.diff import Seen, SiteDiff, diff
from archive.report.printed import as_text
from archive.store.withheld import open_visible
from tests.archive.store_builders import (
    HOME,
    SITE,
    absent,
    crawl,
    day,
    found,
    goals,
    image,
    member,
    members,
    open_store,
    reading,
    sponsor,
    write,
)
from tests.front_door import bewaar


@pytest.fixture
def archive(tmp_path):
    return Archive.create(tmp_path / "archive")


@pytest.fixture
def store(archive):
    with open_store(archive.root) as opened:
        yield opened


def compare(archive, a: str, b: str, **more) -> SiteDiff:
    with open_visible(archive) as connection:
        (found_,) = diff(connection, a, b, **more)
    return found_


def told(found_: SiteDiff) -> list[tuple]:
    return [
        (section.role, one.kind, one.before, one.after) for section in found_.sections for one in section.differences
    ]


def unknown(found_: SiteDiff) -> list[tuple]:
    def at(seen: Seen | None) -> str | None:
        return seen and seen.captured_at

    return [(one.page_key, one.roles, one.side, one.why, at(one.before), at(one.after)) for one in found_.unknown]


def test_names_that_came_and_went_and_words_that_changed_are_told_from_one_crawl_to_another(store, archive):
    first = "Kinderen groeien veilig op bij familie."
    second = "Kinderen groeien veilig op bij hun eigen familie."
    write(store, 0, reading(0, members("Cordaid", "Plan"), goals(first)))
    write(store, 1, reading(1, members("Cordaid", "ZOA"), goals(second)))
    store.derive(SITE)
    there = compare(archive, crawl(0).id, crawl(1).id)
    assert told(there) == [
        ("goal", "reworded", first, second),
        ("member", "no longer listed", "Plan", None),
        ("member", "listed", None, "ZOA"),
    ]
    section = there.sections[1]
    assert section.pages == ("home",)
    assert (section.a.captured_at, section.b.captured_at) == (day(0), day(1))
    assert section.a.warc == "example-0.warc.gz"
    back = compare(archive, "latest", "2026-01-01")
    assert ("member", "listed", None, "Plan") in told(back)
    assert told(compare(archive, "2026-01-02", "latest")) == []


def test_a_date_means_the_last_capture_of_each_page_by_its_end(store, archive):
    write(store, 0, reading(0, members("Cordaid"), second=80_000))
    write(store, 5, reading(5, members("Plan")))
    store.derive(SITE)
    assert told(compare(archive, "2026-01-01", "2026-01-05")) == []
    assert len(told(compare(archive, "2026-01-01", "2026-01-06"))) == 2
    assert len(told(compare(archive, "2026-01-04", "2026-01-06T00:00:00Z"))) == 2


def test_a_page_that_failed_leaves_its_lists_unknown_with_the_captures_on_either_side(store, archive):
    write(store, 0, reading(0, members("Cordaid")))
    write(store, 1, reading(1, status=503, text=None))
    write(store, 2, reading(2, members("Plan")))
    store.derive(SITE)
    there = compare(archive, crawl(0).id, crawl(1).id)
    assert told(there) == []
    assert unknown(there) == [("home", ("member",), "B", "the page answered 503", day(0), day(2))]
    # By date too: the last that was tried failed.
    assert unknown(compare(archive, "2026-01-01", "2026-01-02")) == unknown(there)
    assert {kind for _, kind, *_ in told(compare(archive, "2026-01-01", "2026-01-03"))} == {
        "listed",
        "no longer listed",
    }


def test_an_absent_section_is_no_empty_list(store, archive):
    write(store, 0, reading(0, members("Cordaid")))
    write(store, 1, reading(1, absent("member")))
    write(store, 2, reading(2, members()))
    store.derive(SITE)
    there = compare(archive, crawl(0).id, crawl(1).id)
    assert unknown(there) == [("home", ("member",), "B", "the page has no such section", day(0), day(2))]
    assert told(there) == []
    assert told(compare(archive, crawl(0).id, crawl(2).id)) == [("member", "no longer listed", "Cordaid", None)]


def test_a_page_that_a_crawl_did_not_capture_is_unknown_and_not_gone(store, archive):
    write(store, 0, reading(0, members("Cordaid")), reading(0, url=f"{HOME}x", key="x", second=1))
    write(store, 1, reading(1, members("Cordaid")))
    write(store, 2, reading(2, url=f"{HOME}x", key="x", status=404, text=None))
    store.derive(SITE)
    there = compare(archive, crawl(0).id, crawl(1).id)
    assert [(page.page_key, page.kind) for page in there.pages] == []
    assert unknown(there) == [("x", (), "B", "not captured", day(0, 1), None)]
    there = compare(archive, crawl(0).id, crawl(2).id)
    assert [(page.page_key, page.kind) for page in there.pages] == [("x", "gone")]
    assert unknown(there) == [("home", ("member",), "B", "not captured", day(1), None)]


def test_new_and_changed_pages_are_told_with_the_lines_that_changed(store, archive):
    write(store, 0, reading(0, text="Kop\nOpen op maandag\nVoet"))
    write(store, 1, reading(1, text="Kop\nGesloten\nVoet"), reading(1, url=f"{HOME}n", key="n", second=1, text="nieuw"))
    store.derive(SITE)
    there = compare(archive, crawl(0).id, "latest")
    assert [(page.page_key, page.kind, page.lines) for page in there.pages] == [
        ("home", "changed", (("-", "Open op maandag"), ("+", "Gesloten"))),
        ("n", "new", ()),
    ]
    assert there.unchanged == 0


def test_a_logo_that_was_replaced_is_told_and_one_that_was_not_kept_is_not(store, archive):
    logo = f"{HOME}logo.png"
    wall = found("sponsor", [sponsor("Plan", logo_url=logo)])
    write(store, 0, reading(0, wall), image(0, logo, "one"))
    write(store, 1, reading(1, wall), image(1, logo, "two"))
    write(store, 2, reading(2, wall))
    store.derive(SITE)
    assert [row[:2] for row in told(compare(archive, crawl(0).id, crawl(1).id))] == [("sponsor", "logo replaced")]
    assert told(compare(archive, crawl(1).id, crawl(2).id)) == []


def test_a_wall_that_changed_alike_on_many_pages_is_told_once(store, archive):
    for number, names in ((0, ["Plan"]), (1, ["Plan", "ZOA"])):
        wall = found("sponsor", [sponsor(name) for name in names])
        pages = [reading(number, wall, url=f"{HOME}{n}", key=f"p{n}", second=n) for n in range(9)]
        write(store, number, *pages)
    store.derive(SITE)
    there = compare(archive, crawl(0).id, crawl(1).id)
    assert len(there.sections) == 1
    assert len(there.sections[0].pages) == 9
    assert "sponsor on Title (p0) and 8 other pages" in "\n".join(as_text(there))


def test_a_guess_is_neither_there_nor_gone(store, archive):
    write(store, 0, reading(0, members("Cordaid", "Plan")))
    write(store, 1, reading(1, found("member", [member("Cordaid"), member("Plan", tier="candidate")])))
    store.derive(SITE)
    assert told(compare(archive, crawl(0).id, crawl(1).id)) == []


def test_a_crawl_nobody_knows_is_answered_with_the_nearest(store, archive):
    write(store, 0, reading(0))
    write(store, 1, reading(1))
    near = crawl(0).id[:-1] + "7"
    done = bewaar("diff", near, "latest", "--archive", archive.root, code=2)
    assert crawl(0).id in done.stderr
    assert not done.stdout
    for wrong in (("2025-01-01", "latest"), ("2026-02-31", "latest"), ("latest", "2026-01-01", "--site", "nobody")):
        assert bewaar("diff", *wrong, "--archive", archive.root, code=2).stderr.startswith("bewaar: ")


def test_crawls_of_two_sites_are_not_compared_and_dates_take_all_sites(store, archive):
    store.write_site("other", name="Other")
    write(store, 0, reading(0, members("Cordaid")))
    write(store, 0, reading(0, members("ZOA"), site="other", url="http://other.test/"), site="other")
    write(store, 1, reading(1, members("Plan")))
    for site in (SITE, "other"):
        store.derive(site)
    with open_visible(archive) as connection:
        with pytest.raises(WrongUse, match="compare crawls of one site"):
            diff(connection, crawl(0).id, crawl(0, "other").id)
        assert [one.site for one in diff(connection, "2026-01-01", "latest")] == [SITE, "other"]
        assert [one.site for one in diff(connection, "2026-01-01", "latest", "other")] == ["other"]


def test_json_has_what_the_text_has_and_a_title_cannot_steer_the_terminal(store, archive):
    write(store, 0, reading(0, members("Cordaid", "Ev\x1b[2Jil"), text="a"))
    write(store, 1, reading(1, members("Cordaid"), text="b"))
    store.derive(SITE)
    (there,) = json.loads(bewaar("diff", crawl(0).id, "latest", "--archive", archive.root, "--json").stdout)
    assert there["sections"][0]["differences"][0]["before"] == "Ev\x1b[2Jil"
    assert there["sections"][0]["a"]["warc_offset"] == 0
    assert there["pages"][0]["lines"] == [["-", "a"], ["+", "b"]]
    text = bewaar("diff", crawl(0).id, "latest", "--archive", archive.root).stdout
    assert "no longer listed: Ev\\x1b[2Jil" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("module", [printed, texts])
def test_examples_in_the_words_of_the_code_hold(module):
    assert doctest.testmod(module).failed == 0
