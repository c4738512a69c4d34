"""TOML files that people write (``bewaar.toml``, site profiles): read, validated, faulted by file, line and key.

In no room of its own: `archive.layout` and `crawler.sites` both read such files, and must complain alike.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from archive.errors import WrongUse

Model = TypeVar("Model", bound=BaseModel)

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
#: A configuration file larger than this is not one.
_LARGEST_BYTES = 4 << 20


def read_toml(path: Path, error: type[WrongUse]) -> tuple[dict[str, Any], str]:
    """The tables of *path* and its text. Raises *error*, naming file and line, for what is not readable TOML."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise error(f"{path}: larger than {_LARGEST_BYTES} bytes, not a configuration file")
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text), text
    except OSError as fault:
        raise error(f"{path}: {fault.strerror or fault}") from fault
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise error(f"{path} line {line}: not UTF-8") from fault
    except tomllib.TOMLDecodeError as fault:
        what, _, at = str(fault).partition(" (at ")
        stands = re.match(r"line (\d+)", at)
        # Without a line it is the end of the file, where something is missing.
        where = f" line {stands[1]}" if stands else f" line {text.count(chr(10)) + 1}"
        raise error(f"{path}{where}: not TOML: {what}") from fault
    except RecursionError as fault:
        raise error(f"{path}: nested too deeply") from fault


def validate(model: type[Model], data: Mapping[str, Any], *, source: str, text: str, error: type[WrongUse]) -> Model:
    """*data* as a *model*. Raises *error* with one line for the first thing wrong and how many more there are.

    *source* names the file, *text* is what was read from it: keys are found again there for their line numbers.
    """
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_context=False)
        # A misspelt key is told before the key that is missing for it.
        first = min(errors, key=lambda found: found["type"] != "extra_forbidden")
        location = first["loc"]
        key = ".".join(str(part) for part in location) or "the file"
        what = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            what = "no such key" + did_you_mean(str(location[-1]), _keys_beside(model, location))
        line = line_of(text, location)
        where = f" line {line}" if line else ""
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise error(f"{source}{where}: {key}: {what}{more}") from fault


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A remark to append to a complaint about *word*; empty when nothing known is like it.

    >>> did_you_mean("seed", ["seeds", "hosts"])
    '; did you mean seeds?'
    >>> did_you_mean("x", ["seeds"])
    ''
    """
    close = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    r"""The 1-based line where the key at *location* stands in a TOML text, or its nearest table; None without either.

    A reading by lines: a key inside a multi-line array of inline tables is found at the line where the array begins.

    >>> line_of('name = "a"\n[[page_key]]\npattern = "("', ("page_key", 0, "pattern"))
    3
    """
    wanted = tuple(location)
    best: tuple[int, int | None] = (0, None)
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            path: tuple[str | int, ...] = _parts(header[2])
            if header[1] == "[[":
                index = counts[path] = counts.get(path, -1) + 1
                path = (*path, index)
            table = found = path
        elif key := _KEY.match(line):
            found = (*table, *_parts(key["key"]))
        else:
            continue
        if found == wanted[: len(found)] and len(found) > best[0]:
            best = (len(found), number)
    return best[1]


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _keys_beside(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that could have stood at *location*: those of the innermost model on the way there."""
    current = model
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        field = next((f for name, f in current.model_fields.items() if part in {name, f.alias}), None)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return []
        current = inner
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_in(argument):
            return found
    return None
