"""A drawing surface for the replica's logos: spans, discs and block letters on RGB bytes, drawn twice as large and
halved, so that edges are smooth. Deterministic: the same strokes give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)

#: 5x7 block letters, a row per number, the leftmost pixel in bit 4
LETTERS = {
    " ": (0, 0, 0, 0, 0, 0, 0),
    "-": (0, 0, 0, 14, 0, 0, 0),
    "!": (4, 4, 4, 4, 4, 0, 4),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 6, 8, 16, 31),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 14),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17),
    "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4),
    "Z": (31, 1, 2, 4, 8, 16, 31),
}


@dataclass(frozen=True, slots=True)
class Image:
    """Finished pixels: *rgb* holds ``width * height`` triples, row by row."""

    width: int
    height: int
    rgb: bytes


class Canvas:
    """Coordinates are those of the finished image; the surface below is twice as large each way."""

    def __init__(self, width: int, height: int, ground: Colour = WHITE) -> None:
        self.width = width
        self.height = height
        self._rows = [bytearray(bytes(ground) * (width * 2)) for _ in range(height * 2)]

    def _span(self, y: int, left: int, right: int, colour: Colour) -> None:
        left, right = max(left, 0), min(right, self.width * 2)
        if 0 <= y < len(self._rows) and left < right:
            self._rows[y][left * 3 : right * 3] = bytes(colour) * (right - left)

    def box(self, left: float, top: float, width: float, height: float, colour: Colour) -> None:
        for y in range(round(top * 2), round((top + height) * 2)):
            self._span(y, round(left * 2), round((left + width) * 2), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        centre_x, centre_y, reach = x * 2, y * 2, radius * 2
        for row in range(round(centre_y - reach), round(centre_y + reach) + 1):
            square = reach * reach - (row + 0.5 - centre_y) ** 2
            if square > 0:
                self._span(row, round(centre_x - square**0.5), round(centre_x + square**0.5), colour)

    def wedge(self, left: float, top: float, width: float, height: float, colour: Colour) -> None:
        """A triangle, its point in the middle of the upper edge."""
        rows = round(height * 2)
        for step in range(rows):
            half = width * (step + 1) / rows
            centre = (left + width / 2) * 2
            self._span(round(top * 2) + step, round(centre - half), round(centre + half), colour)

    def text(self, left: float, top: float, words: str, size: float, colour: Colour) -> None:
        """*size* is the side of one block of a letter; letters are 5 blocks wide, 7 high and stand 6 apart."""
        for place, letter in enumerate(words.upper()):
            for row, bits in enumerate(LETTERS[letter]):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        self.box(left + (place * 6 + column) * size, top + row * size, size, size, colour)

    def centred(self, top: float, words: str, size: float, colour: Colour) -> None:
        self.text((self.width - (len(words) * 6 - 1) * size) / 2, top, words, size, colour)

    def image(self) -> Image:
        out = bytearray()
        for upper, lower in zip(self._rows[::2], self._rows[1::2], strict=True):
            line = bytearray(self.width * 3)
            for channel in range(3):
                quads = zip(
                    upper[channel::6], upper[channel + 3 :: 6], lower[channel::6], lower[channel + 3 :: 6], strict=True
                )
                line[channel::3] = bytes((a + b + c + d) >> 2 for a, b, c, d in quads)
            out += line
        return Image(self.width, self.height, bytes(out))
