"""The pages of a site: asked of the server as any visitor does, one leading to the next, then linked as files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from archive.browse import access, captures
from archive.browse.file_names import anchor, capture_slug, file_name
from archive.browse.language import Visit, visiting
from archive.errors import ArchiveFault
from archive.report.words import Language
from archive.site.relink import Relinking

#: a page that stands by itself has nobody to send it with headers
_CSP = "script-src 'none'; object-src 'none'; frame-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'"
_ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif",
    "image/bmp": ".bmp", "image/x-icon": ".ico",
}  # fmt: skip
_SVG = "image/svg+xml"
#: an SVG stands in the pages that show it, at most so many bytes of it
_MAX_SVG = 256 << 10


class Pages:
    def __init__(
        self, datasette: Any, place: Path, about: Mapping[str, str], *, index: bool, language: Language = "en"
    ) -> None:
        self._datasette, self._place, self._about, self._index = datasette, place, about, index
        self._language = language
        #: path -> its file, or the ``data:`` address of a picture that is in no file; None for what the server has not
        self._targets: dict[str, str | None] = {}
        #: files that are pages -> their path
        self._pages: dict[str, str] = {}
        self._waiting: list[str] = []
        self.notes: list[str] = []

    @property
    def count(self) -> int:
        return len(self._pages)

    async def fetch(self) -> None:
        """Ask for everything that one page after another leads to, the front page first. Raises ArchiveFault."""
        self._waiting = ["/", "/-/changes.json", "/-/static-plugins/bewaar/bewaar.svg"]
        while self._waiting:
            path = self._waiting.pop()
            name = file_name(path, self._language)
            if name is None or path in self._targets:
                continue
            # A picture that is not made small is shown as it was captured.
            answer = await self._datasette.client.get(
                path, headers={"Accept-Language": self._language}, follow_redirects=path.endswith("/thumbnail")
            )
            if answer.status_code >= 500 or (path == "/" and answer.status_code != 200):
                raise ArchiveFault(f"{path}: the server answers {answer.status_code}")
            self._targets[path] = self._keep(path, name, answer) if answer.status_code == 200 else None
        if missing := sum(path.endswith("/thumbnail") and not target for path, target in self._targets.items()):
            self.notes.append(f"{missing} pictures are not in it: their records are not here, or no browser shows them")

    async def link(self) -> None:
        """Turn what was fetched into files that lead to each other."""
        database = self._datasette.get_database(access.archive_name(self._datasette))
        robots = "" if self._index else '<meta name="robots" content="noindex">'
        head = f'\n<meta http-equiv="Content-Security-Policy" content="{_CSP}">{robots}'
        for name, path in self._pages.items():
            file = self._place / name
            html = file.read_text(encoding="utf-8")
            named: dict[str, None] = {}
            _relinked(html, lambda url, path=path, named=named: self._target(url, path, named))
            rows = [await captures.find_capture(database, captures.record_id_of(slug)) for slug in named]
            found = [(anchor(slug), row) for slug, row in zip(named, rows, strict=True) if row is not None]
            with visiting(Visit(self._language)):
                end = await self._datasette.render_template("_site.html", {"named": found, **self._about})
            known = {f"#{at}" for at, _ in found}

            def resolve(url: str, path: str = path, known: set[str] = known) -> str | None:
                target = self._target(url, path, {})
                return None if target and target.startswith("#capture-") and target not in known else target

            file.write_text(_relinked(html, resolve, head=head, end=end), encoding="utf-8")

    def _keep(self, path: str, name: str, answer: Any) -> str | None:
        body: bytes = answer.content
        mime = answer.headers.get("content-type", "").partition(";")[0]
        if name.startswith("pictures/"):
            if mime == _SVG and len(body) <= _MAX_SVG:
                # As a file of its own it would run its scripts for whoever opens it; as a picture it runs none.
                return f"data:{_SVG};base64,{base64.b64encode(body).decode('ascii')}"
            if mime not in _ENDINGS:
                return None
            name += _ENDINGS[mime]
        file = self._place / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(body)
        if mime == "text/html":
            self._pages[name] = path
            led: list[str] = []
            _relinked(answer.text, lambda url: led.append(urljoin(path, url)))
            self._waiting += reversed(led)
        return name

    def _target(self, url: str, path: str, named: dict[str, None]) -> str | None:
        """Where *url* on the page of *path* leads; captures that are named on it are added to *named*."""
        if url.startswith("#"):
            return url
        whole = urljoin(path, url)
        parts = urlsplit(whole)
        if parts.scheme or parts.netloc:
            return url
        if slug := capture_slug(parts.path):
            named[slug] = None
            return f"#{anchor(slug)}"
        target = self._targets.get(whole)
        if target is None or target.startswith("data:"):
            return target
        up = "../" * (file_name(path, self._language) or "").count("/")
        return up + quote(target)


def _relinked(html: str, resolve: Any, *, head: str = "", end: str = "") -> str:
    relinking = Relinking(resolve, head=head, end=end)
    relinking.feed(html)
    relinking.close()
    return relinking.text
