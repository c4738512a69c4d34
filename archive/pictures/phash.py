"""The perceptual hash: 64 bits that say what a picture looks like, whatever its size and file format.

The 32 by 32 grey picture's discrete cosine transform, its 8 by 8 lowest frequencies, each a bit: above their median or
not. That is ImageHash's ``phash``, here in whole numbers: the same bits on every machine, and no numpy for a thousand
multiplications.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from math import cos, pi
from typing import Generic, TypeVar

#: the picture's side
SIDE = 32
_LOW = 8
#: of 64 bits, so many may differ: found again after shrinking 163 of 168, never two logos taken for one
SAME = 6
#: two hashes within `SAME` agree in at least one of `SAME` + 1 bands whole: 64 bits are six bands of 9 and one of 10
_BANDS = tuple((start, 9 if start < 54 else 10) for start in range(0, 63, 9))

# cos(pi * m / 64), the period is 128. One quarter of it is computed and the rest mirrored, so that what cancels out in
# a symmetrical picture cancels out here too.
_QUARTER = [round(cos(pi * m / 64) * (1 << 30)) for m in range(32)] + [0]
_COSINES = [_QUARTER[m] if m <= 32 else -_QUARTER[64 - m] for m in range(65)]
_TABLE = [[_COSINES[m if (m := (2 * x + 1) * u % 128) <= 64 else 128 - m] for x in range(SIDE)] for u in range(_LOW)]


def phash(grey: bytes) -> int:
    """*grey* is 32 rows of 32 pixels of one byte.

    >>> f"{phash(bytes(range(248, -1, -8)) * 32):016x}"
    'd500000000000000'
    """
    rows = [grey[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = zip(*map(_lowest, rows), strict=True)
    low = [down for column in zip(*map(_lowest, across), strict=True) for down in column]
    ordered = sorted(low)
    twice_median = ordered[31] + ordered[32]
    found = 0
    for coefficient in low:
        found = found << 1 | (2 * coefficient > twice_median)
    return found


def _lowest(line: Sequence[int]) -> list[int]:
    """The lowest frequencies of 32 values. Each cosine runs over the second half as over the first, with the other sign
    where the frequency is odd: half the multiplications do."""
    back = line[: SIDE // 2 - 1 : -1]
    halves = [list(map(int.__add__, line, back)), list(map(int.__sub__, line, back))]
    return [sum(map(int.__mul__, halves[u % 2], _TABLE[u])) for u in range(_LOW)]


def distance(one: int, other: int) -> int:
    """How many bits differ.

    >>> distance(0b1011, 0b0001)
    2
    """
    return (one ^ other).bit_count()


K = TypeVar("K", bound=Hashable)


class Gallery(Generic[K]):
    """Hashes in which those that look like a given one are found without comparing it to all of them."""

    def __init__(self) -> None:
        self._bands: dict[tuple[int, int], list[tuple[int, K]]] = defaultdict(list)

    def add(self, key: K, hash_: int) -> None:
        for band in _bands(hash_):
            self._bands[band].append((hash_, key))

    def like(self, hash_: int) -> dict[K, int]:
        """The keys of those within `SAME` bits, each with its distance."""
        return {
            key: apart
            for band in _bands(hash_)
            for other, key in self._bands.get(band, ())
            if (apart := distance(hash_, other)) <= SAME
        }


def _bands(hash_: int) -> Iterator[tuple[int, int]]:
    for start, bits in _BANDS:
        yield start, hash_ >> start & (1 << bits) - 1
