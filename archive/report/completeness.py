"""How complete pages are: of what a browser asks for to show them, how much one crawl holds. By what captures say of
themselves alone, whoever made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archive.urls import urlkey

#: redirects that are followed
_MOST_REDIRECTS = 20
#: of what is missing, pages that are named
_PAGES_NAMED = 3

Kind = Literal["status", "failed", "cut short", "refused", "not asked for", "redirect"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one capture says, for as much as it counts here."""

    url: str
    #: 304 of a revisit: the server did not send it again, and it is held
    status: int | None
    failed: bool = False
    error: str | None = None
    truncated: str | None = None
    redirect_to: str | None = None
    is_page: bool = False
    #: what it needs to be shown, each with those that would do in its place; None where nobody could look
    needs: Sequence[Sequence[str]] | None = None
    #: of captures of the same bytes: what they need is the same
    needs_id: int | None = None
    #: its `urlkey`, where that is known
    urlkey: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "status":
                return f"answered {self.detail}"
            case "refused":
                return f"refused by rule {self.detail}"
            case "not asked for":
                return "never asked for"
            case "redirect":
                return f"redirects to {self.detail}"
        return f"{self.kind}: {self.detail}"

    @property
    def is_worth_asking(self) -> bool:
        """Whether asking again may bring it: what answered clearly, and what a rule refuses, stays as it is."""
        if self.kind == "status":
            return self.detail in _PASSING
        return self.kind in {"failed", "cut short", "not asked for"}


#: answers of a server that is busy or broken, as `crawler.frontier` retries them
_PASSING = frozenset({"408", "429", "500", "502", "503", "504", "522", "524"})


@dataclass(frozen=True, slots=True)
class Missing:
    url: str
    why: Why
    #: how many pages need it, and the first of them
    pages: int
    on: tuple[str, ...]
    #: what names it: a page, or a style sheet or frame that a page needs
    via: str


@dataclass(frozen=True, slots=True)
class PageScore:
    url: str
    needed: int
    held: int

    @property
    def score(self) -> float:
        return self.held / self.needed if self.needed else 1.0


@dataclass(slots=True)
class Completeness:
    pages: list[PageScore] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    needed: int = 0
    held: int = 0
    #: pages of which nobody looked what they need
    unknown: int = 0

    @property
    def score(self) -> float | None:
        """None where no page was looked into."""
        if not self.pages:
            return None
        return self.held / self.needed if self.needed else 1.0

    @property
    def whole_pages(self) -> int:
        return sum(page.held == page.needed for page in self.pages)


def measure(captures: Iterable[Asked], missed: Mapping[str, tuple[str, str | None]]) -> Completeness:
    """*missed*: what the crawl says of URLs it did not get, state (queued, failed, refused) and rule. A requisite is
    held where its URL was captured whole, or redirects to one that was; URLs are told apart as replay does."""
    return _Measure(captures, missed).run()


