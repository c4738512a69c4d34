"""Finds what stands on a page by the words that announce it and the shape of what follows, never by known markup."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from selectolax.lexbor import LexborHTMLParser

from archive.model import Evidence, Page
from archive.quotes import Body, Where
from crawler.extract.dom import Element, Item, Line, Outline, Picture, Rule, collapse
from crawler.extract.hints import Hints
from crawler.extract.naming import is_file_name
from crawler.extract.organisations import Aliases
from crawler.extract.outline import outline
from crawler.extract.pictures import Image, absolute, images
from crawler.extract.vocabulary import Language, Pattern, vocabulary

#: a label is short; a line that leads into a list by a cue may be a sentence
LABEL_CHARS = 90
#: no list is announced in a line longer than this
MAX_LABEL_LINE = 3000
#: items of the page that one label can speak for
ZONE_ITEMS = 400
_CONTAINER_STEPS = 12
#: lines of a card beside its name
_CARD_LINES = 4
_ROLES = ("member", "goal", "sponsor", "social")
#: pages hold more lines than anybody wrote: of a list this many entries are read
MAX_ENTRIES = 500

BULLET = re.compile(r"^\s*(?:[•·▪▫◦‣⁃∙●○■□►▸▶➢➤→»✓✔❖*]|[-–—](?=\s)|\(?\d{1,2}[.)](?=\s)|[a-z][)](?=\s))\s*")
_TRIM = re.compile(r"^[\W_]+|[\W_]+$")
_TAIL = (
    r"(?:\s*(?:[-–—|/:&+,]|\b(?:van|of|der|des|du|de|von|vom|in|bij|en|and|und|et|is|zijn|are|sind|sont)\b)\s*.{1,60})?"
)


@dataclass(frozen=True, slots=True)
class Label:
    """A line that announces a section, or the part of it that does."""

    role: str
    line: Line
    #: the language of its cue; None for a label and for what the profile adds
    language: Language | None
    #: where in the line the announcement begins and ends; behind it may stand a list in running text
    start: int
    end: int
    rule: str

    @property
    def rest(self) -> str:
        """What stands behind it in its own line; nothing when that leads on to the lines below."""
        if self.line.text.endswith(":"):
            return ""
        return self.line.text[self.end :].strip(" :–-.…")


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a list: a list item, a table row, a bullet, a card."""

    lines: list[Line]
    shape: str
    element: Element

    @property
    def text(self) -> str:
        return BULLET.sub("", " ".join(line.text for line in self.lines))


@dataclass(slots=True, eq=False)
class Block:
    """What one label announces: the items it speaks for."""

    label: Label
    items: Sequence[Item]
    _entries: list[Entry] | None = field(default=None)

    @property
    def lines(self) -> list[Line]:
        return [item for item in self.items if isinstance(item, Line)]

    @property
    def pictures(self) -> list[Picture]:
        return [item for item in self.items if isinstance(item, Picture)]

    @property
    def is_empty(self) -> bool:
        return not any(isinstance(item, Line | Picture) for item in self.items)

    def entries(self, *, at_least: int = 2) -> list[Entry]:
        """The entries of the first list in the block; none when what stands there has no shape of a list."""
        shaped = self._shaped()
        runs: list[list[Entry]] = []
        for entry in shaped:
            if runs and runs[-1][-1].shape == entry.shape:
                runs[-1].append(entry)
            else:
                runs.append([entry])
        marked = next((run for run in runs if run[0].shape in MARKED and len(run) >= at_least), None)
        return (marked or _repeated(shaped, max(3, at_least)))[:MAX_ENTRIES]

    def _shaped(self) -> list[Entry]:
        entries: list[Entry] = []
        holder: Element | None = None
        for line in self.lines:
            shape, element = _shape(line, self.items[0].at)
            if element is not None and element is holder:
                entries[-1].lines.append(line)
                continue
            holder = element
            entries.append(Entry([line], shape, element or line.element))
        return entries


