"""What a profile adds to requests, and to which: header fields, cookies, a user and password. The values that are
secret do not stand in it, only where they are found when a crawl begins: a profile is kept in every WARC it made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, model_validator

from archive.configuration import Table
from crawler.sites.fields import HttpUrl

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: RFC 6265, 4.1.1
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_FORM = 'a secret is written { env = "NAME" } or { file = "/PATH" }'
#: fields that frame the message, that other keys of the profile make, or that would bring less than the whole answer
_OWNED = frozenset(
    """
    connection content-length expect host keep-alive te trailer transfer-encoding upgrade
    cookie proxy-authorization user-agent from accept-language
    range if-match if-none-match if-modified-since if-unmodified-since if-range
    """.split()
)


class Secret(Table):
    """Where a secret is found: in an environment variable, or in a file that nobody else can read."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Secret:
        # No message shows what was given: it may be the secret itself, in the wrong place.
        if (self.env is None) == (self.file is None):
            raise ValueError(_FORM)
        if self.env is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.env):
            raise ValueError("env: not the name of an environment variable")
        if self.file is not None and not (self.file.startswith("~/") or Path(self.file).is_absolute()):
            raise ValueError('file: not a path that begins with "/" or "~/"')
        return self


def _secret(value: Any) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, dict) or not value.keys() <= {"env", "file"}:
        raise ValueError(f"is not kept in a profile; {_FORM}")
    if not all(isinstance(place, str | None) for place in value.values()):
        raise ValueError(_FORM)
    try:
        return Secret(**value)
    except ValueError as fault:
        # One line of our own, without what pydantic adds.
        raise ValueError(str(fault).split("Value error, ")[-1].partition(" [type=")[0]) from None


def _value(value: Any) -> str | Secret:
    if isinstance(value, dict | Secret):
        return _secret(value)
    if not isinstance(value, str) or not re.fullmatch(r"[ -~]+", value):
        raise ValueError(f"must be one line of ASCII; {_FORM}")
    return value


def check_cookie(value: str) -> str:
    """Raises ValueError, without showing *value*."""
    if not _COOKIE_VALUE.fullmatch(value):
        raise ValueError("no cookie can hold: white space, quotes, commas, semicolons, backslashes")
    return value


def _name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("not a name that a header field or cookie can have")
    return name


def _header_name(name: str) -> str:
    if _name(name).lower() in _OWNED:
        raise ValueError(f"{name} is not a profile's to send; cookies and passwords have keys of their own")
    return name


def _written(value: str | Secret) -> Any:
    return value.model_dump(exclude_none=True) if isinstance(value, Secret) else value


SecretValue = Annotated[Secret, PlainValidator(_secret), PlainSerializer(_written, when_used="unless-none")]
Value = Annotated[str | Secret, PlainValidator(_value), PlainSerializer(_written, when_used="unless-none")]
Name = Annotated[str, AfterValidator(_name)]
HeaderName = Annotated[str, AfterValidator(_header_name)]


class Send(Table):
    """Added to each request whose URL has this scheme, host and port, and lies at or below this path."""

    to: HttpUrl
    headers: dict[HeaderName, Value] = Field(default_factory=dict)
    cookies: dict[Name, Value] = Field(default_factory=dict)
    user: Value | None = None
    password: SecretValue | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Send:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if isinstance(self.user, str) and ":" in self.user:
            raise ValueError("user: holds a colon, which ends a user's name (RFC 7617, 2)")
        if self.password is None and not self.headers and not self.cookies:
            raise ValueError("nothing to send: give headers, cookies, or user and password")
        for name, value in self.headers.items():
            if name.lower() == "authorization" and (isinstance(value, str) or self.password):
                raise ValueError(f"headers: Authorization is a secret, and sent once; {_FORM}")
        for value in self.cookies.values():
            if isinstance(value, str):
                check_cookie(value)
        if urlsplit(self.to).query:
            raise ValueError("to: a URL without a query, of which all below it are meant")
        return self

    def secrets(self) -> dict[tuple[str, ...], Secret]:
        """Every secret by the keys that lead to it."""
        found: dict[tuple[str, ...], str | Secret | None] = {("user",): self.user, ("password",): self.password}
        found |= {("headers", name): value for name, value in self.headers.items()}
        found |= {("cookies", name): value for name, value in self.cookies.items()}
        return {keys: value for keys, value in found.items() if isinstance(value, Secret)}

    def covers(self, url: str) -> bool:
        """Whether a request of *url* is one of those.

        >>> send = Send(to="https://example.org/members", headers={"X-Consent": "yes"})
        >>> [send.covers(f"https://example.org{path}") for path in ("/members", "/members/a?b", "/membership", "/")]
        [True, True, False, False]
        >>> send.covers("http://example.org/members"), send.covers("https://example.org:8443/members")
        (False, False)
        >>> send.covers("https://example.org/members/%2e%2E/public")
        False
        """
        return lies_below(url, self.to)


def lies_below(url: str, top: str) -> bool:
    """Whether *url* has scheme, host and port of *top*, and lies at or below its path."""
    try:
        wanted, asked = urlsplit(top), urlsplit(url)
        if _origin(wanted) != _origin(asked):
            return False
    except ValueError:
        return False
    below, path = wanted.path.rstrip("/"), asked.path or "/"
    if ".." in unquote(path).replace("\\", "/").split("/"):
        # Where a server takes such a path is its own affair.
        return not below
    return path == below or path.startswith(f"{below}/")


def _origin(parts: Any) -> tuple[str, str | None, int | None]:
    # An address that carries a user may be read as another host's by the next parser.
    if "@" in parts.netloc:
        raise ValueError
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
