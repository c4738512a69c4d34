"""An archive on loopback that speaks as Wayback does: CDX with resumption keys, captures behind ``/web/<time>id_/``."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.front_door import CONTACT
from tests.site_server import Answer, Site


def sha1(body: bytes) -> str:
    return base64.b32encode(hashlib.sha1(body).digest()).decode()


@dataclass
class Kept:
    """One capture, and how the archive tells of it and hands it out."""

    url: str
    at: str
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "text/html"})
    #: what the index says; None: the truth
    digest: str | None = None
    #: what it is answered with instead
    answer: list[Answer] = field(default_factory=list)
    #: the time it says it is of; None: the truth
    says: str | None = None

    @property
    def row(self) -> list[str]:
        mime = self.headers.get("content-type", "-")
        return [self.at, self.url, mime, str(self.status), self.digest or sha1(self.body)]


def http_date(digits: str) -> str:
    return format_datetime(datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC), usegmt=True)


class Wayback(Site):
    """Lists *kept* and, after it, *rows* as they are, *page* lines at a time."""

    def __init__(self, *kept: Kept, rows: tuple[list[str], ...] = (), page: int = 4, slow_s: float = 0.0) -> None:
        super().__init__({}, slow_s=slow_s)
        self.kept = list(kept)
        self.rows = list(rows)
        self.page = page

    def mementos(self) -> list[str]:
        return [path for path in self.paths() if path.startswith("/web/")]

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        super()._answer(path, headers)
        if path.startswith("/cdx/search/cdx?"):
            return self._list({name: values[0] for name, values in parse_qs(urlsplit(path).query).items()})
        for one in self.kept:
            if path == f"/web/{one.at}id_/{one.url}":
                return one.answer.pop(0) if one.answer else self._show(one)
        return 404, {"Content-Type": "text/html"}, b"<!doctype html><p>Nothing here."

    def _list(self, asked: Mapping[str, str]) -> Answer:
        rows = [*(one.row for one in self.kept), *self.rows]
        start, limit = int(asked.get("resumeKey", 0)), min(self.page, int(asked["limit"]))
        listed: list[list[str]] = [["timestamp", "original", "mimetype", "statuscode", "digest"]]
        listed += rows[start : start + limit]
        if start + limit < len(rows):
            listed += [[], [str(start + limit)]]
        return 200, {"Content-Type": "application/json"}, json.dumps(listed).encode()

    def _show(self, one: Kept) -> Answer:
        own = {"content-type", "content-encoding"}
        headers = {name if name in own else f"x-archive-orig-{name}": value for name, value in one.headers.items()}
        headers |= {
            "Memento-Datetime": http_date(one.says or one.at),
            "Link": f'<{one.url}>; rel="original", <{self.url("/web/" + one.url)}>; rel="timegate"',
            "X-App-Server": "app7",
        }
        return one.status, headers, one.body


def recovery(site: Site, archive: Path) -> list[str]:
    """The command that recovers all that *site* has of gone.test."""
    options = ["--scope", "host", "--archive", str(archive), "--contact", CONTACT, "--delay", "0"]
    return ["recover", "http://gone.test/", "--from", site.url(), *options]
