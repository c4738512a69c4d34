"""A text or an address, looked for in bytes in the spellings in which archives hold them, and masked there.

Nothing finds a text in compressed streams inside a body, such as those of a PDF, nor one that markup cuts in two.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from archive.model import WireBytes

MASK = b"x"
#: white space between two words, as pages and addresses write it
_SPACE = rb"(?:\s|&nbsp;|&#160;|\xc2\xa0|%20|\+|\\n){1,40}"
_PIECE_BYTES = 1 << 20
#: no spelling of what is looked for is longer; what stands across two pieces is found
_OVERLAP_BYTES = 1 << 16


class Needles:
    """Of *texts* all is masked, of *urls* what follows the host, so that an address stays one."""

    def __init__(self, texts: Sequence[str], urls: Sequence[str] = ()) -> None:
        patterns = [_pattern(spelled) for one in texts for spelled in _spellings(one)]
        for url in urls:
            patterns += [
                b"(?<=%s)%s" % (re.escape(begins), _pattern(spelled[len(begins) :]))
                for spelled in _spellings(url)
                if (begins := _authority(spelled))
            ]
        self._pattern = re.compile(b"|".join(dict.fromkeys(patterns)), re.IGNORECASE) if patterns else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def is_in(self, pieces: Iterable[bytes]) -> bool:
        if self._pattern is None:
            return False
        return any(self._pattern.search(window) for window in _windows(pieces))

    def is_in_block(self, block: WireBytes) -> bool:
        return self._pattern is not None and self.is_in(block.chunks())

    def masked(self, data: bytes) -> tuple[bytes, int]:
        """*data*, as long as it was, and in how many places it is masked."""
        if self._pattern is None:
            return data, 0
        return self._pattern.subn(_masked, data)


def _masked(found: re.Match[bytes]) -> bytes:
    # Behind a host a slash must stand: 127.0.0.1:8000xxxx is no address any more.
    kept = found[0][:1] if found[0].startswith(b"/") else b""
    return kept + MASK * (len(found[0]) - len(kept))


def _windows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        if len(held) >= _PIECE_BYTES:
            yield held
            held = held[-_OVERLAP_BYTES:]
    yield held


def _spellings(text: str) -> list[bytes]:
    as_json = json.dumps(text)[1:-1]
    written = [
        text,
        html.escape(text),
        html.escape(text, quote=False),
        as_json,
        as_json.replace("/", "\\/"),
        json.dumps(text, ensure_ascii=False)[1:-1],
        quote(text, safe="%:/?#[]@!$&'()*+,;=~"),
        quote(text, safe="%/:"),
        quote(text, safe=""),
    ]
    spelled = [one.encode("utf-8", "surrogatepass") for one in written]
    for codec in ("cp1252", "utf-16-le", "utf-16-be"):
        try:
            spelled.append(text.encode(codec))
        except UnicodeError:
            continue
    return list(dict.fromkeys(spelled))


def _pattern(spelled: bytes) -> bytes:
    return _SPACE.join(map(re.escape, spelled.split(b" ")))


def _authority(spelled: bytes) -> bytes:
    """``http://host``, in its spelling, of an address behind whose host there is something to mask; else nothing."""
    found = re.match(rb"[A-Za-z][A-Za-z0-9+.-]*(?::|%3A)(?:\\?/|%2F){2}[^/\\?%#]+", spelled, re.IGNORECASE)
    return found[0] if found and len(spelled) - found.end() > 1 else b""
