"""Charts of a crawl report, as SVG within the page. What they show stands in their titles too, for who does not see
it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from archive.report.crawl import Counted
from archive.report.words import Words

#: rows
_MOST_BARS = 10
#: units of the drawing: a row's height, the room for its name, the whole width, the room for its number
_BAR, _LABEL, _WIDTH, _ROOM = 22, 240, 760, 90


def gauge(share: float, said: str) -> str:
    width = round(max(0.0, min(1.0, share)) * _WIDTH)
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} 16" width="{_WIDTH}" height="16"><title>{escape(said)}</title>'
        f'<rect class="back" width="{_WIDTH}" height="16"/><rect width="{width}" height="16"/></svg>'
    )


def bars(rows: Sequence[Counted], words: Words, title: str) -> str:
    """Its text alternative is all that it shows."""
    shown = rows[:_MOST_BARS]
    most = max((row.captures for row in shown), default=0) or 1
    said = f"{title}: " + ", ".join(f"{row.name[:80]} {words.number(row.captures)}" for row in shown)
    height = _BAR * len(shown)
    made = [f'<svg role="img" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">']
    made.append(f"<title>{escape(said)}</title>")
    for at, row in enumerate(shown):
        width = max(1 if row.captures else 0, round((_WIDTH - _LABEL - _ROOM) * row.captures / most))
        name = row.name if len(row.name) <= 32 else f"{row.name[:31]}…"
        is_bad = row.name == "no answer" or (row.name.isdecimal() and len(row.name) == 3 and row.name >= "400")
        made.append(
            f'<text x="0" y="{at * _BAR + 15}">{escape(name)}</text>'
            f'<rect{" class=bad" if is_bad else ""} x="{_LABEL}" y="{at * _BAR + 3}" width="{width}"'
            f' height="{_BAR - 6}"/>'
            f'<text x="{_LABEL + width + 6}" y="{at * _BAR + 15}">{words.number(row.captures)}</text>'
        )
    return "".join([*made, "</svg>"])
