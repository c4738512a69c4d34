from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import crawler.sites.fields
import crawler.sites.profile
from archive.errors import BadProfile, WrongUse
from archive.layout import Archive
from crawler.connect_to import ConnectTo
from crawler.scope import Scope
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import list_profiles, load_profile, read_profile
from crawler.sites.trackers import shipped_trackers

SEED = "http://eerlijkkinderpardon.nu/p/215/3232/mo480-cg310/mo481-cg310/better-care-network"
MINIMAL = 'seeds = ["http://a.example/"]\n'


@pytest.mark.parametrize("module", [crawler.sites.fields, crawler.sites.profile], ids=lambda m: m.__name__)
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.fixture
def profile(tmp_path: Path):
    def read(text: str, name: str = "some_site") -> Profile:
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        return read_profile(path)

    return read


@pytest.mark.parametrize("file", list_profiles(), ids=lambda file: file.name)
def test_every_shipped_profile_is_valid_and_its_seeds_are_in_scope(file):
    found = load_profile(file.name)
    assert found.title
    scope = Scope(found.scope_rules())
    for seed in found.seeds:
        assert scope.judge(seed).accepted
        assert not any(re.search(pattern, seed) for pattern in found.exclude)
    if found.anchors:
        assert set(found.anchors) <= {found.page_key(seed) for seed in found.seeds}


def test_original_site_has_one_key_per_page_whatever_host_and_menu():
    found = load_profile("better_care_network")
    assert found.page_key(SEED) == "dfc:215:3232"
    for same in (
        "https://www.defenceforchildren.nl/p/215/3232/mo89-mc21/better-care-network",
        "http://eerlijkkinderpardon.nu/p/215/3232?lang=nl",
        "http://eerlijkkinderpardon.nu/p/215/3232",
    ):
        assert found.page_key(same) == "dfc:215:3232"
    for other in (
        "http://eerlijkkinderpardon.nu/p/215/32321/x",
        "http://eerlijkkinderpardon.nu/p/21/3232/x",
        "http://eerlijkkinderpardon.nu/",
    ):
        assert found.page_key(other) != "dfc:215:3232"
    assert (found.expect.members, found.expect.goals, found.expect.sponsors) == (7, 7, 9)
    assert found.expect.cms == "SiteSpirit"
    assert found.max_variants_per_page


def test_page_key_rules_go_by_host_and_order(profile):
    found = profile(
        MINIMAL
        + """
        [[page_key]]
        host = '^old\\.'
        pattern = 'id=(?P<id>\\d+)(?:&v=(?P<v>\\d+))?'
        key = "old:{id}{v}"
        [[page_key]]
        pattern = '^/(?P<id>\\d+)$'
        key = "new:{id}"
        """
    )
    assert found.page_key("http://old.example/?id=7") == "old:7"
    assert found.page_key("http://old.example/7") == "new:7"
    assert found.page_key("http://new.example/?id=7").startswith("example,new)")


@given(st.text())
def test_page_key_never_raises(url):
    found = load_profile("better_care_network")
    assert isinstance(found.page_key(url), str)
    assert isinstance(found.page_key(f"http://{url}"), str)


def test_archives_own_profile_goes_first(tmp_path: Path):
    kept = Archive.create(tmp_path / "kept")
    assert load_profile("better_care_network", kept).seeds == (SEED,)
    (kept.sites / "better_care_network.toml").write_text(MINIMAL)
    (kept.sites / "other.toml").write_text("not = [toml")
    assert load_profile("better_care_network", kept).seeds == ("http://a.example/",)
    listed = {file.name: file.shipped for file in list_profiles(kept)}
    assert listed["better_care_network"] is False
    assert listed["other"] is False


