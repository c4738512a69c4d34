"""What somebody may have meant who typed words that stand nowhere, or almost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.store.expressions import Piece
from archive.store.snippets import Snippets
from archive.store.subjects import fold
from archive.store.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Meant:
    typed: tuple[Piece, ...]
    pieces: tuple[Piece, ...]

    @property
    def expression(self) -> str:
        return " ".join(piece.expression for piece in self.pieces)

    def as_written(self, text: str) -> str:
        """As it may be typed: words that were put right with their accents as *text* has them, a page where they
        stand."""
        return " ".join(
            f'"{piece.text}"' if piece.is_phrase else piece.text if piece is before else _written(piece, text)
            for piece, before in zip(self.pieces, self.typed, strict=True)
        )


def find_meant(vocabulary: Vocabulary, pieces: Sequence[Piece]) -> Meant | None:
    """None where nothing is to be put right. Whether it may be told is for the caller to find out: only when it stands
    on a page that may be seen."""
    put_right = tuple(piece if piece.is_phrase else _put_right(vocabulary, piece) for piece in pieces)
    return Meant(tuple(pieces), put_right) if put_right != tuple(pieces) else None


def _put_right(vocabulary: Vocabulary, piece: Piece) -> Piece:
    folded = fold(piece.text)
    meant = vocabulary.meant(folded) if " " not in folded else None
    return Piece(meant) if meant else piece


def _written(piece: Piece, text: str) -> str:
    words = (text[place.start : place.end] for place in Snippets([piece]).places(text) if place.begins)
    return next((word.lower() for word in words if fold(word) == fold(piece.text)), piece.text)
