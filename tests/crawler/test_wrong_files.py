"""Files people wrote that are wrong: each is told by file, line and key, what it must be, and how it was meant."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import archive.configuration
import archive.slips
import archive.wording
from archive.errors import BadProfile, NotAnArchive
from archive.layout import Archive
from crawler.sites.profile_files import read_profile

SEEDS = 'seeds = ["http://a.example/"]\n'
#: words of pydantic's and Python's that tell people nothing
JARGON = ("input should", "field required", "tuple", "dict", "instance", "parse", "literal", "validat", "str ", "none")


@pytest.mark.parametrize("module", [archive.configuration, archive.slips, archive.wording], ids=lambda m: m.__name__)
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


#: what stands in the file, the line and key it is told by, and what is said of it
PROFILES = [
    # keys that are none
    ("delay = 3", "line 2: delay: ", "no such key; did you mean delay_s?"),
    ("Title = 'x'", "line 2: Title: ", "no such key; did you mean title?"),
    ("max-pages = 3", "line 2: max-pages: ", "no such key; did you mean max_pages?"),
    ("url = 'x'", "line 2: url: ", "no such key; did you mean seeds?"),
    ("start_urls = []", "line 2: start_urls: ", "did you mean seeds?"),
    ("crawl-delay = 3", "line 2: crawl-delay: ", "did you mean delay_s?"),
    ("depth = 3", "line 2: depth: ", "did you mean max_hops?"),
    ("frobnicate = 3", "line 2: frobnicate: ", "no such key"),
    ('[labls]\nmember = ["x"]', "line 2: labls: ", "did you mean labels?"),
    ("[expect]\nfoo = 1", "line 3: expect.foo: ", "there are: members, goals, sponsors, cms, text"),
    ("[selectors]\nmember = { itms = 'x' }", "line 3: selectors.member.itms: ", "did you mean items? (and 1 more)"),
    ('[labels]\nmembr = ["x"]', "line 2: labels: ", "'membr' is no section; did you mean member?"),
    # values of another kind
    ("title = 3", "line 2: title: ", "must be text in quotes; it is a whole number"),
    ("title = 2026-01-01", "line 2: title: ", "must be text in quotes; it is a date"),
    ("scope = 3", "line 2: scope: ", 'must be "page", "prefix", "host" or "domain"; it is a whole number'),
    ("scope = 'hosts'", "line 2: scope: ", 'it is "hosts"; did you mean host?'),
    ("robots = false", "line 2: robots: ", 'must be "obey", "ignore" or "obey-except-requisites"; it is true or false'),
    ("delay_s = 'slow'", "line 2: delay_s: ", "must be a number, such as 1.5; it is text"),
    ("delay_s = -1", "line 2: delay_s: ", "must be at least 0; it is -1"),
    ("delay_s = inf", "line 2: delay_s: ", "must be a number, neither inf nor nan"),
    ("idle_s = 0", "line 2: idle_s: ", "must be more than 0; it is 0"),
    ("concurrency = 99", "line 2: concurrency: ", "must be at most 64; it is 99"),
    ("concurrency = 1.5", "line 2: concurrency: ", "must be a whole number, such as 10; it is a number with a point"),
    ("strict_fields = 'maybe'", "line 2: strict_fields: ", "must be true or false, without quotes; it is text"),
    ("hours = '22:00-06:00'", "line 2: hours: ", 'must be a list in square brackets, such as ["abc"]; it is text'),
    ("hours = ['10 to 6']", "line 2: hours.0: ", "no span of a day, such as 22:00-06:00"),
    ("timezone = 'Amsterdam'", "line 2: timezone: ", "no time zone, such as Europe/Amsterdam"),
    ("max_bytes = 'lots'", "line 2: max_bytes: ", 'no size: a number of bytes, or as "200 MiB"'),
    ("labels = 3", "line 2: labels: ", "must be a table, such as { key = ... }; it is a whole number"),
    ("labels = { member = 'x' }", "line 2: labels.member: ", "must be a list in square brackets"),
    ("[aliases]\nNPL = 1", "line 3: aliases.NPL: ", "must be text in quotes; it is a whole number"),
    ("[[page_key]]\nkey = 'a'", "line 2: page_key.0.pattern: ", "is missing, and needed, as in: pattern = '^/p/"),
    ("exclude = ['[']", "line 2: exclude.0: ", "not a regular expression"),
    ("allow_addresses = ['10.0.0.1/8']", "line 2: allow_addresses.0: ", "no network of addresses, such as 10.0.0.0/8"),
    ("contact = 'call me'", "line 2: contact: ", "neither a mail address nor an http(s) URL"),
    ("hosts = [\n  'a.example',\n  'b c',\n]", "line 4: hosts.1: ", "is not a host"),
    ("deley_s = 1\nseedz = 2", "line 2: deley_s: ", "did you mean delay_s? (and 1 more)"),
    # what is no TOML
    ("title = My site", "line 2: ", 'text stands in quotes, as in "abc"'),
    ("title = \u201cMy site\u201d", "line 2: ", 'quotes are straight, as in "abc"'),
    ("title: 'x'", "line 2: ", "between a key and its value stands ="),
    ('title = "x', "line 2: ", "the quotes are not closed"),
    ("delay_s = 1,5", "line 2: ", "a number has a point, as in 1.5"),
    ("strict_fields = True", "line 2: ", "write true or false, in small letters"),
    (r'exclude = ["\d"]', "line 2: ", r"a text with \ stands in single quotes"),
    ('title = "a"\ntitle = "b"\n', "line 3: ", "this key stands in the file twice"),
    ("home = https://a.example/", "line 2: ", "a web address stands in quotes"),
    ("https://a.example/", "line 2: ", "web addresses stand in a list, as in seeds ="),
    ('hosts = ["a" "b"]', "line 2: ", "a comma is missing between two values"),
    ("[expect\ntext = 'x'", "line 2: ", 'a "[" is not closed'),
    ("title", "line 2: ", "a line is a key, =, and its value"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "said"), PROFILES, ids=[text for text, *_ in PROFILES])
def test_what_is_wrong_in_a_profile(tmp_path: Path, text: str, where: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SEEDS + text, encoding="utf-8")
    with pytest.raises(BadProfile) as caught:
        read_profile(path)
    line = str(caught.value)
    assert line.startswith(f"{path} {where}")
    assert said in line
    assert "\n" not in line
    assert not [word for word in JARGON if word in line.partition("not TOML")[0].lower().replace(str(path), "")]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("", ": format: ", "is missing, and needed, as in: format = 1"),
        ("format = 1\nemail = 'a@b.example'", " line 2: email: ", "no such key; did you mean contact?"),
        ("format = 1\noperater = 'x'", " line 2: operater: ", "no such key; did you mean operator?"),
        ("format = 1\nsite = 'x'", " line 2: site: ", "no such key; there are: format, operator, contact"),
        ("format = 1\ncontact = me@example.org", " line 2: ", 'text stands in quotes, as in "abc"'),
        ("format = 1\noperator = 3", " line 2: operator: ", "must be text in quotes; it is a whole number"),
        ("format = 'one'", " line 1: format: ", "must be a whole number, such as 10; it is text"),
    ],
)
def test_what_is_wrong_in_bewaar_toml(tmp_path: Path, text: str, where: str, said: str) -> None:
    (tmp_path / "bewaar.toml").write_text(text)
    with pytest.raises(NotAnArchive) as caught:
        Archive.open(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'bewaar.toml'}{where}")
    assert said in str(caught.value)


def test_every_fault_of_a_file_is_there_for_those_who_ask(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"{SEEDS}delay = 3\nscope = 'all'\nmax_pages = 0\n")
    with pytest.raises(BadProfile) as caught:
        read_profile(path)
    assert [fault.split(": ")[:2] for fault in caught.value.faults] == [
        [f"{path} line 2", "delay"],
        [f"{path} line 3", "scope"],
        [f"{path} line 4", "max_pages"],
    ]


def test_no_secret_in_the_wrong_place_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for wrong in (
        "password = 'geheim99'",
        "headers = 'geheim99'",
        "user = ['geheim99']",
        "cookies = { a = ['geheim99'] }",
    ):
        path.write_text(f'{SEEDS}[[send]]\nto = "https://a.example/"\n{wrong}\n')
        with pytest.raises(BadProfile) as caught:
            read_profile(path)
        assert "geheim99" not in f"{caught.value}{caught.value.faults}"
