"""What a crawl sends besides what every crawl sends, with the secrets in it: found when the crawl begins, held in
memory, and handed only to requests of the URLs they are declared for."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies

from archive.configuration import line_of
from archive.errors import BadProfile
from archive.layout import Archive
from crawler.domains import registered_domain
from crawler.sites.login import Login
from crawler.sites.profile import Profile
from crawler.sites.profile_files import list_profiles
from crawler.sites.send import Secret, Send, check_cookie

#: what is shorter would be found all over, and mask what is nobody's secret
MIN_CHARACTERS = 6
MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Sending:
    """What one request is sent with."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: whether there is a secret among them
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """Nothing of it shows in a traceback or log: no value is in its repr."""

    #: a profile's entries, and what each adds
    entries: tuple[tuple[Send, Sending], ...] = field(default=(), repr=False)
    #: a profile's forms, and what is filled in
    logins: tuple[tuple[Login, Mapping[str, str]], ...] = field(default=(), repr=False)
    #: user and password for the profile's proxy, percent-encoded, as they stand in front of its host
    proxy: str | None = field(default=None, repr=False)
    #: each secret, and each pair ``user:password`` that is sent in base64
    secrets: tuple[str, ...] = field(default=(), repr=False)
    #: hosts, and what is below them, whose cookies are a logged-in session's
    domains: frozenset[str] = frozenset()
    #: environment variables that hold a secret
    variables: frozenset[str] = frozenset()

    def sending(self, url: str) -> Sending:
        """All entries for *url*; of two that set the same, the later."""
        found = [sending for entry, sending in self.entries if entry.covers(url)]
        if not found:
            return _NOTHING
        headers: dict[str, tuple[str, str]] = {}
        for sending in found:
            headers |= {name.lower(): (name, value) for name, value in sending.headers.items()}
        cookies = {name: value for sending in found for name, value in sending.cookies.items()}
        return Sending(dict(headers.values()), cookies, any(sending.secret for sending in found))


_NOTHING = Sending()


def find_credentials(profile: Profile, archive: Archive, environ: Mapping[str, str] = os.environ) -> Credentials:
    """Look up every secret that *profile* names. Raises BadProfile, naming file, line and key, when one is not there,
    can be read by others, lies in the archive, or cannot be sent."""
    look_up = _LookUp(profile, archive, environ)
    entries: list[tuple[Send, Sending]] = []
    secrets: list[str] = []
    domains: set[str] = set()
    for number, entry in enumerate(profile.send):
        values = {keys: look_up(secret, "send", number, *keys) for keys, secret in entry.secrets().items()}
        entries.append((entry, _sending(entry, values)))
        secrets += values.values()
        if entry.password:
            secrets.append(_pair(entry, values))
        if values:
            domains.add(_domain(entry.to))
    logins = []
    for number, login in enumerate(profile.login):
        values = {keys: look_up(secret, "login", number, *keys) for keys, secret in login.secrets().items()}
        filled = {name: value for name, value in login.fields.items() if isinstance(value, str)}
        logins.append((login, filled | {name: value for (_, name), value in values.items()}))
        secrets += values.values()
        domains |= {_domain(login.page), _domain(login.to or login.page)}
    proxy = None
    if profile.proxy_user and profile.proxy_password:
        user = profile.proxy_user
        if isinstance(user, Secret):
            user = look_up(user, "proxy_user")
            secrets.append(user)
        password = look_up(profile.proxy_password, "proxy_password")
        secrets += [password, f"{user}:{password}"]
        proxy = f"{quote(user, safe='')}:{quote(password, safe='')}"
    secrets += _passwords_of_proxies()
    return Credentials(
        tuple(entries),
        tuple(logins),
        proxy,
        tuple(dict.fromkeys(secrets)),
        frozenset(domains),
        frozenset(look_up.variables),
    )


