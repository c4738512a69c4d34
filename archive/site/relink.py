"""A page of the server made into a file: its links lead to other files, and what only a server answers is left out."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser

#: elements that have no end
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: never in a file: it runs, or asks a server
_DROPPED = {"script", "form", "iframe", "object"}
#: headings of sections that are all questions to a server
_QUESTIONS = {"questions"}
#: between links that stand in a row
_BETWEEN = "·"

Attributes = list[tuple[str, str | None]]


class Relinking(HTMLParser):
    """*resolve* tells where the address of a link or picture leads in the site; None for nowhere, the address itself
    for the rest of the web. *head* stands first in the head, *end* last in ``main``."""

    def __init__(self, resolve: Callable[[str], str | None], *, head: str, end: str) -> None:
        super().__init__(convert_charrefs=False)
        self._resolve, self._head, self._end = resolve, head, end
        self._out: list[str] = []
        #: elements that are left out, the innermost last
        self._leaving: list[str] = []
        #: how the links that are open end
        self._ends: list[str] = []
        #: where menu items and rows of links began: tag, place, whether a link is left in it
        self._rows: list[tuple[str, int, bool]] = []
        self._in_menu = False

    @property
    def text(self) -> str:
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        values = dict(attrs)
        if self._leaving:
            if tag not in _VOID:
                self._leaving.append(tag)
            return
        classes = (values.get("class") or "").split()
        asks = tag == "section" and values.get("aria-labelledby") in _QUESTIONS
        if tag in _DROPPED or asks or "bw-languages" in classes:
            self._leaving.append(tag)
            return
        if tag == "nav":
            self._in_menu = True
        if (tag == "li" and self._in_menu) or (tag == "p" and "bw-more" in classes):
            self._rows.append((tag, len(self._out), False))
        if tag == "a":
            self._begin_link(attrs)
        elif tag == "img":
            self._picture(attrs)
        elif tag == "link":
            target = self._resolve(values.get("href") or "")
            if target is not None and "//" not in target:  # nothing is loaded from elsewhere
                self._out.append(_tag(tag, attrs, href=target))
        else:
            self._out.append(self.get_starttag_text() or "")
            if tag == "head":
                self._out.append(self._head)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attrs)
        elif not self._leaving:  # of an SVG
            self._out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._leaving:
            if tag in self._leaving:
                while self._leaving.pop() != tag:
                    pass
            return
        if tag == "a" and self._ends:
            tag = self._ends.pop()
        elif tag == "nav":
            self._in_menu = False
        elif tag == "main":
            self._out.append(self._end)
        self._out.append(f"</{tag}>")
        if self._rows and self._rows[-1][0] == tag:
            _, began, kept = self._rows.pop()
            parts = [part.strip() for part in "".join(self._out[began + 1 : -1]).split(_BETWEEN)]
            self._out[began + 1 : -1] = [f" {_BETWEEN} ".join(filter(None, parts))]
            if not kept:
                del self._out[began:]

    def handle_data(self, data: str) -> None:
        if not self._leaving:
            self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.handle_data(f"<!{decl}>")

    def _begin_link(self, attrs: Attributes) -> None:
        target = self._resolve(dict(attrs).get("href") or "")
        if target is not None:
            self._out.append(_tag("a", attrs, href=target))
            self._rows = [(tag, began, True) for tag, began, _ in self._rows]
            self._ends.append("a")
        elif self._rows:
            self._leaving.append("a")
        else:  # the words stay
            self._out.append("<span>")
            self._ends.append("span")

    def _picture(self, attrs: Attributes) -> None:
        values = dict(attrs)
        target = self._resolve(values.get("src") or "")
        if target is None:
            self._out.append(f'<span class="bw-small">{escape(values.get("alt") or "")}</span>')
        else:
            self._out.append(_tag("img", attrs, src=target))


def _tag(tag: str, attrs: Attributes, **instead: str) -> str:
    written = "".join(
        f" {name}" if value is None else f' {name}="{escape(instead.get(name, value))}"' for name, value in attrs
    )
    return f"<{tag}{written}>"
