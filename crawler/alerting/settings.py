"""``[alerts]`` in ``bewaar.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ByteSize,
    Field,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

from archive.configuration import Table, line_of, read_toml, validate
from archive.errors import BadProfile, WrongUse
from archive.founding import MARKER
from archive.layout import Archive
from crawler.credentials import read_secret_file
from crawler.sites.fields import HttpUrl
from crawler.sites.send import Secret

_SERVER = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?")
_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9.\[\]:-]+")


class Mail(Table):
    to: Annotated[list[str], Field(min_length=1)]
    sender: Annotated[str, Field(alias="from")]
    #: HOST or HOST:PORT
    server: str
    #: ``starttls`` upgrades the connection and ends without it, ``on`` begins so, ``off`` is for a server of your own
    tls: Literal["starttls", "on", "off"] = "starttls"
    user: str | None = None
    password: Secret | None = None

    @field_validator("server")
    @classmethod
    def _is_server(cls, value: str) -> str:
        if not _SERVER.fullmatch(value):
            raise ValueError("expected HOST or HOST:PORT")
        return value

    @field_validator("to", "sender")
    @classmethod
    def _is_address(cls, value: list[str] | str) -> list[str] | str:
        for address in [value] if isinstance(value, str) else value:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is not a mail address")
        return value

    @model_validator(mode="after")
    def _logs_in_or_not(self) -> Mail:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self

    @property
    def place(self) -> tuple[str, int]:
        found = _SERVER.fullmatch(self.server)
        assert found is not None
        return found["host"].strip("[]"), int(found["port"] or {"on": 465, "starttls": 587, "off": 25}[self.tls])


class Webhook(Table):
    #: the whole address may be the secret
    url: HttpUrl | Secret


class Command(Table):
    #: program and arguments; the digest is its standard input
    run: Annotated[list[str], Field(min_length=1)]


class Alerts(Table):
    language: Literal["en", "nl"] = "en"
    #: crawls in a row without one new or changed page; 0 never tells
    nothing_new: NonNegativeInt = 0
    #: a crawl that is due by its schedule and has not begun after so many hours is told of
    missed_hours: PositiveInt = 6
    #: free space on the archive's disk under which it is told
    disk_free: ByteSize = ByteSize(2 << 30)
    #: hours between two digests at least, and days until what still stands is told again
    pause_hours: NonNegativeInt = 1
    repeat_days: PositiveInt = 7
    mail: Mail | None = None
    webhook: Webhook | None = None
    command: Command | None = None


def read_alerts(archive: Archive) -> Alerts | None:
    """None where nobody is to be told. Raises BadProfile, naming file, line and key."""
    path = archive.root / MARKER
    if not path.is_file():
        return None
    data, text = read_toml(path, BadProfile)
    if "alerts" not in data:
        return None
    return validate(_File, {"alerts": data["alerts"]}, source=str(path), text=text, error=BadProfile).alerts


class _File(BaseModel):
    alerts: Alerts


def secret_of(secret: Secret, archive: Archive, key: str, environ: Mapping[str, str] = os.environ) -> str:
    """Raises WrongUse, naming file, line and key, and never what was found."""
    try:
        if secret.env is not None:
            return environ[secret.env]
        return read_secret_file(Path(secret.file or "").expanduser(), archive)
    except (ValueError, KeyError) as error:
        fault = error if isinstance(error, ValueError) else f"environment variable {secret.env} is not set"
        path = archive.root / MARKER
        line = line_of(path.read_text(encoding="utf-8-sig", errors="replace"), tuple(key.split(".")))
        raise WrongUse(f"{path}{f' line {line}' if line else ''}: {key}: {fault}") from None
