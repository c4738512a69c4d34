"""Whether a WARC holds what lies on the server's disk, byte for byte; read with warcio, which is not our reader."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sites import Site
from warcio.archiveiterator import ArchiveIterator

#: where a name can stand that leads to another file
_TEXT = {".html", ".css", ".xml", ".svg", ".js"}


@dataclass(frozen=True, slots=True)
class Verdict:
    files: int
    #: in the WARC, with equal bytes
    equal: int
    #: in the WARC, with other bytes
    different: tuple[str, ...]
    #: not in the WARC, though some other file of the site names it
    missing: tuple[str, ...]
    #: not in the WARC, and named in no file of the site
    unlinked: int
    #: responses with status 200, the seed's own name for its index included
    responses: int

    @property
    def whole(self) -> bool:
        return not self.different and not self.missing


def judge(site: Site, warcs: Iterable[Path]) -> Verdict:
    files = site.files()
    kept, responses = _bodies(warcs)
    equal, different, left = 0, [], []
    for path, file in files.items():
        if path not in kept:
            left.append(path)
        elif kept[path] == {hashlib.sha256(file.read_bytes()).digest()}:
            equal += 1
        else:
            different.append(path)
    missing = tuple(_named(left, files))
    return Verdict(len(files), equal, tuple(different), missing, len(left) - len(missing), responses)


def _bodies(warcs: Iterable[Path]) -> tuple[dict[str, set[bytes]], int]:
    """Digests of the bodies that were kept, by path."""
    kept: dict[str, set[bytes]] = {}
    responses = 0
    for warc in warcs:
        with warc.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
                    continue
                responses += 1
                url = record.rec_headers.get_header("WARC-Target-URI").strip("<>")
                digest = hashlib.sha256(record.content_stream().read()).digest()
                kept.setdefault(unquote(urlsplit(url).path), set()).add(digest)
    return kept, responses


def _named(paths: list[str], files: dict[str, Path]) -> Iterator[str]:
    """Those of *paths* whose path, as seen from another file, stands in that file, as a link or not: nobody needs to
    believe a parser."""
    texts = {path: file.read_bytes() for path, file in files.items() if file.suffix in _TEXT}
    for path in paths:
        for other, text in texts.items():
            seen = quote(posixpath.relpath(path, posixpath.dirname(other))).encode()
            if other != path and seen in text and re.search(rb"(?<![\w./-])(?:\./)*" + re.escape(seen), text):
                yield path
                break
