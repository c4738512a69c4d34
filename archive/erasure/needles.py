"""A text or an address, looked for in bytes in the spellings in which archives hold them, and masked there.

Nothing finds a text in compressed streams inside a body, such as those of a PDF, nor one that markup cuts in two
(`archive.erasure.readable` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from archive.erasure.spellings import codecs_of, pattern
from archive.model import WireBytes

MASK = b"x"
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\\?%#]+")
_PIECE_BYTES = 1 << 20
#: no spelling of what is looked for is longer; what stands across two pieces is found
_OVERLAP_BYTES = 1 << 16


class Needles:
    """Of *texts* all is masked, of *urls* what follows the host, so that an address stays one."""

    def __init__(self, texts: Sequence[str], urls: Sequence[str] = ()) -> None:
        # One pattern each: a search for one first character is many times faster than for several.
        patterns = [pattern(one, codec) for one in texts for codec in codecs_of(one)]
        for begins, rests in _by_host(urls).items():
            codecs = dict.fromkeys(codec for rest in rests for codec in codecs_of(rest))
            patterns += [_addresses(begins, rests, codec) for codec in codecs]
        self._patterns = [re.compile(one) for one in dict.fromkeys(patterns)]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def is_in(self, pieces: Iterable[bytes]) -> bool:
        if not self._patterns:
            return False
        return any(one.search(window) for window in _windows(pieces) for one in self._patterns)

    def is_in_block(self, block: WireBytes) -> bool:
        return bool(self._patterns) and self.is_in(block.chunks())

    def masked(self, data: bytes) -> tuple[bytes, int]:
        """*data*, as long as it was, and in how many places it is masked."""
        spans = sorted(_span(found) for one in self._patterns for found in one.finditer(data))
        if not spans:
            return data, 0
        masked, count, end = bytearray(data), 0, -1
        for start, stop in spans:
            masked[start:stop] = MASK * (stop - start)
            count += start > end
            end = max(end, stop)
        return bytes(masked), count


def _span(found: re.Match[bytes]) -> tuple[int, int]:
    """What of it is masked: where addresses are looked for, what follows the host."""
    start, stop = found.span(found.re.groups)
    # Behind a host a slash must stand: 127.0.0.1:8000xxxx is no address any more.
    return start + found.string.startswith(b"/", start), stop


def _windows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        if len(held) >= _PIECE_BYTES:
            yield held
            held = held[-_OVERLAP_BYTES:]
    yield held


def _by_host(urls: Sequence[str]) -> dict[str, list[str]]:
    """What follows ``http://host``, the longest first, where there is something to mask."""
    found: dict[str, list[str]] = {}
    for url in sorted(urls, key=len, reverse=True):
        begins = _AUTHORITY.match(url)
        if begins and len(url) - begins.end() > 1:
            found.setdefault(begins[0], []).append(url[begins.end() :])
    return found


def _addresses(begins: str, rests: Sequence[str], codec: str) -> bytes:
    written = [rest for rest in rests if codec in codecs_of(rest)]
    spelled = b"|".join(pattern(rest, codec, letters_are_plain=True) for rest in written)
    return b"%s(%s)" % (pattern(begins, codec, letters_are_plain=True), spelled)
