"""The kinds of value a profile's keys hold. Each is checked when the file is read, not when a crawl is under way."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import urldefrag, urlsplit

from pydantic import AfterValidator, BeforeValidator
from w3lib.url import safe_url_string

from archive.contact import check_contact
from archive.errors import WrongUse
from archive.layout import check_site_name
from archive.urls import with_ascii_host
from crawler.connect_to import ConnectTo


def _site_name(name: str) -> str:
    try:
        return check_site_name(name)
    except WrongUse as fault:
        raise ValueError(str(fault)) from fault


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as fault:
        raise ValueError(f"not a regular expression: {fault}") from fault
    return pattern


def check_url(url: str) -> str:
    """*url* as it is requested. Raises ValueError for what is no http(s) URL, or carries a password."""
    parts = urlsplit(url)
    impossible = re.search(r"[\s<>\"^`{|}\\]", parts.netloc)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or impossible:
        raise ValueError(f"{url[:200]!r} is not an http(s) URL")
    if "@" in parts.netloc:
        raise ValueError("a URL that carries a password is not kept in a profile")
    _ = parts.port  # raises ValueError past 65535
    return urldefrag(safe_url_string(with_ascii_host(url))).url


def _host(host: str) -> str:
    parts = urlsplit(f"//{host}")
    if not parts.hostname or parts.netloc != host or "@" in host or not re.fullmatch(r"[\w.:\[\]-]+", host):
        raise ValueError(f"{host[:200]!r} is not a host or host:port")
    _ = parts.port  # raises ValueError past 65535
    return urlsplit(safe_url_string(with_ascii_host(f"http://{host}/"))).netloc.lower()


def _network(cidr: str) -> str:
    try:
        ipaddress.ip_network(cidr)
    except ValueError as fault:
        raise ValueError(f"{cidr[:60]!r} is no network of addresses, such as 10.0.0.0/8 or 192.168.1.5") from fault
    return cidr


def _connect_to(rule: str) -> str:
    ConnectTo.parse(rule)
    return rule


def _header_value(value: str) -> str:
    if not re.fullmatch(r"[ -~]+", value):
        raise ValueError("must be one line of ASCII, it goes into a request header")
    return value


def _size(value: Any) -> Any:
    """``"256 MiB"`` is 268435456."""
    found = re.fullmatch(r"(\d+)\s*(KiB|MiB|GiB)", value) if isinstance(value, str) else None
    if isinstance(value, str) and not found:
        raise ValueError(f'{value[:40]!r} is no size: a number of bytes, or as "200 MiB" (KiB, MiB, GiB)')
    return int(found[1]) << {"KiB": 10, "MiB": 20, "GiB": 30}[found[2]] if found else value


SiteName = Annotated[str, AfterValidator(_site_name)]
Regex = Annotated[str, AfterValidator(_regex)]
HttpUrl = Annotated[str, AfterValidator(check_url)]
Host = Annotated[str, AfterValidator(_host)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
Contact = Annotated[str, AfterValidator(check_contact)]
Network = Annotated[str, AfterValidator(_network)]
ConnectRule = Annotated[str, AfterValidator(_connect_to)]
#: of a number of bytes
SizeInUnits = BeforeValidator(_size)
