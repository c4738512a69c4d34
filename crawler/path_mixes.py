"""Filters in the path of a URL, or in a list: ``/shop/red/large``, ``/shop/large/red``, ``/compare?ids=3,7,3``.

An editor's folders have one order. Where a site writes the same words in another order, or one of them three times, and
20 times so beneath one folder, they are no folders there but filters. From then on such a URL is refused, and, once 300
beneath it were let in, one that brings no two words together for the first time. Numbers that are a segment of their
own have a place (dates, pages), in a list they have none.
"""

from __future__ import annotations

import re
from itertools import combinations

from crawler.seen import seen_key

#: the same words in another order beneath one folder, before they are taken for filters; URLs beneath it, after that
REORDERED, MIXES = 20, 300
#: URLs and pairs that are remembered; what comes after is not judged
_REMEMBERED = 50_000
#: words of one URL that are looked at, and folders it lies in
_WORDS, _FOLDERS = 16, 6

_LIST = re.compile(r"%2[Cc]|%7[Cc]|[,+|;~!]")
_LETTER = re.compile(r"[^\W\d_]")


class PathMixes:
    """Of one crawl."""

    def __init__(self) -> None:
        #: a URL by its words, whatever their order
        self._by_words: dict[int, str] = {}
        #: by folder: how often words were found in another order, and how many URLs were let in after that
        self._reordered: dict[str, int] = {}
        self._let_in: dict[str, int] = {}
        self._pairs: set[int] = set()

    def is_mixed(self, url: str) -> bool:
        """Whether *url* is one mix too many; if not, it counts as let in."""
        url = seen_key(url)
        start, segments, words = _take_apart(url)
        if len(words) < 2:
            return False
        filtered = self._filtered(start, segments) if self._reordered else []
        mix = hash((start, frozenset(words)))
        known = self._by_words.get(mix)
        if known is None and len(self._by_words) < _REMEMBERED:
            self._by_words[mix] = url
        elif known is not None and known != url:
            before, other = _take_apart(known)[1:]
            if list(dict.fromkeys(other)) != list(dict.fromkeys(words)) or _is_repeated(other) or _is_repeated(words):
                if filtered:
                    return True
                folder = "/".join([start, *_common(before, segments)])
                self._reordered[folder] = self._reordered.get(folder, 0) + 1
        return any(self._is_old_mix(folder, words) for folder in filtered)

    def _filtered(self, start: str, segments: list[str]) -> list[str]:
        folders = ("/".join([start, *segments[:depth]]) for depth in range(min(len(segments), _FOLDERS)))
        return [folder for folder in folders if self._reordered.get(folder, 0) >= REORDERED]

    def _is_old_mix(self, folder: str, words: list[str]) -> bool:
        pairs = {hash((folder, frozenset(two))) for two in combinations(words[:_WORDS], 2)}
        let_in = self._let_in.get(folder, 0)
        if let_in >= MIXES and pairs <= self._pairs:
            return True
        if len(self._pairs) < _REMEMBERED:
            self._pairs |= pairs
            self._let_in[folder] = let_in + 1
        return False


def _take_apart(url: str) -> tuple[str, list[str], list[str]]:
    """Scheme and host, segments of the path, and the words in them and in the query.

    >>> _take_apart("http://a.nl/shop/red/3?ids=7,3")
    ('http://a.nl', ['shop', 'red', '3'], ['shop', 'red', '2 3', 'ids=7', 'ids=3'])
    """
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    host, *segments = rest.split("/")
    segments = [segment for segment in segments if segment]
    words: list[str] = []
    holds_list = _LIST.search(url) is not None
    for place, segment in enumerate(segments):
        if holds_list and len(listed := [word for word in _LIST.split(segment) if word]) > 1:
            words += listed
        else:
            words.append(segment if _LETTER.search(segment) else f"{place} {segment}")
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        words += [f"{name}={word}" for word in _LIST.split(value)] if holds_list else [pair]
    return f"{scheme}://{host}", segments, words


def _is_repeated(words: list[str]) -> bool:
    """Twice is a page of its folder's name."""
    return any(words.count(word) > 2 for word in set(words))


def _common(one: list[str], other: list[str]) -> list[str]:
    """The folders that both lie in."""
    found = []
    for mine, theirs in zip(one[:-1], other[:-1], strict=False):
        if mine != theirs:
            break
        found.append(mine)
    return found[: _FOLDERS - 1]
