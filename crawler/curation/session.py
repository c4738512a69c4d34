"""The review queue, one question at a time, for a person at a terminal who need not know how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archive.counted import counted
from archive.store.review import Item
from archive.store.subjects import fold
from crawler.curation.decide import QUICK_S, Curator
from crawler.curation.terminal import printable

Ask = Callable[[str], str]
#: action, scope and value
Decision = tuple[str, str | dict[str, str], str | dict[str, Any]]
Say = Callable[[str], None]

#: what the answers mean, by kind of question
_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "unnamed logo": {"y": "it is one, and nobody knows whose", "n": "it is none", "e": "say whose it is"},
    "compound": {"y": "one organisation", "n": "none at all", "e": "take it apart"},
    "candidate": {"y": "right", "n": "wrong", "e": "right, put otherwise"},
    "low confidence": {"y": "right", "n": "wrong", "e": "right, put otherwise"},
    "alias": {"y": "one organisation", "n": "two organisations", "e": "one, and I choose the name"},
}
_OTHERWISE = {"y": "yes", "n": "no", "e": "edit"}
_WORDS = {"yes": "y", "no": "n", "edit": "e", "skip": "s", "quit": "q"}


@dataclass(slots=True)
class Answered:
    decided: int = 0
    skipped: int = 0
    left: int = 0
    interrupted: bool = False


def review(curator: Curator, *, ask: Ask, say: Say, why: str | None) -> Answered:
    """Go through the queue until it is empty or the person has had enough. *ask* raises EOFError or KeyboardInterrupt
    where nothing more comes; what was decided by then is kept and derived.

    *why* stands with every decision; without it each is asked for.
    """
    done = Answered()
    seen: set[tuple[str | None, ...]] = set()
    postponed = False
    try:
        while True:
            queue = [item for item in curator.queue() if item.key not in seen]
            done.left = len(queue)
            if not queue:
                return done
            item = queue[0]
            seen.add(item.key)
            say("")
            for line in describe(item, number=done.decided + done.skipped + 1, left=len(queue)):
                say(line)
            decision = _answer(item, ask, say)
            if decision is None:
                return done
            if not decision:
                done.skipped += 1
                continue
            action, scope, value = decision
            reason = why if why is not None else ask("why (Enter for none)").strip()
            derives = curator.took_s <= QUICK_S
            postponed = True
            kept = curator.decide(action, scope, value, why=reason, derive=derives)["id"][:8]
            postponed = not derives
            done.decided += 1
            done.left -= 1
            say(f"  kept as decision {kept}; `bewaar curate undo {kept}` takes it back")
    except EOFError:
        return done
    except KeyboardInterrupt:
        done.interrupted = True
        return done
    finally:
        if postponed:
            curator.derive()


def describe(item: Item, *, number: int, left: int) -> list[str]:
    """The question in words. All that came off a page is shown without what a terminal would take for commands."""
    ahead = f"{number}. {item.kind}" + (f", {item.role} at {item.site_id}" if item.site_id else "")
    lines = [f"{ahead}   ({left} to go)"]
    if item.kind == "alias":
        alike = fold(item.organisation or "") == fold(item.other_organisation or "")
        one_key, other_key = (f" ({printable(key)})" if alike else "" for key in (item.organisation_id, item.other_id))
        lines += [
            f"  {_name(item.organisation, item.what)}{one_key}   listed {_times(item.sightings)}",
            f"  {_name(item.other_organisation, item.other)}{other_key}   listed {_times(item.other_sightings)}",
            f"  {item.why}" + (f", {item.confidence:.0%}" if item.confidence else ""),
        ]
        lines += [f"  the first {_where(item.url, item.captured_at)}"] if item.url else []
        lines += [f"  the second {_where(item.other_url, item.other_captured_at)}"] if item.other_url else []
        return lines
    as_it_stands = f", which stands there as {_quoted(item.raw)}" if item.raw not in (None, item.what) else ""
    seen = f"in {_captures(item.sightings)} of {_pages(item.pages)}"
    lines.append(f"  {_quoted(item.what)}{as_it_stands}")
    lines.append(f"  {item.why}" + (f"; confidence {item.confidence:.2f}" if item.confidence is not None else ""))
    if item.quote and item.quote not in (item.raw, item.what):
        lines.append(f"  quote: {_quoted(item.quote)}")
    return [*lines, f"  {seen}, {_where(item.url, item.captured_at)}"]


def _answer(item: Item, ask: Ask, say: Say) -> Decision | tuple[()] | None:
    """What was decided: nothing to pass on to the next one, None to stop."""
    means = _ANSWERS.get(item.kind, _OTHERWISE)
    question = "  " + "  ".join(f"[{key}] {said}" for key, said in means.items()) + "  [s] skip  [q] quit"
    while True:
        said = ask(question).strip().casefold()
        said = _WORDS.get(said, said)
        if said == "q":
            return None
        if said in {"s", ""}:
            return ()
        if said not in means:
            say("  y, n, e, s or q")
            continue
        if item.kind == "alias":
            found: Decision | None = _names(item, said, ask)
        else:
            effect = {"y": {"confirm": True}, "n": {"reject": True}}.get(said) or _edited(item, ask, say)
            scope = {"site": item.site_id or "", "role": item.role or "", "raw": item.raw or ""}
            found = ("override", scope, effect) if effect else None
        if found is not None:
            return found


def _names(item: Item, said: str, ask: Ask) -> Decision | None:
    one, other = item.organisation or item.what, item.other_organisation or item.other or ""
    if fold(one) == fold(other):
        # Two organisations by one name, such as ministries whose logos differ by a digit: their keys tell them apart.
        one, other = item.organisation_id or one, item.other_id or other
    if said == "n":
        return "distinct", one, other
    # The name that is listed more often is kept.
    if (item.sightings or 0) > (item.other_sightings or 0):
        one, other = other, one
    if said == "y":
        return "alias", one, other
    choice = ask(f"  1 for {printable(one)}, 2 for {printable(other)} (Enter: go back)").strip()
    return {"1": ("alias", other, one), "2": ("alias", one, other)}.get(choice)


def _edited(item: Item, ask: Ask, say: Say) -> dict[str, Any] | None:
    if item.kind == "unnamed logo":
        name = ask("  whose logo is it? (Enter: go back)").strip()
        return {"name": name} if name else None
    if item.kind == "compound":
        guess = "; ".join(part.strip() for part in (item.raw or "").split("/") if part.strip())
        said = ask(f"  the names, with ; between them, such as {printable(guess)}").split(";")
        names = [name.strip() for name in said if name.strip()]
        if len({fold(name) for name in names}) < max(2, len(names)):
            say("  two names or more are needed, and each once")
            return None
        return {"split": names}
    value = ask(f"  what should it be, in place of {_quoted(item.what)}? (Enter: go back)").strip()
    return {"correct": {"value": value}} if value else None


def _quoted(text: str | None) -> str:
    return f"“{printable(text)}”"


def _name(name: str | None, met_as: str | None) -> str:
    return _quoted(name or met_as) + (f", also {_quoted(met_as)}" if name and met_as and met_as != name else "")


def _where(url: str | None, at: str | None) -> str:
    return f"last seen {(at or '')[:10]} on {printable(url)}"


def _times(number: int | None) -> str:
    return "nowhere by itself" if not number else "once" if number == 1 else f"{number} times"


def _captures(number: int | None) -> str:
    return counted(capture=number or 0)


def _pages(number: int | None) -> str:
    return counted(page=number or 0)
