"""What came of a recovery, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archive.counted import counted
from crawler.memento.recovery import RecoveryOutcome

_COLUMNS = ("url", "at", "status", "mime", "digest", "state")


def lines_of(outcome: RecoveryOutcome, source: str, *, scope_given: bool) -> Iterator[str]:
    if outcome.no_archive:
        return
    parts = [f"{counted(capture=outcome.found)} listed", f"{outcome.recovered} recovered"]
    if outcome.revisits:
        parts[-1] += f" ({outcome.revisits} the same as before)"
    said = {
        "had before": outcome.known,
        "left out, their digest is there": outcome.collapsed,
        "refused": outcome.refused,
        "of which the index says another digest": outcome.differing,
        "still to be had": outcome.left,
    }
    parts += [f"{count} {what}" for what, count in said.items() if count]
    how = f"; {outcome.status}" if outcome.status != "finished" else ""
    yield f"{source}: {', '.join(parts)}{how}"
    if not outcome.found and outcome.status == "finished":
        yield "the archive lists no capture of that" + (
            "" if scope_given else "; --scope host asks for all of its host"
        )
    for why, count in outcome.unasked.items():
        yield f"not asked for: {count} listed: {why}, such as {outcome.examples[why][0]}"


def listing_of(captures: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(_COLUMNS, capture, strict=True)) for capture in captures]