class _Measure:
    def __init__(self, captures: Iterable[Asked], missed: Mapping[str, tuple[str, str | None]]) -> None:
        self._missed = missed
        self._by_url: dict[str, Asked] = {}
        self._pages: dict[str, Asked] = {}
        for capture in captures:
            known = self._by_url.get(capture.url)
            if known is None or _rank(capture) >= _rank(known):
                self._by_url[capture.url] = capture
            if capture.is_page:
                self._pages[capture.url] = capture
        self._by_key = {capture.urlkey or urlkey(url): capture for url, capture in self._by_url.items()}
        #: requisites by number: their URLs, whether it is held, what it needs itself
        self._numbers: dict[tuple[str, ...], int] = {}
        self._requisites: list[tuple[str, ...]] = []
        self._why: list[Why | None] = []
        self._inner: list[Asked | None] = []
        self._via: list[str] = []
        self._lists: dict[int, tuple[int, ...]] = {}
        self._closures: dict[int, frozenset[int]] = {}

    def run(self) -> Completeness:
        found = Completeness()
        needed_by: Counter[int] = Counter()
        on: dict[int, list[str]] = {}
        everything: set[int] = set()
        for url, page in self._pages.items():
            if page.needs is None:
                found.unknown += 1
                continue
            needed = self._all_of(page)
            missing = [number for number in needed if self._why[number] is not None]
            found.pages.append(PageScore(url, len(needed), len(needed) - len(missing)))
            everything |= needed
            needed_by.update(missing)
            for number in missing:
                if len(named := on.setdefault(number, [])) < _PAGES_NAMED:
                    named.append(url)
        found.needed = len(everything)
        found.held = found.needed - len(needed_by)
        for number, pages in needed_by.items():
            why = self._why[number]
            assert why is not None
            found.missing.append(Missing(self._requisites[number][0], why, pages, tuple(on[number]), self._via[number]))
        found.missing.sort(key=lambda one: (-one.pages, one.url))
        found.pages.sort(key=lambda one: (one.score, -one.needed, one.url))
        return found

    def _all_of(self, page: Asked) -> set[int]:
        """What it needs, and what that needs: the imports of a style sheet, the pictures in a frame."""
        found = set(self._own(page))
        for number in list(found):
            if (inner := self._inner[number]) is not None and inner is not page:
                found |= self._closure(number, inner)
        return found

    def _closure(self, number: int, document: Asked) -> frozenset[int]:
        if (known := self._closures.get(number)) is not None:
            return known
        found: set[int] = set()
        left = [document]
        while left:
            for each in self._own(left.pop()):
                if each not in found:
                    found.add(each)
                    if (inner := self._inner[each]) is not None:
                        left.append(inner)
        self._closures[number] = frozenset(found)
        return self._closures[number]

    def _own(self, document: Asked) -> tuple[int, ...]:
        if document.needs_id is not None and (known := self._lists.get(document.needs_id)) is not None:
            return known
        found = tuple(self._number(tuple(urls), document.url) for urls in document.needs or ())
        if document.needs_id is not None:
            self._lists[document.needs_id] = found
        return found

    def _number(self, urls: tuple[str, ...], via: str) -> int:
        if (known := self._numbers.get(urls)) is not None:
            return known
        number = self._numbers[urls] = len(self._requisites)
        self._requisites.append(urls)
        self._via.append(via)
        first: Why | None = None
        held: Asked | None = None
        for url in urls:
            why, held = self._state(url)
            if why is None:
                break
            first = first or why
            held = None
        self._why.append(None if held is not None else first)
        self._inner.append(held if held is not None and held.needs else None)
        return number

    def _state(self, url: str, redirects: int = 0) -> tuple[Why | None, Asked | None]:
        """Why it is not held, or the capture that holds it."""
        capture = self._by_url.get(url) or self._by_key.get(urlkey(url))
        if capture is None:
            state, rule = self._missed.get(url, ("", None))
            if state == "refused":
                return Why("refused", rule or "unknown"), None
            return (Why("failed", rule or "no answer") if state == "failed" else Why("not asked for")), None
        if capture.failed:
            return Why("failed", (capture.error or "no answer")[:200]), None
        if capture.redirect_to and capture.status in range(300, 400) and redirects < _MOST_REDIRECTS:
            why, held = self._state(capture.redirect_to, redirects + 1)
            return (why and Why(why.kind, why.detail)), held
        if capture.status is not None and capture.status != 304 and not 200 <= capture.status < 300:
            return Why("status", str(capture.status)), None
        if capture.truncated:
            return Why("cut short", capture.truncated), None
        return None, capture


def _rank(capture: Asked) -> int:
    """Of several captures of a URL the best counts, and of equals the last."""
    if capture.failed:
        return 0
    good = capture.status is None or capture.status == 304 or 200 <= capture.status < 300
    return (2 if capture.truncated else 3) if good else 1
