"""Where secrets are found, what is refused, and which requests they go to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from archive.errors import BadProfile, WrongUse
from archive.layout import Archive
from crawler.credentials import Credentials, find_credentials
from crawler.plan import plan_crawl
from crawler.sites.profile import Profile
from crawler.sites.profile_files import load_profile
from tests.front_door import bewaar

BEGIN = 'seeds = ["https://example.org/"]\ncontact = "a@example.org"\n'
SEND = BEGIN + '[[send]]\nto = "https://example.org/in/"\n'


def archive_with(tmp_path: Path, profile: str) -> Archive:
    archive = Archive.create(tmp_path / "a")
    (archive.sites / "own.toml").write_text(profile)
    return archive


def found(tmp_path: Path, profile: str, environ: Mapping[str, str] = {}) -> Credentials:
    archive = archive_with(tmp_path, profile)
    return find_credentials(load_profile("own", archive), archive, environ)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('password = "hunter22"\nuser = "me"', "password: is not kept in a profile; a secret is written"),
        ('user = "me"', "user and password go together"),
        ('user = "me:too"\npassword = { env = "P" }', "user: holds a colon"),
        ('headers = { Authorization = "Bearer hunter22" }', "Authorization is a secret"),
        ('headers = { authorization = { env = "A" } }\nuser = "me"\npassword = { env = "P" }', "sent once"),
        ('headers = { Cookie = "a=hunter22" }', "Cookie is not a profile's to send"),
        ('headers = { Host = "example.com" }', "Host is not a profile's to send"),
        ('headers = { X-A = "a\\r\\nX-B: b" }', "must be one line of ASCII"),
        ('headers = { "X A" = "a" }', "not a name that a header field or cookie can have"),
        ('headers = { X-A = { environment = "A" } }', 'a secret is written { env = "NAME" } or { file = "/PATH" }'),
        (
            'headers = { X-A = { env = "A", file = "/a" } }',
            'a secret is written { env = "NAME" } or { file = "/PATH" }',
        ),
        ('headers = { X-A = { env = "hunter-22" } }', "env: not the name of an environment variable"),
        ('headers = { X-A = { file = "hunter22" } }', 'file: not a path that begins with "/" or "~/"'),
        ('cookies = { a = "b; c" }', "no cookie can hold"),
        ("", "nothing to send"),
    ],
)
def test_what_a_profile_cannot_say_is_named_by_line_and_shown_to_nobody(tmp_path: Path, line: str, said: str) -> None:
    archive = archive_with(tmp_path, SEND + line + "\n")
    with pytest.raises(BadProfile) as wrong:
        load_profile("own", archive)
    assert said in str(wrong.value)
    assert f"{archive.sites / 'own.toml'} line " in str(wrong.value)
    assert "hunter" not in str(wrong.value)


def test_to_is_a_url_without_password_and_query(tmp_path: Path) -> None:
    for url, said in (
        ("https://me:hunter22@example.org/", "password"),
        ("https://example.org/?a=b", "without a query"),
    ):
        archive = archive_with(tmp_path, BEGIN + f'[[send]]\nto = "{url}"\ncookies = {{ a = "b" }}\n')
        with pytest.raises(BadProfile, match=said) as wrong:
            load_profile("own", archive)
        assert "hunter" not in str(wrong.value)


def test_a_profile_that_is_recorded_holds_places_and_no_values(tmp_path: Path) -> None:
    archive = archive_with(
        tmp_path, SEND + 'user = "me"\npassword = { env = "P" }\ncookies = { a = { file = "/x" }, b = "c" }\n'
    )
    profile = load_profile("own", archive)
    again = Profile.from_json(profile.to_json())
    assert again == profile == profile.with_settings()
    assert '"password":{"env":"P"}' in profile.to_json()
    assert '"cookies":{"a":{"file":"/x"},"b":"c"}' in profile.to_json()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "environment variable P is not set"),
        ("", "fewer than 6 characters"),
        ("short", "fewer than 6 characters"),
        ("x" * 5000, "more than 4096 bytes"),
        ("two\nlines", "more than one line"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_by_file_line_and_key(
    tmp_path: Path, value: str | None, said: str
) -> None:
    environ = {} if value is None else {"P": value}
    with pytest.raises(BadProfile) as wrong:
        found(tmp_path, SEND + 'user = "me"\npassword = { env = "P" }\n', environ)
    begin = f"{tmp_path / 'a' / 'sites' / 'own.toml'} line 6: send.0.password: environment variable P "
    assert str(wrong.value).startswith(begin)
    assert said in str(wrong.value)
    assert not value or value not in str(wrong.value)


def test_headers_and_cookies_hold_only_what_they_can(tmp_path: Path) -> None:
    for kind, value in (
        ("headers", "kaas-wörter"),
        ("headers", " padded "),
        ("cookies", "semi;colon"),
        ("cookies", "a b c d"),
    ):
        with pytest.raises(BadProfile, match="holds what no"):
            found(tmp_path, f'{SEND}{kind} = {{ a = {{ env = "P" }} }}\n', {"P": value})


def test_a_file_is_its_owners_alone_and_lies_outside_the_archive(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    profile = f'{SEND}user = "me"\npassword = {{ file = "{secret}" }}\n'

    def complaint(text: str = profile) -> str:
        with pytest.raises(BadProfile) as wrong:
            found(tmp_path, text)
        assert "hunter" not in str(wrong.value)
        return str(wrong.value)

    assert f"{secret}: No such file" in complaint()
    secret.write_text("hunter22\n")
    for mode in (0o644, 0o640, 0o602, 0o610):
        secret.chmod(mode)
        assert "chmod 600 it" in complaint()
    secret.chmod(0o600)
    assert "hunter22" in found(tmp_path, profile).secrets
    secret.chmod(0o400)
    assert "hunter22" in found(tmp_path, profile).secrets
    inside = tmp_path / "a" / "sites" / "secret"
    inside.write_text("hunter22")
    inside.chmod(0o600)
    assert "lies in the archive" in complaint(profile.replace(str(secret), str(inside)))
    link = tmp_path / "link"
    link.symlink_to(inside)
    assert "lies in the archive" in complaint(profile.replace(str(secret), str(link)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "is not a file" in complaint(profile.replace(str(secret), str(pipe)))
    secret.chmod(0o600)
    secret.write_bytes(b"\xff\xfe\xfd\xff\xfe\xfd")
    assert "not UTF-8" in complaint()


def test_a_secret_that_stands_in_the_profile_too_stops_the_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P", "hunter22")
    profile = SEND.replace('example.org/"]', 'example.org/?key=hunter%32%32"]') + 'cookies = { a = { env = "P" } }\n'
    archive = archive_with(tmp_path, profile)
    with pytest.raises(WrongUse, match="one of its secrets stands in the profile itself") as wrong:
        plan_crawl(archive, load_profile("own", archive))
    assert "hunter" not in str(wrong.value)
    assert bewaar("crawl", "own", "--archive", archive.root, code=2).stdout == ""


def test_the_later_entry_goes_first_and_nothing_shows_a_value(tmp_path: Path) -> None:
    more = (
        'headers = { X-A = "one", X-B = { env = "B" } }\ncookies = { a = "b" }\n'
        '[[send]]\nto = "https://example.org/in/side"\nheaders = { x-a = "two" }\nuser = "me"\npassword = { env = "P" }\n'
    )
    credentials = found(tmp_path, SEND + more, {"B": "bbbbbb", "P": "päss-word"})
    sending = credentials.sending("https://example.org/in/side/x?y")
    assert dict(sending.headers) == {"x-a": "two", "X-B": "bbbbbb", "Authorization": "Basic bWU6cMOkc3Mtd29yZA=="}
    assert dict(sending.cookies) == {"a": "b"}
    assert dict(credentials.sending("https://example.org/in/").headers) == {"X-A": "one", "X-B": "bbbbbb"}
    assert not credentials.sending("https://example.org/").headers
    assert not credentials.sending("http://example.org/in/side").headers
    assert credentials.domains == {"example.org"}
    assert credentials.variables == {"B", "P"}
    for secret in ("bbbbbb", "päss-word", "bWU6cMOkc3Mtd29yZA"):
        assert secret not in repr((credentials, sending))
    assert set(credentials.secrets) >= {"bbbbbb", "päss-word", "me:päss-word"}


def test_cookies_that_are_no_secret_make_no_logged_in_session(tmp_path: Path) -> None:
    credentials = found(tmp_path, SEND + 'cookies = { consent = "all" }\nheaders = { X-A = "one" }\n')
    assert (credentials.secrets, credentials.domains) == ((), frozenset())
    assert not credentials.sending("https://example.org/in/").secret


def test_a_proxys_password_is_a_secret_too(tmp_path: Path) -> None:
    proxy = BEGIN + 'proxy = "http://proxy.test:3128"\nproxy_user = "me"\nproxy_password = { env = "P" }\n'
    credentials = found(tmp_path, proxy, {"P": "a@b/c:d"})
    assert credentials.proxy == "me:a%40b%2Fc%3Ad"
    assert set(credentials.secrets) == {"a@b/c:d", "me:a@b/c:d"}
    with pytest.raises(BadProfile, match="go together, and with a proxy"):
        found(tmp_path, BEGIN + 'proxy_user = "me"\nproxy_password = { env = "P" }\n')
    with pytest.raises(BadProfile, match="line 6: proxy_password: environment variable P is not set"):
        found(tmp_path, BEGIN + "\n" + proxy.removeprefix(BEGIN))


def test_passwords_in_the_environments_proxies_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:gehe%2Fim@proxy.test:3128")
    assert found(tmp_path, BEGIN).secrets == ("gehe/im",)
