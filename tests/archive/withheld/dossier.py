"""A dossier that is to be withheld, every way to it, who decides, and what no answer to the public may hold."""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx

from archive.layout import Archive
from archive.store.decisions import append_decision
from tests.archive.browse_archive import HOST, LOGOS

SECRET = f"{HOST}/p/777/dossier"
MEMBER = "Stichting De Zilveren Vos"
TEXT = f"<!doctype html><title>Dossier</title><h1>Dossier</h1><p>Het geheime besluit.</p><ul><li>{MEMBER}</ul>".encode()
WORDS = (b"geheime besluit", b"Zilveren Vos", b"zilveren vos", b"/p/777/")
LOGO = f"{HOST}/images/{LOGOS['Stichting Lantaarn']}"
NOTE = "brief van mevrouw Jansen"


def decide(archive: Archive, *scopes: str, action: str = "takedown", value: str | None = None) -> None:
    for scope in scopes:
        path = archive.decisions / "decisions.jsonl"
        append_decision(path, who="Jo Beheer", why=f"privacy: {NOTE}", action=action, scope=scope, value=value)


def walk(client: httpx.Client, *also: str, most: int = 80) -> dict[str, httpx.Response]:
    """Every page that links lead to, each path once, and *also*."""
    found: dict[str, httpx.Response] = {}
    waiting = ["/", *also]
    seen = set()
    while waiting and len(found) < most:
        path = waiting.pop(0)
        parts = urlsplit(path)
        if (key := path if path in also else parts.path) in seen or parts.path.startswith("/-/static"):
            continue
        seen.add(key)
        answer = found[path] = client.get(path)
        client.cookies.clear()  # of a language that the link before chose
        if target := answer.headers.get("location"):
            waiting.append(urljoin(path, target))
        if "html" in answer.headers.get("content-type", ""):
            links = re.findall(r'(?:href|src)="([^"#]+)', answer.text)
            waiting += [urljoin(path, unescape(one)) for one in links if not re.match(r"[a-z]+:|//", unescape(one))]
    return {path: answer for path, answer in found.items() if not path.startswith(("http:", "https:"))}


def addresses(built, database) -> list[str]:
    """Of the page and the picture that are withheld."""
    db = sqlite3.connect(database)
    rows = db.execute(
        "SELECT c.id, r.id FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.url IN (?, ?)", (SECRET, LOGO)
    ).fetchall()
    db.close()
    assert len(rows) == 3
    names = ("secret", "Stichting Lantaarn", "Stichting Lantaarn 2")
    return [
        *(built.path(name, view) for name in names for view in ("", "raw", "thumbnail", "record", "snapshot")),
        *(f"/-/web/{at}/{url}" for at in ("2016", "20180501000000") for url in (SECRET, LOGO, LOGO.replace("http:", "https:"))),
        f"/-/web/2016/{SECRET}/deeper?never=captured",
        *(f"/-/{path}/{url}" for path in ("timegate", "timemap/link") for url in (SECRET, LOGO)),
        f"/-/page/{built.ids['secret']}",
        f"/-/page/{built.ids['secret']}/diff/{built.ids['home']}",
        f"/-/page/{built.ids['home']}/diff/{built.ids['secret']}",
        *(f"/-/capture/row/{capture}" for capture, _ in rows),
        *(f"/archive/capture/{capture}{end}" for capture, _ in rows for end in ("", ".json")),
        *(f"/archive/resource/{resource}" for _, resource in rows),
    ]  # fmt: skip


def check_public(archive: Archive, path: str, answer: httpx.Response) -> None:
    for secret in (str(archive.root), NOTE, "Jo Beheer"):
        assert secret not in unescape(answer.text), path
    assert answer.headers["x-robots-tag"] == "noindex", path
    # What an address chooses is kept in a cookie: nothing for everybody.
    kept = "private, no-cache" if "set-cookie" in answer.headers else "public, max-age=60"
    cached = kept if answer.status_code == 200 else "no-store"
    assert answer.headers["cache-control"] == cached, path
