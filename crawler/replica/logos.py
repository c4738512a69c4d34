"""The replica's pictures, drawn here: generic shapes and block letters, no organisation's own mark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from crawler.replica.canvas import WHITE, Canvas, Colour, Image
from crawler.replica.encode import gif, jpeg, png

BLUE: Colour = (0, 92, 158)
SKY: Colour = (88, 172, 214)
ORANGE: Colour = (238, 127, 0)
GREEN: Colour = (88, 150, 50)
RED: Colour = (200, 32, 46)
PLUM: Colour = (112, 44, 110)
GREY: Colour = (96, 104, 112)
YELLOW: Colour = (250, 196, 28)
NIGHT: Colour = (20, 46, 94)


def _header() -> Image:
    art = Canvas(240, 70)
    art.disc(35, 35, 31, ORANGE)
    art.disc(35, 24, 9, WHITE)
    art.wedge(20, 34, 30, 24, WHITE)
    art.text(78, 12, "DEFENCE FOR", 2.3, BLUE)
    art.text(78, 38, "CHILDREN", 3.2, ORANGE)
    return art.image()


def _lottery() -> Image:
    art = Canvas(120, 90)
    for place, colour in enumerate((RED, ORANGE, YELLOW, GREEN, BLUE)):
        art.box(8 + place * 21, 8 + place * 3, 20, 40 - place * 3, colour)
    art.centred(56, "NPL", 4, RED)
    return art.image()


def _ministry() -> Image:
    art = Canvas(170, 70)
    art.box(8, 4, 22, 62, NIGHT)
    art.disc(19, 24, 6, YELLOW)
    art.text(40, 20, "MINISTERIE", 2, NIGHT)
    art.box(40, 42, 110, 2, GREY)
    art.box(40, 50, 76, 2, GREY)
    return art.image()


def _second_ministry() -> Image:
    art = Canvas(170, 70)
    art.box(8, 4, 22, 62, PLUM)
    art.wedge(12, 16, 14, 14, YELLOW)
    art.text(40, 10, "MINISTERIE", 2, PLUM)
    art.text(40, 32, "TWEE", 2, PLUM)
    art.box(40, 54, 60, 2, GREY)
    return art.image()


def _plan() -> Image:
    art = Canvas(110, 80)
    art.disc(55, 40, 38, SKY)
    art.disc(55, 40, 33, WHITE)
    art.centred(31, "PLAN", 2.6, BLUE)
    return art.image()


def _stamps() -> Image:
    art = Canvas(130, 80, (255, 244, 214))
    art.box(10, 8, 110, 64, ORANGE)
    for step in range(12):
        art.disc(10 + step * 10, 8, 3, (255, 244, 214))
        art.disc(10 + step * 10, 72, 3, (255, 244, 214))
    art.centred(20, "KINDER", 2.6, WHITE)
    art.centred(46, "POSTZEGELS", 1.6, WHITE)
    return art.image()


def _unicef() -> Image:
    art = Canvas(150, 60, SKY)
    art.disc(122, 30, 22, WHITE)
    art.disc(122, 30, 17, SKY)
    art.box(105, 29, 34, 2, WHITE)
    art.box(121, 13, 2, 34, WHITE)
    art.text(12, 22, "UNICEF", 2.4, WHITE)
    return art.image()


def _save() -> Image:
    art = Canvas(90, 90)
    art.box(25, 6, 40, 38, RED)
    art.wedge(31, 14, 28, 24, WHITE)
    art.centred(52, "SAVE THE", 1.7, (20, 20, 20))
    art.centred(70, "CHILDREN", 1.7, (20, 20, 20))
    return art.image()


def _nameless() -> Image:
    art = Canvas(100, 80)
    for step in range(4):
        art.box(10 + step * 21, 60 - step * 15, 18, 14 + step * 15, (GREEN, SKY, PLUM, ORANGE)[step])
    return art.image()


def _union() -> Image:
    art = Canvas(120, 80, BLUE)
    for left, top in ((12, 12), (98, 12), (12, 58), (98, 58)):
        art.box(left, top, 10, 10, YELLOW)
    art.centred(24, "EU", 4.6, WHITE)
    return art.image()


def _knot() -> Image:
    art = Canvas(130, 80)
    art.disc(40, 30, 24, GREY)
    art.disc(40, 30, 15, WHITE)
    art.disc(86, 30, 24, GREY)
    art.disc(86, 30, 15, WHITE)
    art.centred(62, "ZILVERKNOOP", 1.6, GREY)
    return art.image()


def _new_knot() -> Image:
    art = Canvas(130, 80, PLUM)
    art.wedge(14, 10, 34, 32, WHITE)
    art.wedge(82, 10, 34, 32, YELLOW)
    art.box(46, 30, 38, 6, WHITE)
    art.centred(56, "ZILVERKNOOP", 1.7, WHITE)
    return art.image()


def _popup() -> Image:
    art = Canvas(280, 150, YELLOW)
    art.disc(60, 62, 40, ORANGE)
    art.disc(60, 44, 12, WHITE)
    art.wedge(38, 58, 44, 34, WHITE)
    art.text(118, 28, "IK BLIJF", 3.2, RED)
    art.text(118, 62, "HIER!", 4.6, RED)
    art.box(0, 118, 280, 32, RED)
    art.centred(127, "TEKEN DE PETITIE", 2.1, WHITE)
    return art.image()


def _anbi() -> Image:
    art = Canvas(70, 44, BLUE)
    art.box(4, 4, 62, 36, WHITE)
    art.centred(15, "ANBI", 2.2, BLUE)
    return art.image()


def _ground() -> Image:
    art = Canvas(48, 48, (226, 236, 243))
    for x, y in ((0, 0), (48, 0), (0, 48), (48, 48), (24, 24)):
        art.disc(x, y, 7, (218, 230, 239))
    return art.image()


def _arrow() -> Image:
    art = Canvas(9, 9, WHITE)
    for step in range(5):
        art.box(2, 0.5 + step * 0.5, step * 1.4, 0.5, ORANGE)
        art.box(2, 8 - step * 0.5, step * 1.4, 0.5, ORANGE)
    art.box(2, 3, 6, 3, ORANGE)
    return art.image()


def _icon() -> Image:
    art = Canvas(32, 32)
    art.disc(16, 16, 15, ORANGE)
    art.disc(16, 11, 4.5, WHITE)
    art.wedge(8, 15, 16, 12, WHITE)
    return art.image()


def _photo(sky: Colour, hill: Colour, width: int) -> Image:
    """A landscape with two figures; the news pictures in their widths."""
    one = width / 320
    art = Canvas(width, round(180 * one), sky)
    art.disc(260 * one, 40 * one, 24 * one, YELLOW)
    art.disc(70 * one, 260 * one, 150 * one, hill)
    art.disc(250 * one, 280 * one, 170 * one, tuple(c * 4 // 5 for c in hill))  # type: ignore[arg-type]  # three in, three out
    for x, colour in ((140, RED), (180, BLUE)):
        art.disc(x * one, 84 * one, 11 * one, (214, 160, 120))
        art.wedge((x - 16) * one, 90 * one, 32 * one, 48 * one, colour)
    return art.image()


def _drawn(draw: Callable[[], Image], encode: Callable[[Image], bytes]) -> Callable[[], bytes]:
    return lambda: encode(draw())


CBF_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="44" height="44" viewBox="0 0 44 44" role="img">
<title>CBF</title>
<circle cx="22" cy="22" r="21" fill="#589632"/>
<circle cx="22" cy="22" r="17" fill="none" stroke="#fff" stroke-width="2"/>
<text x="22" y="27" font-family="sans-serif" font-size="13" text-anchor="middle" fill="#fff">CBF</text>
</svg>
"""

