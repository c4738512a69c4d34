"""TOML files that people write (``bewaar.toml``, site profiles): read, validated, faulted by file, line and key.

In no room of its own: `archive.layout` and `crawler.sites` both read such files, and must complain alike.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from archive.errors import WrongUse
from archive.slips import what_was_meant
from archive.wording import did_you_mean, what_is_wrong

__all__ = ["Table", "did_you_mean", "line_of", "read_toml", "validate"]

Model = TypeVar("Model", bound=BaseModel)

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
#: A configuration file larger than this is not one.
_LARGEST_BYTES = 4 << 20
#: so many keys are named to somebody who gave another
_FEW_KEYS = 12


class Table(BaseModel):
    """A table of such a file, which holds no key but its own: one with a slip in it would count for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
        lines = text.rstrip().split("\n")
        number = int(stands[1]) if stands else len(lines)
        meant = what_was_meant(what, lines[number - 1] if number <= len(lines) else "")
        raise error(f"{path} line {number}: not TOML: {what}{f'; {meant}' if meant else ''}") from fault
    except RecursionError as fault:
        raise error(f"{path}: nested too deeply") from fault


def validate(model: type[Model], data: Mapping[str, Any], *, source: str, text: str, error: type[WrongUse]) -> Model:
    """*data* as a *model*. Raises *error* with one line for the first thing wrong and how many more there are; its
    `faults` has a line for each.

    *source* names the file, *text* is what was read from it: keys are found again there for their line numbers.
    """
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        # A misspelt key is told before the key that is missing for it.
        errors = sorted(fault.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden")
        faults = tuple(dict.fromkeys(_complaints(model, errors, source, text)))
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raised = error(f"{faults[0]}{more}")
        raised.faults = faults
        raise raised from fault


def _complaints(model: type[BaseModel], errors: Sequence[Any], source: str, text: str) -> Iterator[str]:
    for error in errors:
        location = error["loc"]
        key = ".".join(str(part) for part in location) or "the file"
        if error["type"] == "extra_forbidden":
            what = f"no such key{_meant(model, location)}"
        elif error["type"] == "missing":
            what = f"is missing{_for_example(_field_at(model, location), str(location[-1]))}"
        else:
            field = _field_at(model, location)
            what = what_is_wrong(error, allowed=get_args(field.annotation) if field else ())
        line = _line_of_value(text, location, error.get("input"))
        yield f"{source}{f' line {line}' if line else ''}: {key}: {what}"


def _meant(model: type[BaseModel], location: Sequence[str | int]) -> str:
    """The key that a misspelt one is like, or is called by others; all there are where they are few."""
    owner, word = _model_at(model, location[:-1]), str(location[-1])
    if owner is None:
        return ""
    keys = [field.alias or name for name, field in owner.model_fields.items()]
    called: Mapping[str, str] = getattr(owner, "called_elsewhere", {})
    if key := called.get(word.lower().replace("-", "_")):
        return f"; did you mean {key}?"
    return did_you_mean(word, keys) or (f"; there are: {', '.join(keys)}" if len(keys) <= _FEW_KEYS else "")


def _for_example(field: FieldInfo | None, key: str) -> str:
    examples = field.examples if field else None
    return f", and needed, as in: {key} = {examples[0]}" if examples else ", and needed"


def _line_of_value(text: str, location: Sequence[str | int], given: Any) -> int | None:
    """Where *given* stands, when it is a text in a list of several lines; else as `line_of`."""
    line = line_of(text, location)
    if line is None or not isinstance(given, str) or not isinstance(location[-1], int):
        return line
    for number, each in enumerate(text.splitlines()[line - 1 :], line):
        if f'"{given}"' in each or f"'{given}'" in each:
            return number
        if number > line and (_KEY.match(each) or _TABLE.match(each)):
            break
    return line


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


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    """The model whose keys stand at *location*."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or current is None:
            continue
        field = _field_named(current, part)
        current = _model_in(field.annotation) if field else current
    return current


def _field_at(model: type[BaseModel], location: Sequence[str | int]) -> FieldInfo | None:
    keys = [part for part in location if isinstance(part, str)]
    owner = _model_at(model, keys[:-1])
    return _field_named(owner, keys[-1]) if owner and keys else None


def _field_named(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in {name, field.alias}), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_in(argument):
            return found
    return None
