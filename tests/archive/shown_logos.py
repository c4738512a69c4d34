"""Logos on a page: sponsors that stand beside files, and those files."""

from __future__ import annotations

from PIL import Image

from archive import digests
from archive.model import UNNAMED
from archive.store import Store
from tests.archive.picture_files import mark, saved
from tests.archive.store_builders import (
    found,
    image,
    reading,
    sponsor,
    write,
)

URL = "http://example.test/logo.png"


def one_of(seed: int) -> Image.Image:
    return mark(300, 140, seed=seed)


#: a logo in three files, and three others
FILES = {
    "png": saved(one_of(1), "PNG"),
    "small": saved(one_of(1).resize((150, 70)), "PNG"),
    "jpeg": saved(one_of(1), "JPEG", quality=70),
    "other": saved(one_of(2), "PNG"),
    "third": saved(one_of(3), "PNG"),
    "svg": b'<svg width="30" height="20"/>',
    "html": b"<!doctype html><title>404</title>",
    "cut": saved(one_of(4), "PNG")[:300],
}
HELD = {digests.sha256(data): data for data in (*FILES.values(), b"")}


class Bytes:
    """The payloads of the tests, and which were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, place, digest):
        self.asked.append(digest)
        return HELD.get(digest)


def nameless(url: str, value: str | None = None, position: int = 0):
    value = value or url.rpartition("/")[2]
    return sponsor(value, position, organisation=None, confidence=UNNAMED, name_source="file", logo_url=url)


def wall(*facts):
    return found("sponsor", facts)


def show(store: Store, number: int, *names_and_files: tuple[str, str], at: str = URL) -> None:
    """One crawl in which each sponsor stands beside a file of `FILES`, under an URL of its own."""
    facts = [sponsor(name, logo_url=f"{at}?{name}") for name, _ in names_and_files]
    pictures = [
        image(number, f"{at}?{name}", FILES[file], second=30 + place)
        for place, (name, file) in enumerate(names_and_files)
    ]
    write(store, number, reading(number, wall(*facts)), *pictures)


def derive(store: Store, read=None):
    return store.derive("example", anchors=["home"], read=read or Bytes())