#: path under /images/ -> the file's bytes
DRAWN: dict[str, Callable[[], bytes]] = {
    "logo_DFC_03.png": _drawn(_header, png),
    "215/1000.png": _drawn(_lottery, png),
    "215/1001.png": _drawn(_ministry, png),
    "215/1002.jpg": _drawn(_plan, jpeg),
    "215/1003.png": _drawn(_stamps, png),
    "215/1004.png": _drawn(_unicef, png),
    "215/1005.gif": _drawn(_second_ministry, gif),
    "215/1006.jpg": _drawn(_save, jpeg),
    "215/1007.png": _drawn(_nameless, png),
    "215/1008.jpg": _drawn(_union, jpeg),
    "20160425_1230_DC_Campagne_Popup(1).jpg": _drawn(_popup, jpeg),
    "anbi.png": _drawn(_anbi, png),
    "cbf.svg": lambda: CBF_SVG,
    "achtergrond.png": _drawn(_ground, png),
    "pijl.gif": _drawn(_arrow, gif),
    "favicon.png": _drawn(_icon, png),
    "nieuws/zomerkamp-320.png": lambda: png(_photo(SKY, GREEN, 320)),
    "nieuws/zomerkamp-640.png": lambda: png(_photo(SKY, GREEN, 640)),
    "nieuws/spreekuur-320.png": lambda: png(_photo((250, 214, 170), (150, 110, 70), 320)),
    "nieuws/handboek-320.png": lambda: png(_photo((206, 198, 226), PLUM, 320)),
    # Shown by a script only: a static crawler finds it as a string in menu.js.
    "menu-open.gif": lambda: gif(_photo(WHITE, ORANGE, 24)),
}

#: the sponsor's logo that changes under one URL
KNOT = "215/1009.png"
KNOTS: dict[str, Callable[[], bytes]] = {"knot": _drawn(_knot, png), "new-knot": _drawn(_new_knot, png)}


@cache
def draw(path: str) -> bytes:
    """The bytes of a picture in `DRAWN`, or of one of `KNOTS`. Drawn when first asked for."""
    return (DRAWN.get(path) or KNOTS[path])()
