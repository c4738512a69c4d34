"""Texts out of an archive that a spreadsheet would run as formulas."""

from __future__ import annotations

import re
from typing import Any

ESCAPING = (
    "A text that a spreadsheet would take for a formula, because it begins with =, +, -, @ (also in full width), a tab "
    "or a line end, has an apostrophe before it; so has one that begins with apostrophes and then one of these. Take "
    "one apostrophe away where one of these follows the first apostrophes, and the text is as it was."
)

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def escape(cell: Any) -> Any:
    """*cell* as a spreadsheet may see it; numbers are left alone.

    >>> escape("=1+1"), escape("'=1"), escape("it's"), escape(-1)
    ("'=1+1", "''=1", "it's", -1)
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    """What `escape` was given.

    >>> unescape("'=1+1"), unescape("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