def _domain(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return registered_domain(host) or host


def _sending(entry: Send, values: Mapping[tuple[str, ...], str]) -> Sending:
    def value_of(kind: str, name: str, value: str | Secret) -> str:
        return value if isinstance(value, str) else values[kind, name]

    headers = {name: value_of("headers", name, value) for name, value in entry.headers.items()}
    cookies = {name: value_of("cookies", name, value) for name, value in entry.cookies.items()}
    if entry.password:
        # RFC 7617, 2.1: servers that say so want UTF-8, and no other can hold every password.
        headers["Authorization"] = f"Basic {base64.b64encode(_pair(entry, values).encode()).decode()}"
    return Sending(headers, cookies, secret=bool(values))


def _pair(entry: Send, values: Mapping[tuple[str, ...], str]) -> str:
    user = entry.user if isinstance(entry.user, str) else values["user",]
    return f"{user}:{values['password',]}"


class _LookUp:
    """Finds one profile's secrets, and says where in it the one stands that cannot be had."""

    def __init__(self, profile: Profile, archive: Archive, environ: Mapping[str, str]) -> None:
        self._profile, self._archive, self._environ = profile, archive, environ
        self.variables: set[str] = set()

    def __call__(self, secret: Secret, *location: str | int) -> str:
        try:
            if secret.env:
                place = f"environment variable {secret.env}"
                self.variables.add(secret.env)
                found = self._environ[secret.env]
            else:
                place = str(secret.file)
                found = read_secret_file(Path(place).expanduser(), self._archive)
            try:
                _check(found, location)
            except ValueError as fault:
                raise ValueError(f"{place} {fault}") from None
        except KeyError:
            raise self._wrong(location, f"{place} is not set") from None
        except ValueError as fault:
            raise self._wrong(location, str(fault)) from None
        return found

    def _wrong(self, location: tuple[str | int, ...], what: str) -> BadProfile:
        return BadProfile(f"{self._source(location)}: {'.'.join(map(str, location))}: {what}")

    def _source(self, location: tuple[str | int, ...]) -> str:
        for file in list_profiles(self._archive):
            if file.name == self._profile.name:
                line = line_of(file.path.read_text(encoding="utf-8-sig", errors="replace"), location)
                return f"{file.path} line {line}" if line else str(file.path)
        return f"profile {self._profile.name}"


def read_secret_file(path: Path, archive: Archive) -> str:
    """What the file holds, but for the line end at its end. Raises ValueError."""
    try:
        if path.resolve().is_relative_to(archive.root.resolve()):
            raise ValueError(f"{path} lies in the archive, and would be copied with it")
        # A pipe would wait for whoever writes it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ValueError(f"{path} is not a file")
            if about.st_mode & 0o077 or about.st_uid != os.geteuid():
                raise ValueError(f"{path} can be read by others, or is theirs: chmod 600 it")
            data = file.read(MAX_BYTES + 3)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8") from None


def _check(found: str, location: tuple[str | int, ...]) -> None:
    """Raises ValueError for what cannot be sent, or not be masked. No message shows it."""
    if len(found) < MIN_CHARACTERS or len(found.encode("utf-8", "surrogateescape")) > MAX_BYTES:
        raise ValueError(f"holds fewer than {MIN_CHARACTERS} characters, or more than {MAX_BYTES} bytes")
    if not found.isprintable():
        raise ValueError("holds more than one line, or control characters")
    if "cookies" in location:
        try:
            check_cookie(found)
        except ValueError as fault:
            raise ValueError(f"holds what {fault}") from None
    if "headers" in location and (not found.isascii() or found != found.strip()):
        raise ValueError("holds what no header field can: only ASCII, no white space at the ends")
    if location[-1] in {"user", "proxy_user"} and ":" in found:
        raise ValueError("holds a colon, which ends a user's name (RFC 7617, 2)")


def _passwords_of_proxies() -> list[str]:
    """Passwords that stand in ``http_proxy`` and its like, which Scrapy reads."""
    found = []
    for url in getproxies().values():
        try:
            password = urlsplit(url if "://" in url else f"//{url}").password
        except ValueError:
            continue
        if password and len(unquote(password)) >= MIN_CHARACTERS:
            found.append(unquote(password))
    return found
