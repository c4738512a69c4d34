"""Names of a visit in the path: ``/s/5f2c9a77b1/about``, where every page gives all its links another.

Libraries and shops have such names too, and there they are of a book or a thing: a page leads to others beneath its own
name, or to several. Where 20 pages in a row, beneath one folder, lead away from their own name to one that is new, and
beneath it to three pages or more, the name is a visit's. From then on what is known under one name is refused under
others; a page that is not known is let in under the first that leads to it.
"""

from __future__ import annotations

from crawler.neighbours import Neighbours, names_in

#: pages in a row that give a new name
IN_A_ROW = 20
#: pages and names that are remembered; what comes after is not judged
_REMEMBERED = 200_000
_FOLDERS = 10_000


class PathSessions:
    """Of one crawl."""

    def __init__(self) -> None:
        #: by folder: the names that its pages gave in a row
        self._given: dict[str, set[str]] = {}
        #: those where that was long enough
        self._visits: set[str] = set()
        #: pages by folder and what stands behind the name -> the name they were let in with
        self._pages: dict[int, int] = {}

    def learn(self, told: Neighbours) -> None:
        """What a page leads to."""
        for before, name in told.get("names", {}).items():
            if name is None:
                self._given.pop(before, None)
                continue
            if before not in self._given and len(self._given) >= _FOLDERS:
                continue
            given = self._given.setdefault(before, set())
            given.add(name)
            if len(given) >= IN_A_ROW:
                self._visits.add(before)

    def is_known(self, url: str) -> bool:
        """Whether *url* differs from one that was let in by the name of a visit alone; if not, it counts as let in."""
        named = names_in(url)
        for before, name, rest in named:
            if before in self._visits and self._pages.get(hash((before, rest)), hash(name)) != hash(name):
                return True
        for before, name, rest in named:
            if len(self._pages) < _REMEMBERED:
                self._pages.setdefault(hash((before, rest)), hash(name))
        return False
