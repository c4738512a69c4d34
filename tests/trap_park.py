"""A site with a few dozen real pages, and traps among them: what each may cost a default crawl."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tests.site_server import Answer, Site, page

NEWS, ITEMS, TOPICS = 30, 20, 10
#: filters of the shop, each with so many values: 15,625 mixes
FILTERS = {"color": 5, "size": 5, "brand": 5, "sort": 5, "stock": 5, "view": 5}
MANY_LINKS = 100_000
BOOKS = [f"{7919 * (n + 1):08x}{n:04x}" for n in range(30)]
PARTS = ("text", "notes", "index")
WALL = 8

REAL = {
    "/", "/about", "/archive/", "/shop", "/forum",
    *(f"/news/{n}" for n in range(NEWS)),
    *(f"/archive/?page={n}" for n in range(1, 7)),
    *(f"/shop/item-{n}" for n in range(ITEMS)),
    *(f"/index.php?section=press&id={n}" for n in range(400)),
    # What looks like a trap and is none: books with names of their own, and a wall of pictures.
    *(f"/library/{book}/{part}" for book in BOOKS for part in PARTS),
    *(f"/wall/row/{row}/column/{column}" for row in range(WALL) for column in range(WALL)),
}  # fmt: skip
#: what stands behind the name of a visit
VISITED = {"about", "contact", "help", *(f"topic/{n}" for n in range(TOPICS))}
#: by trap, what its paths begin with and the most that may be asked of it
BOUNDS: dict[str, tuple[str, int]] = {
    "calendar by parameters": (r"/calendar\?", 520),
    "calendar by path": (r"/agenda/\d", 1600),
    "pages without end": (r"/list\?start=", 520),
    "menu paths that grow": (r"/menu/", 20),
    "filters": (r"/shop\?", 800),
    "relative links": (r"/rel/", 250),
    "redirect loop": (r"/loop/", 6),
    "redirect chain": (r"/chain/", 30),
    "errors that say 200": (r"/soft/", 60),
    "many links": (r"/many/", 20_001),
    "pages that never end": (r"/drip/", 4),
    "visits": (r"/forum/", 5 * TOPICS),
    "visits in the path": (r"/s/", 25 * len(VISITED)),
    "a grid": (r"/grid/", 2100),
}  # fmt: skip


def links(*urls: str) -> str:
    return "".join(f'<li><a href="{url}">{url}</a></li>' for url in urls)


class TrapPark(Site):
    def __init__(self) -> None:
        super().__init__({})
        self._random = random.Random(4)

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        super()._answer(path, headers)
        found = self._made(urlsplit(path).path, parse_qs(urlsplit(path).query), path)
        return found or (404, {"Content-Type": "text/plain"}, b"not here")

    def _made(self, path: str, query: dict[str, list[str]], whole: str) -> Answer | None:
        first = {name: values[0] for name, values in query.items()}
        match path.strip("/").split("/"):
            case [""]:
                return page(links(
                    "/about", "/archive/", "/shop", "/forum", "/calendar?month=11&year=2026", "/agenda/2026/11/28", "/list?start=0",
                    "/menu/", "/rel/", "/loop/a", "/chain/0", "/soft/x", "/many/", "/drip/",
                    f"/library/{BOOKS[0]}/text", "/wall/row/3/column/4", "/grid/12/y/7", f"/s/{self._visit()}/about",
                    *(f"/index.php?section=press&id={n}" for n in range(400)),
                ))  # fmt: skip
            case ["about"]:
                return page("about us")
            case ["archive"]:
                at = int(first.get("page", 1))
                news = (f"/news/{n}" for n in range(5 * (at - 1), min(5 * at, NEWS)))
                return page(links(*news, *(f"/archive/?page={n}" for n in range(1, 7))), title=f"news {at}")
            case ["news", n]:
                return page(f"news {n}, about many things", title=f"news {n}")
            case ["index.php"]:
                return page(f"press release {first.get('id')}")
            case ["shop"]:
                return self._shop(first)
            case ["shop", item]:
                return page(f"{item}, {links('/shop')}", title=item)
            case ["forum", *topic]:
                visit = self._visit()
                topics = (f"/forum/{n}?sid={visit}" for n in range(TOPICS))
                return page(
                    f"{topic} {links(*topics)} {links(*(f'/forum/{n};jsessionid={visit}' for n in range(TOPICS)))}"
                )
            case ["calendar"]:
                month, year = int(first["month"]), int(first["year"])
                around = (divmod(12 * year + month - 1 + step, 12) for step in (-1, 1))
                return page(f"{month} {year} {links(*(f'/calendar?month={m + 1}&year={y}' for y, m in around))}")
            case ["agenda", year, month, day]:
                at = (int(year) * 12 + int(month) - 1) * 28 + int(day) - 1
                return page(f"{at} {links(*(_agenda(at + step) for step in (-28, -1, 1, 28)))}")
            case ["list"]:
                return page(f"from {first['start']} {links('/list?start=' + str(int(first['start']) + 10))}")
            case ["menu", *rest]:
                return page(f"{len(rest)} {links(f'mo{480 + len(rest)}-cg310/', f'mo{500 + len(rest)}-cg310/')}")
            case ["rel", *rest]:
                return page(f"{len(rest)} {links('sub/page/', 'other/page/')}")
            case ["loop", which]:
                return 302, {"Location": f"/loop/{'b' if which == 'a' else 'a'}"}, b""
            case ["chain", n]:
                return 302, {"Location": f"/chain/{int(n) + 1}"}, b""
            case ["soft", *_]:
                return page(links("a/", "b/", "c/") + "We are sorry, this page is gone.")
            case ["library", book, part] if part in PARTS:
                # One leads to the next, and all to their own parts.
                at = BOOKS.index(book)
                those = {book, BOOKS[max(0, at - 1)], BOOKS[min(at + 1, len(BOOKS) - 1)]}
                return page(f"{part} of {book} {links(*(f'/library/{one}/{each}' for one in those for each in PARTS))}")
            case ["wall", "row", row, "column", column]:
                return page(f"{row} {column} {links(*_around('/wall/row/{}/column/{}', int(row), int(column), WALL))}")
            case ["grid", x, "y", y]:
                return page(f"{x} {y} {links(*_around('/grid/{}/y/{}', int(x), int(y), None))}")
            case ["s", _, *rest] if "/".join(rest) in VISITED:
                visit = self._visit()
                return page(f"{rest} {links(*(f'/s/{visit}/{each}' for each in sorted(VISITED)))}")
            case ["many"]:
                return page(links(*(f"/many/{n}" for n in range(MANY_LINKS))))
            case ["drip"]:
                return 200, {"Content-Type": "text/html", "Content-Length": "100000000"}, b"<p>and then"
        del whole
        return None

    def _visit(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def visited(self) -> set[str]:
        """What was asked for under some name of a visit."""
        return {asked.split("/", 3)[3] for asked in self.paths() if asked.startswith("/s/")}

    def _shop(self, chosen: dict[str, str]) -> Answer:
        items = (f"/shop/item-{n}" for n in range(ITEMS))
        others = (
            "/shop?" + "&".join(f"{k}={v}" for k, v in sorted((chosen | {name: str(value)}).items()))
            for name, values in FILTERS.items()
            for value in range(values)
        )
        return page(f"{sorted(chosen.items())} {links(*items, *others)}")

    def asked_of(self) -> Counter[str]:
        """How often something of each trap was asked for."""
        return Counter(
            name for asked in self.paths() for name, (begins, _) in BOUNDS.items() if re.match(begins, asked)
        )


def _agenda(at: int) -> str:
    months, day = divmod(at, 28)
    return f"/agenda/{months // 12}/{months % 12 + 1}/{day + 1}"


def _around(form: str, x: int, y: int, size: int | None) -> list[str]:
    """Its neighbours in a grid of that size, or in one without an edge."""
    steps = ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1))
    return [form.format(*at) for at in steps if size is None or (min(at) >= 0 and max(at) < size)]
