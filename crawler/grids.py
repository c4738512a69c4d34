"""Pages that lie in a grid without end: ``/x/12/y/7`` leads to ``/x/13/y/7``, ``/x/12/y/8`` and so on.

A wall of pictures or a timetable has an edge: where it ends, a page lacks the step. Once 2,000 URLs of one form were
let in, and two of their numbers could be counted on, each in one direction, on every page that was read, what leads on
within that grid is refused. So one is left too early only where it is wider than some 60 steps both ways, or 30 from
where it was entered.
"""

from __future__ import annotations

from collections import Counter

from crawler.neighbours import Neighbours, pattern

#: URLs of one form, and pages of it that were read, before it may be a grid
LET_IN, READ = 2000, 500
#: forms that are counted; what comes after is not judged
_FORMS = 20_000


class Grids:
    """Of one crawl."""

    def __init__(self) -> None:
        self._let_in: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        #: by form: the steps that every page so far had
        self._steps: dict[str, set[tuple[int, int]]] = {}

    def learn(self, url: str, told: Neighbours) -> None:
        """What the page at *url* leads to."""
        form = pattern(url)
        if form.count("#") < 2 or (form not in self._steps and len(self._steps) >= _FORMS):
            return
        steps = {(at, way) for at, way in told.get("steps", ())}
        self._read[form] += 1
        self._steps[form] = self._steps[form] & steps if form in self._steps else steps

    def is_endless(self, url: str, via: str | None) -> bool:
        """Whether *url* is one step more in an endless grid that *via* lies in; if not, it counts as let in."""
        form = pattern(url)
        if form.count("#") < 2:
            return False
        if (
            self._let_in[form] >= LET_IN
            and self._read[form] >= READ
            and via is not None
            and len({at for at, _ in self._steps[form]}) > 1
            and pattern(via) == form
        ):
            return True
        if form in self._let_in or len(self._let_in) < _FORMS:
            self._let_in[form] += 1
        return False
