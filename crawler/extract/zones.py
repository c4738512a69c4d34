"""How far a label speaks: up to the next heading or label, in the smallest container that holds what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, takewhile

from crawler.extract.blocks import has_content, has_entries
from crawler.extract.dom import Item, Line, Outline, Picture, Rule, same_make
from crawler.extract.inner_headings import is_cell, is_with_image, opens_card, parts_list
from crawler.extract.labels import BOTH, LABEL_CHARS, Label, refuses
from crawler.extract.vocabulary import vocabulary

#: items of the page that one label can speak for
_ZONE_ITEMS = 400
#: and of the one directory a page may hold, where that many are not all
_DIRECTORY_ITEMS = 3000
_CONTAINER_STEPS = 12
#: how far up from an entry its list is looked for
_LIST_STEPS = 4
#: lines of one make that are passed over like a list
_LIST_LINES = 20
#: a word above a heading up to this level says of what kind it is; below it, headings are those of cards
_KICKED_LEVEL = 3
#: lines that are not bold, after which a bold one is another label and no entry
_PLAIN_LINES = 2
_CARD_LEVEL = 3
#: a heading this deep, or deeper, may stand below its own label; a page's or an article's own does not
_TITLE_LEVEL = 2
#: fewer pictures are no list of members
_WALL = 3


class Zones:
    """The zones of one page's labels; *roles* are those that the label on an item of its outline announces."""

    def __init__(self, outline: Outline, roles: Mapping[int, set[str]]) -> None:
        self._outline = outline
        self._roles = roles
        #: the roles of which a zone was read beyond `_ZONE_ITEMS`: once each, or hostile pages would take for ever
        self._extended: set[str] = set()
        #: by role, line and level of the label, and how many: a label is asked for more than one thing
        self._behind: dict[tuple[str, int, int, int], list[Item]] = {}

    def behind(self, label: Label, holds: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
        items = self._items_behind(label, _ZONE_ITEMS)
        found = self._container(label, items, holds)
        if len(items) == _ZONE_ITEMS and label.role not in self._extended and holds(found):
            self._extended.add(label.role)
            found = self._container(label, self._items_behind(label, _DIRECTORY_ITEMS), holds)
        return found

    def _items_behind(self, label: Label, count: int) -> list[Item]:
        key = label.role, label.line.at, label.line.level, count
        if key not in self._behind:
            self._behind[key] = self._read_behind(label, count)
        return self._behind[key]

    def _read_behind(self, label: Label, count: int) -> list[Item]:
        if (title := self._title_below(label)) is not None:
            label = replace(label, line=title)
        line = self._headed_by(label)
        items: list[Item] = []
        below = False
        region = _joined(line.region)
        label = replace(label, line=line)
        #: level of the heading whose own section is passed over: "Membership fees" under "Members"
        passed = 0
        #: the item behind the list that is passed over: what "Our aims are:" under "Our members" leads into
        behind_list = 0
        for item in self._outline.between(line.at + 1, line.at + 1 + _DIRECTORY_ITEMS):
            if len(items) == count:
                break
            if item.struck:
                continue
            if _joined(item_region(item)) != region:
                if item_region(item) in ("nav", "popup"):
                    continue
                if label.role == "sponsor" and line.level and not items and _is_picture_aside(item):
                    # A heading over nothing, and the logos in a box beside the text.
                    region = "aside"
                else:
                    break
            if isinstance(item, Rule):
                # What a page is called is said of all of it; and each of the cards that a line leads into may end so.
                first = items[0] if items else None
                cards = line.text.endswith(":") and isinstance(first, Line) and first.level
                if items and not (cards or label.rule == "page-label"):
                    break
                continue
            if isinstance(item, Line) and item.level and line.level < item.level:
                other = line.level > 0 and is_of_another(label.role, item.text)
                if other and (not passed or item.level <= passed):
                    passed = item.level
                elif passed and item.level <= passed:
                    passed = 0
            if passed and not (isinstance(item, Line) and item.level and item.level <= line.level):
                continue
            if item.at < behind_list:
                continue
            if isinstance(item, Line):
                if item.at in self._roles and self._tells_of_another(label, item, items):
                    if item.level > line.level:
                        passed = item.level
                        continue
                    if behind_list := self._end_of_list(item):
                        continue
                if self._ends_zone(label, item, items, below=below):
                    break
                below = below or item.level > 0
            items.append(item)
        return items

    def _title_below(self, label: Label) -> Line | None:
        """The heading right below a label that is set small above it: "Members", and "27 groups stand together"."""
        line = label.line
        below = next(iter(self._outline.between(line.at + 1, line.at + 2)), None)
        if (
            line.level
            or label.rest
            or line.block.tag == "li"
            or not isinstance(below, Line)
            or below.level < _TITLE_LEVEL
        ):
            return None
        if (
            below.block.parent is not line.block.parent
            or below.at in self._roles
            or is_of_another(label.role, below.text)
        ):
            return None
        return below

    def _headed_by(self, label: Label) -> Line:
        """The heading that the label stands right above, as a word in small print that says of what kind it is; else
        the label's own line."""
        line = label.line
        following = next(iter(self._outline.between(line.at + 1, line.at + 2)), None)
        if line.level or line.is_linked or line.text.endswith(":") or label.language is not None:
            return line
        if not isinstance(following, Line) or not 0 < following.level <= _KICKED_LEVEL:
            return line
        around = (line.block, line.block.parent)
        beside = line.block.tag in ("p", "div", "span") and any(following.block.parent is each for each in around)
        told = beside and following.at not in self._roles and not is_of_another(label.role, following.text)
        return following if told else line

    def _tells_of_another(self, label: Label, item: Line, items: Sequence[Item]) -> bool:
        """Whether the line announces what stands between a heading and what that heads: the goals of an association
        above the list of its members."""
        return label.role not in self._roles[item.at] and label.line.level > 0 and not has_content(items)

    def _end_of_list(self, line: Line) -> int:
        """The item behind the list, or the lines of one make, that begin right behind the line; 0 where none do."""
        behind = self._outline.between(line.at + 1, line.at + 1 + _LIST_LINES)
        following = next(iter(behind), None)
        if line.level or not isinstance(following, Line):
            return 0
        for each in islice(following.block.ancestors(), _LIST_STEPS):
            if each.tag in ("ul", "ol") and each.first == following.at:
                return each.last
        alike = list(takewhile(lambda item: isinstance(item, Line) and same_make(following, item), behind))
        return alike[-1].at + 1 if len(alike) > 1 and not same_make(following, line) else 0

    @staticmethod
    def _container(label: Label, items: list[Item], holds: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
        """The items in the smallest container around the label that *holds*; all where none does."""
        line = label.line
        for container in islice(line.block.ancestors(), _CONTAINER_STEPS):
            inside = [item for item in items if item.at < container.last]
            if holds(inside):
                return inside
            if len(inside) == len(items) and container.last > (items[-1].at if items else line.at):
                break
        return items

    def _ends_zone(self, label: Label, item: Line, items: Sequence[Item], *, below: bool) -> bool:
        line = label.line
        roles = self._roles.get(item.at, set())
        if item.level and roles and (label.role not in roles or has_entries(items)):
            # Of two headings of one role the first speaks for what stands before the second; unless that is one of
            # several that part the list: "Universities", "Industry partners".
            return label.role not in roles or not parts_list(line, item, items, self._roles)
        set_off = item.level or (item.strong and item.block.tag not in ("dt", "th")) or item.text.endswith(":")
        if set_off and is_of_another(label.role, item.text):
            # "Former members", however small.
            return True
        if item.level:
            if not line.level:
                # A card's own heading is a small one, deeper in the tree than what announces the cards.
                small = item.level >= _CARD_LEVEL and item.block.depth > line.block.depth
                return not small and not opens_card(line, item, items, self._outline)
            if item.level == line.level and opens_card(line, item, items, self._outline):
                return False
            if is_cell(line, item, self._outline):
                return False
            if label.role == "sponsor" and item.level < line.level and isinstance(items[0] if items else None, Picture):
                # Below a small heading, logos with greater ones.
                return not opens_card(line, item, items, self._outline)
            if item.level <= line.level:
                # Of two headings of one make right behind one another, a sentence goes on with the first.
                return not all(_goes_on(line, each) for each in (*items, item))
            if label.role == "sponsor" and vocabulary().phrases.tier.match(item.text):
                return False
            return not below and _has_list(label, items) and not is_with_image(line, item, items)
        in_list = item.block.tag in ("li", "td", "dd")
        parts = not in_list or item.strong or item.text.endswith(":")
        if roles and label.role not in roles and parts:
            return True
        # Another label of the same make: bold, or of the class, where ours is, and what stood between is not.
        if item.block.tag != line.block.tag or line.level:
            return False
        alike, bold = _same_class(line, item), line.strong and item.strong
        if not (alike or bold):
            return False
        before = [other for other in items if isinstance(other, Line)]
        if alike and len(before) >= _PLAIN_LINES and not any(_same_class(line, o) for o in before):
            return True
        if not bold:
            return False
        plain = sum(not other.strong for other in before)
        return plain >= _PLAIN_LINES or (bool(items) and not in_list and item.block.depth == line.block.depth)


def _has_list(label: Label, items: Sequence[Item]) -> bool:
    """Whether what was looked for stood there: below a page's own heading one or two pictures are no members."""
    few = sum(isinstance(item, Picture) for item in items) < _WALL
    if label.role == "member" and label.line.level == 1 and few:
        items = [item for item in items if not isinstance(item, Picture)]
    return has_content(items)


@lru_cache(maxsize=1024)
def is_of_another(role: str, heading: str) -> bool:
    """Whether a heading opens what stands near such lists and is none: "Former members", "Membership fees"."""
    if refuses(role, heading):
        return True
    said = BOTH.split(heading) if len(heading) <= LABEL_CHARS else ()
    return any(vocabulary().other.match(each) for each in said)


def _goes_on(heading: Line, item: Item) -> bool:
    return isinstance(item, Line) and item.text.endswith(".") and same_make(heading, item)


def _joined(region: str) -> str:
    """A system wraps the heading of each part in a ``header`` of its own, and what it heads stands outside of it."""
    return "main" if region == "header" else region


def _is_picture_aside(item: Item) -> bool:
    return isinstance(item, Picture) and item_region(item) == "aside"


def _same_class(one: Line, other: Line) -> bool:
    name = one.block.attribute("class")
    return bool(name) and other.block.tag == one.block.tag and other.block.attribute("class") == name


def item_region(item: Item) -> str:
    return item.element.region if isinstance(item, Rule | Picture) else item.region
