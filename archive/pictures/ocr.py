"""What stands on a picture in letters, as Tesseract reads it. An extra: ``bewaar[ocr]``."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from archive.errors import WrongUse
from archive.pictures.look import draw

LANGUAGES = ("nld", "eng")
#: for one reading
TIMEOUT_S = 10
#: Tesseract's page segmentation modes: words anywhere, and one block of text. What reads more is believed
_LAYOUTS = (11, 6)
#: Tesseract was taught on letters of 30 to 40 pixels; logos of the web have half that
_HEIGHT = 240
_MAX_SIDE = 2_000
_MARGIN = 30
#: below it a word is noise out of a drawing; and one at least must be surer, per cent
_LIKELY = 30
_SURE = 60
_MISSING = "names are read off logos by Tesseract: apt-get install tesseract-ocr tesseract-ocr-nld"


@dataclass(frozen=True, slots=True)
class Lettering:
    text: str
    #: 0 to 1, of the words on average
    confidence: float


class Letters:
    """Raises WrongUse when Tesseract, its languages or the extra are not there."""

    def __init__(self) -> None:
        try:
            import pytesseract
        except ModuleNotFoundError as error:
            raise WrongUse("names are read off logos with an extra: pip install 'bewaar[ocr]'") from error
        if shutil.which(pytesseract.pytesseract.tesseract_cmd) is None:
            raise WrongUse(_MISSING)
        missing = [language for language in LANGUAGES if language not in pytesseract.pytesseract.get_languages()]
        if missing:
            raise WrongUse(f"Tesseract does not know {', '.join(missing)}; {_MISSING}")
        self._tesseract: Any = pytesseract
        # Its threads wait for one another more than they work on so small a picture.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")

    def read(self, data: bytes) -> Lettering | None:
        """None where no letters can be told, or the file cannot be decoded."""
        grey = draw(data)
        if grey is None:
            return None
        prepared = _prepared(grey)
        readings = [self._words(prepared, layout) for layout in _LAYOUTS]
        words = max(readings, key=lambda words: sum(sure * len(word) for word, sure in words))
        if not any(sure >= _SURE for _, sure in words):
            return None
        confidence = sum(sure for _, sure in words) / len(words) / 100
        return Lettering(" ".join(word for word, _ in words), round(confidence, 2))

    def _words(self, image: Image.Image, layout: int) -> list[tuple[str, float]]:
        """The words that are likely, with how sure they are, per cent."""
        try:
            found = self._tesseract.image_to_data(
                image, lang="+".join(LANGUAGES), config=f"--psm {layout}", timeout=TIMEOUT_S,
                output_type=self._tesseract.Output.DICT,
            )  # fmt: skip
        except (RuntimeError, OSError, ValueError):  # it took too long, or gave up on what it was shown
            return []
        return [
            (" ".join(word.split()), float(sure))
            for word, sure in zip(found["text"], found["conf"], strict=True)
            if float(sure) >= _LIKELY and sum(letter.isalnum() for letter in word) >= 2
        ]


def _prepared(grey: Image.Image) -> Image.Image:
    """Large enough, on a margin, dark on light."""
    scale = min(max(1.0, _HEIGHT / grey.height), _MAX_SIDE / max(grey.size))
    size = max(1, round(grey.width * scale)), max(1, round(grey.height * scale))
    grey = grey.resize(size, Image.Resampling.LANCZOS)
    corners = grey.resize((2, 2), Image.Resampling.NEAREST).tobytes()
    ground = sorted(corners)[1]
    if ground < 128:
        grey, ground = ImageOps.invert(grey), 255 - ground
    darkest = min(_extremes(grey)[0], ground - 1)
    # The ground becomes white, the darkest black.
    grey = grey.point([max(0, min(255, (value - darkest) * 255 // (ground - darkest))) for value in range(256)])
    return ImageOps.expand(grey, _MARGIN, fill=255)


def _extremes(grey: Image.Image) -> tuple[int, int]:
    found: tuple[int, int] = grey.getextrema()  # type: ignore[assignment]  # of one band
    return found
