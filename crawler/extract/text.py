"""What a page says, apart from its furniture: the text that versions of a page are compared by, and searched in."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from archive.digests import sha256
from archive.model import PageText
from crawler.extract.dom import collapse
from crawler.extract.outline import outline

#: longer texts are cut: nobody wrote them
_MAX_CHARS = 2_000_000
#: with less than this in its main part a page says what it says elsewhere
_MIN_CHARS = 80


def page_text(tree: LexborHTMLParser, *, fallback_title: str | None = None) -> PageText:
    """The readable text, a line for each line; menus, headers, footers and popups only where there is nothing else."""
    lines = outline(tree).lines
    main = [line.text for line in lines if line.region in ("main", "aside")]
    if sum(map(len, main)) < _MIN_CHARS:
        main = [line.text for line in lines if line.region != "popup"]
    node = tree.css_first("title")
    title = (collapse(node.text())[:500] if node is not None else "") or fallback_title
    text = "\n".join(main)[:_MAX_CHARS]
    root = tree.root
    lang = (root.attrs.get("lang") or "").strip().lower()[:35] if root is not None else ""
    return PageText(title, text, lang or None, sha256(f"{title or ''}\n{text}".encode()))
