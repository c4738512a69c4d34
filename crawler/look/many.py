"""Many sites to add: a file of addresses, each looked at in a process of its own, and told on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import WrongUse
from crawler.look.add import complete_url
from crawler.look.begin import profile_of_look
from crawler.look.printable import printable
from crawler.outcome import DONE, INTERRUPTED, PROBLEMS
from crawler.together import run_together

_LARGEST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """*where* it stands, ``sites.txt line 3``; with *wrong* it is not looked at."""

    where: str
    text: str
    url: str = ""
    name: str = ""
    wrong: str | None = None


def read_lines(path: Path) -> list[Line]:
    """The addresses in a file. Raises WrongUse where it cannot be read, or holds none."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise WrongUse(f"{path}: larger than {_LARGEST_BYTES} bytes, not a list of sites")
        texts = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise WrongUse(f"{path} line {line}: not UTF-8") from error
    numbered = ((f"{path} line {number}", text) for number, text in enumerate(texts, 1))
    lines = _read(numbered)
    if not lines:
        raise WrongUse(f"{path}: holds no web address")
    return lines


def listed(urls: Iterable[str]) -> list[Line]:
    return _read((url, url) for url in urls)


def _read(numbered: Iterable[tuple[str, str]]) -> list[Line]:
    lines: list[Line] = []
    holders: dict[str, Line] = {}
    for where, text in numbered:
        words = f" {text}".partition(" #")[0].split()
        if not words:
            continue
        line = _line(where, words)
        if line.wrong is None:
            holder = holders.setdefault(line.name, line)
            if holder is not line:
                same = "the same site as" if holder.url == line.url else f"its name, {line.name}, is taken by"
                other = "" if holder.url == line.url else "; write another name behind the address"
                line = Line(where, line.text, wrong=f"{same} {holder.where}{other}")
        lines.append(line)
    return lines


def _line(where: str, words: Sequence[str]) -> Line:
    text = " ".join(words)
    if len(words) > 2:
        return Line(where, text, wrong="more than a web address and a name")
    try:
        url = complete_url(words[0])
        return Line(where, text, url, profile_of_look(url, words[1] if len(words) == 2 else None).name)
    except WrongUse as error:
        return Line(where, text, wrong=str(error))


def add_each(
    archive: Path,
    lines: Sequence[Line],
    options: Sequence[str],
    *,
    report: Callable[[dict[str, Any]], None],
    show: Callable[[str, bool], None],
) -> int:
    """Add every line that is right, several at once; the exit code. *show* is given each outcome as it comes, and
    whether it is fine; *report* the same as data."""
    failed = 0
    for line in lines:
        if line.wrong is not None:
            failed += 1
            show(f"{line.where}: {printable(line.text)}: not added: {printable(line.wrong, 600)}", False)
            report({"where": line.where, "asked": line.text, "outcome": "not added", "why": line.wrong})
    good = {line.name: line for line in lines if line.wrong is None}
    complaints: dict[str, list[str]] = {}

    def command(name: str) -> list[str]:
        own = ["--archive", str(archive), "--name", name, "--json", *options]
        return ["sites", "add", *own, "--", good[name].url]

    def ended(name: str, text: str) -> None:
        line = good[name]
        try:
            done = json.loads(text)
        except ValueError:
            told = [each.removeprefix("bewaar: ") for each in complaints.get(name, ()) if each.startswith("bewaar: ")]
            done = {"asked": line.url, "name": name, "outcome": "not added", "why": (told or ["cut short"])[-1]}
        show(f"{line.where}: {_in_a_line(done)}", done["outcome"] != "not added")
        report({"where": line.where, **done})

    codes = run_together(list(good), command, lambda name, line: complaints.setdefault(name, []).append(line), ended)
    if INTERRUPTED in codes:
        return INTERRUPTED
    return PROBLEMS if failed or any(codes) else DONE


def _in_a_line(done: dict[str, Any]) -> str:
    asked, seen, guess = printable(done["asked"]), done.get("seen") or {}, done.get("guess") or {}
    if done["outcome"] == "there":
        return f"{asked}: {done['path']} is there already"
    if done["outcome"] == "not added":
        return f"{asked}: not added: {printable(done['why'], 600)}"
    told = [printable((seen.get("home") or {}).get("title"), 80), printable(seen.get("cms"), 40)]
    least = "" if guess.get("from_sitemaps") else "at least "
    told.append(f"{least}{guess.get('pages')} pages")
    how = f"would be {done['path']}" if done["outcome"] == "proposed" else str(done["path"])
    why = f"; {printable(done['why'], 300)}" if done.get("why") else ""
    return f"{asked}: {how} ({', '.join(part for part in told if part)}{why})"
