"""The evidence of a page's facts: where in the captured body stands what was read off its lines and images."""

from __future__ import annotations

from bisect import bisect_left, insort
from functools import cached_property

from archive.model import Evidence, Page
from archive.quotes import Body, Where
from crawler.extract.dom import Element, Line, Outline
from crawler.extract.pictures import Image

#: lines that read the same are told apart so far
_MOST_ALIKE = 100


class Quoted:
    """The body of one page, in which what stands in its outline is found again."""

    def __init__(self, page: Page, outline: Outline) -> None:
        self.outline = outline
        self._page = page
        #: lines whose place in the body is known, in order, and the bytes at which each begins and ends
        self._lines_placed: list[int] = []
        self._places: dict[int, tuple[int, int]] = {}

    @cached_property
    def _body(self) -> Body:
        return Body(self._page.body, self._page.charset, self._page.text)

    def as_if(self, outline: Outline) -> Quoted:
        """The same body, of a page on which something else stands. It is looked through once for both."""
        other = Quoted(self._page, outline)
        other._body = self._body  # its own kind
        return other

    def evidence(self, quote: str, line: Line | None = None, image: Image | None = None) -> Evidence | None:
        """Where *quote* stands in the body: within that line, or as an attribute of that image.

        None when the body does not hold it, which only a page that lies about its charset or a parser's repair brings.
        """
        if image is not None:
            place = self._body.locate(quote, after=self._placed_before(image.at)[1], where="attribute")
            place = place or self._body.locate(quote, where="attribute")
            if place is None and image.picture.background is not None:  # it stands in a <style>
                place = self._body.locate(quote)
            return _evidence(quote, place, image.picture.element)
        if line is None:
            return _evidence(quote, self._body.locate(quote), None)
        start = self._place(line)
        place = self._body.locate(quote, after=start, where="text") if start is not None else None
        return _evidence(quote, place or self._body.locate(quote), line.element)

    def body_evidence(self, quote: str, where: Where) -> Evidence | None:
        """The first place in the whole body, for what stands in its head."""
        return _evidence(quote, self._body.locate(quote, where=where), None)

    def attribute_evidence(self, value: str, element: Element) -> Evidence | None:
        return _evidence(value, self._body.locate(value, where="attribute"), element)

    def _place(self, line: Line) -> int | None:
        """The byte at which a line begins. Lines that read the same stand behind one another as in the outline."""
        if line.at not in self._places:
            earlier, after = self._placed_before(line.at)
            between = self.outline.between(earlier + 1, line.at)
            same = sum(isinstance(item, Line) and item.text == line.text for item in between)
            found = self._body.locate(line.text, after=after, where="text")
            for _ in range(min(same, _MOST_ALIKE)):
                found = (self._body.locate(line.text, after=found[1], where="text") or found) if found else None
            found = found or self._body.locate(line.text, where="text")
            if found is None:
                return None
            self._places[line.at] = found
            insort(self._lines_placed, line.at)
        return self._places[line.at][0]

    def _placed_before(self, at: int) -> tuple[int, int]:
        """The nearest line above that has a place, and the byte behind it; -1 and 0 where there is none."""
        nth = bisect_left(self._lines_placed, at)
        if nth == 0:
            return -1, 0
        line = self._lines_placed[nth - 1]
        return line, self._places[line][1]


def _evidence(quote: str, place: tuple[int, int] | None, element: Element | None) -> Evidence | None:
    if place is None:
        return None
    return Evidence(quote=quote, byte_start=place[0], byte_end=place[1], xpath=element.xpath if element else None)
