"""A page as it was read: its lines, links and images, and what it calls itself."""

from __future__ import annotations

from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from archive.model import Page
from crawler.extract.dom import Element, Line, collapse
from crawler.extract.evidence import Quoted
from crawler.extract.headings import heading_line, is_legal, is_of_consortium, menu_entry, site_names
from crawler.extract.hosts import is_front_page
from crawler.extract.outline import outline
from crawler.extract.pictures import Image, absolute, images


class ReadPage:
    """One page. It is walked once, and what is asked of it is told once."""

    def __init__(self, page: Page, tree: LexborHTMLParser, quoted: Quoted | None = None) -> None:
        """*quoted*: the page as if other lines and images stood on it."""
        self.page = page
        self.tree = tree
        self.quoted = quoted or Quoted(page, outline(tree))
        self.outline = self.quoted.outline
        self.evidence = self.quoted.evidence
        self.body_evidence = self.quoted.body_evidence
        self.attribute_evidence = self.quoted.attribute_evidence

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
    def site_names(self) -> tuple[str, ...]:
        return site_names(self.tree, self.title, self.heading)

    @cached_property
    def heading_line(self) -> Line | None:
        return heading_line(self.outline.lines)

    @property
    def heading(self) -> str | None:
        return self.heading_line.text if self.heading_line is not None else None

    def absolute(self, address: str | None) -> str | None:
        return absolute(self.base, address or "") or None

    @cached_property
    def addresses(self) -> dict[Element, str]:
        """The page's links with their ``href`` as it stands."""
        return {link: link.attribute("href") or "" for link in self.outline.links}

    @cached_property
    def linked_lines(self) -> list[tuple[Line, list[Element]]]:
        """The lines in which links stand, with those links."""
        return [(line, line.held) for line in self.outline.lines if line.is_linked]

    @cached_property
    def images(self) -> list[Image]:
        return list(images(self.outline.pictures, self.base))

    @cached_property
    def image_at(self) -> dict[int, Image]:
        return {image.at: image for image in self.images}

    @cached_property
    def own_logos(self) -> frozenset[str]:
        """The addresses of pictures that lead to the front page from the page's head: they show whose site it is."""
        heads = (
            image for image in self.images if image.picture.region in ("header", "nav") and image.href and image.url
        )
        return frozenset(image.url for image in heads if is_front_page(image.href or "", self.page.url))

    @cached_property
    def is_legal(self) -> bool:
        return is_legal(self.title, self.heading_line)

    @cached_property
    def menu_entry(self) -> str | None:
        """What the page's menu calls it."""
        return menu_entry(self.outline.lines)

    @cached_property
    def is_of_consortium(self) -> bool:
        return is_of_consortium(self.page.url, self.title, self.heading, self.outline.lines)
