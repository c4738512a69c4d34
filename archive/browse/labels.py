"""What Datasette's own pages leave unnamed, for those who hear a page (WCAG 2.2, 1.3.1 and 4.1.2)."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from archive.browse import access

_FIELD = re.compile(r'<(?:select|input type="text") name="(_filter_column|_filter_op|_filter_value|_sort)(?:_(\d+))?"')
_NAMES = {
    "_filter_column": "Column of filter",
    "_filter_op": "Comparison of filter",
    "_filter_value": "Value of filter",
    "_sort": "Sort by",
}
#: they scroll, so the keyboard must get there
_COLUMNS = re.compile(r'<dl class="column-descriptions">.*?</dl>', re.DOTALL)

#: the editor makes its field itself, once the page is loaded
_EDITOR = """addEventListener("load", () => document.querySelectorAll(".CodeMirror textarea, .cm-content")
  .forEach(field => field.setAttribute("aria-label", "SQL query")));"""


def labelled(html: str) -> Markup:
    """
    >>> labelled('<select name="_filter_op_2">')
    Markup('<select name="_filter_op_2" aria-label="Comparison of filter 2">')
    """

    def name(found: re.Match[str]) -> str:
        number = f" {found[2]}" if found[2] else " to add" if found[1] != "_sort" else ""
        return f'{found[0]} aria-label="{_NAMES[found[1]]}{number}"'

    # What Jinja hands over is Markup, which escapes what a template of `re` puts in.
    html = _COLUMNS.sub(
        r'<div class="bw-columns" tabindex="0" role="region" aria-label="Columns">\g<0></div>', str(html)
    )
    return Markup(_FIELD.sub(name, html))  # noqa: S704 - a page that Jinja has escaped already


def editor_script(datasette: Any, database: str | None, view_name: str) -> str | None:
    """None is no script: of an empty text Datasette makes an empty element."""
    has_editor = view_name in ("database", "query", "QueryView") and access.is_archive(datasette, database)
    return _EDITOR if has_editor else None