def _repeated(entries: Sequence[Entry], at_least: int) -> list[Entry]:
    """The lines of the make that most lines have, with no more than a card's other lines between them."""
    counts = Counter(entry.shape for entry in entries)
    if not counts:
        return []
    shape, count = counts.most_common(1)[0]
    same: list[Entry] = []
    gap = 0
    for entry in entries:
        if entry.shape == shape:
            same.append(entry)
            gap = 0
        elif same and (gap := gap + 1) > _CARD_LINES:
            break
    return same if count >= at_least and len(same) >= at_least else []


MARKED = frozenset(("li", "tr", "td", "dd", "bullet", "file"))


def _shape(line: Line, start: int) -> tuple[str, Element | None]:
    """How a line is an entry of a list, and the element that is the entry when that may hold more lines."""
    if is_file_name(line.text):
        return "file", None
    if BULLET.match(line.text) and line.block.tag not in ("li", "td"):
        return "bullet", None
    for element, _ in zip(line.block.ancestors(), range(_CONTAINER_STEPS), strict=False):
        if element.first < start:
            break
        if element.tag in ("li", "dd", "tr"):
            return element.tag, element
        if element.tag == "td" and element.parent is not None and element.parent.first < start:
            return "td", element
    return f"{line.block.tag}/{line.block.depth}", None


