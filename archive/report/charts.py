"""Charts of a crawl report, as SVG within the page. What they show stands in their titles too, for who does not see
it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from archive.report.counts import Counted
from archive.report.words import Words

#: rows
_MOST_BARS = 10
#: of a gauge, in units of its drawing
_WIDTH = 760
#: pixels: a row's height, of its name and the bar below it; the bar's own
_ROW, _BAR = 38, 14
#: percent of the width that the longest bar has; the rest is for its number
_LONGEST = 80


def gauge(share: float, said: str) -> str:
    width = round(max(0.0, min(1.0, share)) * _WIDTH)
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} 16" width="{_WIDTH}" height="16"><title>{escape(said)}</title>'
        f'<rect class="back" width="{_WIDTH}" height="16"/><rect width="{width}" height="16"/></svg>'
    )


def bars(rows: Sequence[Counted], words: Words, title: str) -> str:
    """Its text alternative is all that it shows. As wide as there is room, and its letters always as large."""
    shown = rows[:_MOST_BARS]
    most = max((row.captures for row in shown), default=0) or 1
    said = f"{title}: " + ", ".join(f"{row.name[:80]} {words.number(row.captures)}" for row in shown)
    height = _ROW * len(shown)
    made = [f'<svg role="img" class="bars" width="100%" height="{height}">']
    made.append(f"<title>{escape(said)}</title>")
    for at, row in enumerate(shown):
        width = round(max(0.3 if row.captures else 0, _LONGEST * row.captures / most), 1)
        name = row.name if len(row.name) <= 32 else f"{row.name[:31]}…"
        is_bad = row.name == "no answer" or (row.name.isdecimal() and len(row.name) == 3 and row.name >= "400")
        made.append(
            f'<text x="0" y="{at * _ROW + 14}">{escape(name)}</text>'
            f'<rect{" class=bad" if is_bad else ""} x="0" y="{at * _ROW + 19}" width="{width}%" height="{_BAR}"/>'
            f'<text x="{width}%" dx="6" y="{at * _ROW + 31}">{words.number(row.captures)}</text>'
        )
    return "".join([*made, "</svg>"])