@pytest.mark.parametrize("name", ["better_care_netwrok", "..", "../x", "example.org", "", "a" * 10_000, "profile"])
def test_unknown_site_names_what_there_is(name):
    with pytest.raises(WrongUse, match="no site") as caught:
        load_profile(name)
    assert len(str(caught.value)) < 600
    assert "better_care_network" in str(caught.value) or "begins with http://" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '{path}: seeds: is missing, and needed, as in: seeds = ["https://example.org/"]'),
        ("seeds = []", "{path} line 1: seeds: must hold at least 1; it is empty"),
        (MINIMAL + "seed = 1", "{path} line 2: seed: no such key; did you mean seeds?"),
        (MINIMAL + "[expect]\nmember = 1", "{path} line 3: expect.member: no such key; did you mean members?"),
        (MINIMAL + "[[page_key]]\npatern = ''", "{path} line 3: page_key.0.patern: no such key; did you mean pattern?"),
        (
            MINIMAL + "\nscope = 'site'",
            '{path} line 3: scope: must be "page", "prefix", "host" or "domain"; it is "site"',
        ),
        ("seeds = ['ftp://a/']", "{path} line 1: seeds.0: 'ftp://a/' is not an http(s) URL"),
        ("seeds = ['http://']", "{path} line 1: seeds.0: 'http://' is not"),
        ("seeds = ['http://a:99999/']", "{path} line 1: seeds.0: Port out of range"),
        ("seeds = ['http://me:secret@a/']", "{path} line 1: seeds.0: a URL that carries a password"),
        (MINIMAL + "name = 'other'", "{path}: name: is 'other', but the file is some_site.toml"),
        (MINIMAL + "name = 3", "{path}: name: is 3"),
        (MINIMAL + "ignore = ['ok', '(']", "{path} line 2: ignore.1: not a regular expression"),
        (MINIMAL + "delay_s = -1", "{path} line 2: delay_s: "),
        (MINIMAL + "concurrency = 0", "{path} line 2: concurrency: "),
        (MINIMAL + "connect_to = ['a:b']", "{path} line 2: connect_to.0: 'a:b' is not HOST:PORT:ADDRESS:PORT"),
        (MINIMAL + "allow_addresses = ['10.0.0.1/8']", "{path} line 2: allow_addresses.0: "),
        (MINIMAL + 'language = "nl\\nX: 1"', "{path} line 2: language: must be one line"),
        (MINIMAL + "[labels]\nmembers = ['x']", "{path} line 2: labels: 'members' is no section; did you mean member?"),
        (MINIMAL + "[[page_key]]\npattern='(?P<a>x)'\nkey='{b}'", "{path} line 2: page_key.0: key uses {{b}}"),
        (MINIMAL + "[[page_key]]\npattern='(?P<a>x)'\nkey='{a:>99999999}'", "{path} line 2: page_key.0: key uses"),
        (MINIMAL + "[[page_key]]\npattern='(?P<a>x)'\nkey='{a.__class__}'", "{path} line 2: page_key.0: key uses"),
        (MINIMAL + "x = = 1", "{path} line 2: not TOML: Invalid value"),
        ("nope = 1\nneither = 2", "(and 2 more)"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(tmp_path, profile, text, message):
    with pytest.raises(BadProfile) as caught:
        profile(text)
    assert message.format(path=tmp_path / "some_site.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_defaults_are_polite(profile):
    found = profile(MINIMAL)
    assert (found.delay_s, found.concurrency, found.robots, found.tls) == (1.0, 1, "obey", "verify")
    assert found.max_response_bytes == 256 * 1024 * 1024
    assert found.language is None
    assert found.connect_to == found.allow_addresses == ()


def test_sizes_may_have_units(profile):
    assert profile(MINIMAL + 'max_response_bytes = "10 MiB"').max_response_bytes == 10 * 1024 * 1024


def test_seeds_are_kept_as_they_are_requested(profile):
    found = profile('seeds = ["http://münchen.example/ü b#top"]\nhosts = ["MÜNCHEN.example:81"]')
    assert found.seeds == ("http://xn--mnchen-3ya.example/%C3%BC%20b",)
    assert found.hosts == ("xn--mnchen-3ya.example:81",)
    assert profile('seeds = ["http://straße.example/"]').seeds == ("http://xn--strae-oqa.example/",)


def test_connections_read_as_curls(profile):
    found = profile(MINIMAL + 'connect_to = ["a.test:80:127.0.0.1:8080", "::[::1]:", "A.test:443::8443"]')
    assert [ConnectTo.parse(rule) for rule in found.connect_to] == [
        ConnectTo("a.test", 80, "127.0.0.1", 8080),
        ConnectTo("", None, "::1", None),
        ConnectTo("a.test", 443, "", 8443),
    ]


def test_trackers_are_skipped_on_demand_only(profile):
    assert "google-analytics.com" in shipped_trackers()
    assert profile(MINIMAL).scope_rules().tracker_hosts == frozenset()
    rules = profile(MINIMAL + 'trackers = "skip"\ntracker_hosts = ["Counter.example"]').scope_rules()
    assert rules.tracker_hosts == shipped_trackers() | {"counter.example"}


def test_hints_are_what_the_profile_says():
    hints = load_profile("better_care_network").hints()
    assert hints.owner == "Defence for Children"
    assert "Better Care betekent dat" in hints.labels["goal"]
    assert hints.aliases["NPL"] == "Nationale Postcode Loterij"


@pytest.mark.parametrize("name", [file.name for file in list_profiles()])
def test_recorded_profile_is_the_profile(name):
    found = load_profile(name)
    again = Profile.from_json(found.to_json())
    assert again == found
    assert again.digest == found.digest
    assert again.page_key(SEED) == found.page_key(SEED)
    assert json.loads(found.to_json())["page_key"]


def test_digest_changes_with_any_setting_and_not_with_order(profile):
    one = profile('seeds = ["http://a.example/"]\ndelay_s = 2\nlanguage = "nl"')
    assert profile('language = "nl"\ndelay_s = 2\nseeds = ["http://a.example/"]').digest == one.digest
    assert one.with_settings(delay_s=3).digest != one.digest
    assert one.with_settings(delay_s=2.0).digest == one.digest


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", "[" * 100_000, '{"seeds": 1}', b"\xff\xfe", '{"name": "../x"}']
)
def test_recorded_profile_may_be_nonsense(text):
    with pytest.raises(BadProfile, match="WARC"):
        Profile.from_json(text, source="WARC")


def test_command_line_settings_are_checked():
    found = load_profile("better_care_network")
    assert found.with_settings(scope="page", max_pages=3).max_pages == 3
    assert found.with_settings().digest == found.digest
    with pytest.raises(WrongUse, match="max_pages"):
        found.with_settings(max_pages=0)
    with pytest.raises(WrongUse, match="no such key; did you mean max_pages"):
        found.with_settings(max_page=1)


def test_profile_cannot_be_changed():
    with pytest.raises(ValidationError):
        load_profile("better_care_network").delay_s = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("urls", "name", "scope"),
    [
        (["http://127.0.0.1:8123/"], "127_0_0_1_8123", "host"),
        (["https://www.Example.org"], "example_org", "host"),
        (["http://example.org:80/index.html"], "example_org", "host"),
        (["http://example.org/docs/guide/"], "example_org", "prefix"),
        (["http://example.org/docs/guide"], "example_org", "prefix"),
        (["http://example.org/docs/", "http://example.org/"], "example_org", "host"),
        (["http://münchen.example/"], "xn--mnchen-3ya_example", "host"),
        (["http://[::1]:81/"], "1_81", "host"),
    ],
)
def test_bare_url_gets_a_profile(urls, name, scope):
    found = default_profile(*urls)
    assert (found.name, found.scope) == (name, scope)
    assert all(Scope(found.scope_rules()).judge(seed).accepted for seed in found.seeds)


def test_bare_url_takes_settings():
    assert default_profile("http://a.example/x/y", scope="page", contact="a@example.org").scope == "page"
    assert len(default_profile("http://" + "a" * 60 + "." + "b" * 60 + ".example/").name) <= 100
    for wrong in ("example.org", "ftp://a/", "http://", "http://a:b@c/", "javascript:alert(1)", "http://a:70000/"):
        with pytest.raises(WrongUse):
            default_profile(wrong)
    with pytest.raises(WrongUse):
        default_profile()