class Finder:
    """One page, asked by all extractors: it is walked, labelled and searched in once."""

    def __init__(self, page: Page, tree: LexborHTMLParser, hints: Hints) -> None:
        self.page = page
        self.tree = tree
        self.hints = hints
        self.words = vocabulary()
        self.aliases = Aliases(hints.aliases)
        self._ignore = tuple(re.compile(pattern, re.IGNORECASE) for pattern in hints.ignore)
        self._placed: dict[int, int] = {}

    @cached_property
    def outline(self) -> Outline:
        return outline(self.tree)

    @cached_property
    def base(self) -> str:
        node = self.tree.css_first("base[href]")
        return absolute(self.page.url, (node.attributes.get("href") or "") if node else "") or self.page.url

    @cached_property
    def lang(self) -> str | None:
        root = self.tree.root
        found = root.attrs.get("lang") or root.attrs.get("xml:lang") if root is not None else None
        return found.strip().lower()[:35] if found and found.strip() else None

    @cached_property
    def title(self) -> str | None:
        node = self.tree.css_first("title")
        return (collapse(node.text())[:500] or None) if node is not None else None

    @cached_property
    def heading_line(self) -> Line | None:
        """The page's own heading: its first ``h1``, else its first heading or bold line, else one its text repeats."""
        lines = [line for line in self.outline.lines if line.region not in ("nav", "popup") and len(line.text) <= 200]
        first = next((line for line in lines if line.level == 1 and line.region != "footer"), None)
        headed = (
            line
            for line in lines
            if line.region != "footer" and (line.level or (line.strong and line.block.tag != "li"))
        )
        return first or next(headed, None) or self._repeated(lines[:20])

    def _repeated(self, lines: Sequence[Line]) -> Line | None:
        names = (line for line in lines if 3 <= len(line.text) <= 60 and not is_file_name(line.text))
        prose = [line.text for line in self.outline.lines[:100] if len(line.text) > LABEL_CHARS]
        capital = (line for line in names if line.text[:1].isupper())
        return next((line for line in capital if sum(line.text in text for text in prose) >= 2), None)

    @property
    def heading(self) -> str | None:
        return self.heading_line.text if self.heading_line is not None else None

    def absolute(self, address: str | None) -> str | None:
        return absolute(self.base, address or "") or None

    @cached_property
    def body(self) -> Body:
        return Body(self.page.body, self.page.charset)

    @cached_property
    def images(self) -> list[Image]:
        return list(images(self.outline.pictures, self.base))

    @cached_property
    def image_at(self) -> dict[int, Image]:
        return {image.at: image for image in self.images}

    def ignores(self, text: str) -> bool:
        """Whether the profile says that what carries this text is never a fact."""
        return any(pattern.search(text) for pattern in self._ignore)

    # Labels

    @cached_property
    def _lowered(self) -> tuple[str, list[int]]:
        """All lines, lower case, and where each begins: a word is found in a page faster than in its lines."""
        starts, at = [], 0
        texts = [line.text.lower() for line in self.outline.lines]
        for text in texts:
            starts.append(at)
            at += len(text) + 1
        return "\n".join(texts), starts

    def lines_with(self, words: Iterable[str]) -> list[Line]:
        """The lines in which any of the words stands, lower case, in order."""
        whole, starts = self._lowered
        found: set[int] = set()
        for word in words:
            at = whole.find(word)
            while at >= 0:
                nth = bisect_right(starts, at) - 1
                found.add(nth)
                if nth + 1 == len(starts):
                    break
                at = whole.find(word, starts[nth + 1])
        return [self.outline.lines[nth] for nth in sorted(found)]

    @cached_property
    def _labels(self) -> dict[str, list[Label]]:
        return {role: list(self._labels_of(role)) for role in _ROLES}

    def _labels_of(self, role: str) -> Iterator[Label]:
        extra = [label.lower() for label in self.hints.labels.get(role, ())]
        for line in self.lines_with([*self.words.stems[role], *extra]):
            if line.region != "popup" and len(line.text) <= MAX_LABEL_LINE and (label := self._label(line, role)):
                yield label

    @cached_property
    def _label_lines(self) -> dict[int, str]:
        return {label.line.at: role for role, labels in self._labels.items() for label in labels if not label.rest}

    def _label(self, line: Line, role: str) -> Label | None:
        text = line.text
        for extra in self.hints.labels.get(role, ()):
            at = text.casefold().find(extra.casefold())
            if at >= 0 and (len(text) <= LABEL_CHARS or text[at + len(extra) :].lstrip().startswith(":")):
                return Label(role, line, None, at, at + len(extra), "profile-label")
        short, lead = _patterns(role)
        if _may_hold_list(text):
            for language, cue in lead:
                if (found := cue.search(text)) and not _refused(role, text[found.start() : found.end()]):
                    return Label(role, line, language, found.start(), found.end(), "cue")
        if short is None or len(text) > LABEL_CHARS or text.endswith((".", "?", ",")):
            return None
        announces = line.level or line.strong or text.endswith(":") or len(text) <= 40
        if announces and short.search(_TRIM.sub("", text)) and not _refused(role, text):
            return Label(role, line, None, 0, len(text), "label")
        return None

    def labels(self, role: str, *, in_menus: bool = False) -> list[Label]:
        return [label for label in self._labels[role] if (label.line.region == "nav") == in_menus]

    # Blocks

    def block(self, label: Label, holds: Callable[[Sequence[Item]], bool]) -> Block:
        """What one label announces, up to the next heading, label or end of its container: the smallest that *holds*."""
        return Block(label, self._zone(label, holds))

    def blocks(self, role: str, holds: Callable[[Sequence[Item]], bool]) -> Iterator[Block]:
        for label in self.labels(role):
            yield self.block(label, holds)

    def has_bare_label(self, role: str) -> bool:
        """Whether a heading of this role stands over nothing at all: the list is there, and empty."""
        if role not in _ROLES:
            return False
        return any(
            block.is_empty and (block.label.line.level > 0 or block.label.line.text.endswith(":"))
            for block in self.blocks(role, bool)
            if not block.label.rest
        )

    def _zone(self, label: Label, holds: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
        line = label.line
        items: list[Item] = []
        below = False
        for item in self.outline.between(line.at + 1, line.at + 1 + ZONE_ITEMS):
            if item_region(item) != line.region:
                if item_region(item) in ("nav", "popup"):
                    continue
                break
            if isinstance(item, Rule):
                if items:
                    break
                continue
            if isinstance(item, Line):
                if self._ends_zone(label, item, items, below=below):
                    break
                below = below or item.level > 0
            items.append(item)
        for container, _ in zip(line.block.ancestors(), range(_CONTAINER_STEPS), strict=False):
            inside = [item for item in items if item.at < container.last]
            if holds(inside):
                return inside
            if len(inside) == len(items) and container.last > (items[-1].at if items else line.at):
                break
        return items

    def _ends_zone(self, label: Label, item: Line, items: Sequence[Item], *, below: bool) -> bool:
        if item.level:
            if not label.line.level or item.level <= label.line.level:
                return True
            return not below and _has_content(items)
        role = self._label_lines.get(item.at)
        if role is not None and role != label.role and item.block.tag not in ("li", "td", "dd"):
            return True
        if not items or item.block.tag in ("li", "td", "dd"):
            return False
        # Another label of the same make: bold where ours is bold.
        line = label.line
        return bool(
            line.strong
            and item.strong
            and not line.level
            and item.block.tag == line.block.tag
            and item.block.depth == line.block.depth
        )

    # Evidence

    def evidence(self, quote: str, line: Line | None = None, image: Image | None = None) -> Evidence | None:
        """Where *quote* stands in the body: within that line, or as an attribute of that image.

        None when the body does not hold it, which only a page that lies about its charset or a parser's repair brings.
        """
        if image is not None:
            place = self.body.locate(quote, after=self._placed_before(image.at), where="attribute")
            place = place or self.body.locate(quote, where="attribute")
            return _evidence(quote, place, image.picture.element)
        if line is None:
            return _evidence(quote, self.body.locate(quote), None)
        start = self._place(line)
        place = self.body.locate(quote, after=start, where="text") if start is not None else None
        return _evidence(quote, place or self.body.locate(quote), line.element)

    def body_evidence(self, quote: str, where: Where) -> Evidence | None:
        """The first place in the whole body, for what stands in its head."""
        return _evidence(quote, self.body.locate(quote, where=where), None)

    def attribute_evidence(self, value: str, element: Element) -> Evidence | None:
        return _evidence(value, self.body.locate(value, where="attribute"), element)

    def _place(self, line: Line) -> int | None:
        """The byte at which a line begins."""
        if line.at not in self._placed:
            found = self.body.locate(line.text, after=self._placed_before(line.at), where="text")
            found = found or self.body.locate(line.text, where="text")
            if found is None:
                return None
            self._placed[line.at] = found[0]
        return self._placed[line.at]

    def _placed_before(self, at: int) -> int:
        earlier = [placed for placed in self._placed if placed < at]
        return self._placed[max(earlier)] if earlier else 0


def _evidence(quote: str, place: tuple[int, int] | None, element: Element | None) -> Evidence | None:
    if place is None:
        return None
    return Evidence(quote=quote, byte_start=place[0], byte_end=place[1], xpath=element.xpath if element else None)


def item_region(item: Item) -> str:
    return item.element.region if isinstance(item, Rule | Picture) else item.region


def _has_content(items: Sequence[Item]) -> bool:
    return any(isinstance(item, Picture) or (isinstance(item, Line) and _shape(item, 0)[0] in MARKED) for item in items)


def has_entries(items: Sequence[Item]) -> bool:
    """Whether a list of two or more marked entries stands among the items, or three lines of one make."""
    shapes = [_shape(item, items[0].at) for item in items if isinstance(item, Line)] if items else []
    kinds: dict[str, set[object]] = {}
    for nth, (shape, element) in enumerate(shapes):
        kinds.setdefault(shape, set()).add(id(element) if element is not None else nth)
    return any(len(holders) >= (2 if shape in MARKED else 3) for shape, holders in kinds.items())


def _may_hold_list(text: str) -> bool:
    return (
        text.endswith((":", "…", "dat", "dass", "that", "que"))
        or ":" in text
        or "," in text
        or ";" in text
        or len(text) <= LABEL_CHARS
    )


def _refused(role: str, text: str) -> bool:
    return any(
        language.not_labels[role].search(text) for language in vocabulary().languages if role in language.not_labels
    )


@cache
def _patterns(role: str) -> tuple[Pattern | None, tuple[tuple[Language, Pattern], ...]]:
    """What a short line of this role is made of, in any language; and each language's cues."""
    words = vocabulary()
    labels = [language.labels[role].pattern for language in words.languages if role in language.labels]
    cues = tuple((language, language.cues[role]) for language in words.languages if role in language.cues)
    if not labels:
        return None, cues
    any_label = "|".join(labels)
    if role == "sponsor":
        # "Bedrijven en sponsoring", "Esteemed Sponsors": what follows must be logos, so the word may stand anywhere
        return re.compile(rf"(?<![\w-])(?:{any_label})(?![\w-])", re.IGNORECASE), cues
    return re.compile(rf"^(?:(?:{words.determiners})\s+)*(?:{any_label}){_TAIL}$", re.IGNORECASE), cues
