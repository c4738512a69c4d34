"""What is wrong with a value in a configuration file, in words for people who do not program: what it must be, and what
it is. The values themselves are shown only where they cannot be secrets."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

_LONGEST = 80
_TEXT, _LIST, _TABLE = "text in quotes", 'a list in square brackets, such as ["abc"]', "a table, such as { key = ... }"
_WHOLE, _NUMBER, _SWITCH = "a whole number, such as 10", "a number, such as 1.5", "true or false, without quotes"

#: by pydantic's name of the error: what the value must be
_MUST_BE: Mapping[str, str] = {
    "string_type": _TEXT,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "a number, neither inf nor nan",
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
}
#: by pydantic's name of the error: how the value stands to its bound, and under which name the context has that
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
#: the first that fits; true is a number to Python, and a moment a day
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number with a point"),
    (list, "a list"),
    (dict, "a table"),
    (datetime, "a date"),
    (date, "a date"),
    (time, "a time of day"),
)


def what_is_wrong(error: Mapping[str, Any], *, allowed: Sequence[Any] = ()) -> str:
    """*error* is one of pydantic's; *allowed* what a value that must be one of several may be.

    >>> what_is_wrong({"type": "int_type", "input": "ten", "msg": ""})
    'must be a whole number, such as 10; it is text'
    >>> what_is_wrong({"type": "greater_than_equal", "input": -1, "ctx": {"ge": 0}, "msg": ""})
    'must be at least 0; it is -1'
    """
    kind, given, context = str(error["type"]), error.get("input"), error.get("ctx") or {}
    if kind == "literal_error":
        said = _one_of([f'"{value}"' if isinstance(value, str) else str(value) for value in allowed])
        if not isinstance(given, str):
            return f"must be {said}; it is {kind_of(given)}"
        return f'must be {said}; it is "{_cut(given)}"{did_you_mean(given, [str(value) for value in allowed])}'
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        bound = context.get(name)
        return f"must be {words} {f'{bound:g}' if isinstance(bound, float) else bound}; it is {given}"
    if kind in _MUST_BE:
        return f"must be {_MUST_BE[kind]}; it is {kind_of(given)}"
    plain = _OTHERS.get(kind)
    return plain(context) if plain else str(error["msg"]).removeprefix("Value error, ")


def kind_of(value: Any) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "something else")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A remark to append to a complaint about *word*; empty when nothing known is like it.

    >>> did_you_mean("seed", ["seeds", "hosts"])
    '; did you mean seeds?'
    >>> did_you_mean("NPLL", ["NPL"])
    '; did you mean NPL?'
    >>> did_you_mean("x", ["seeds"])
    ''
    """
    spelled = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word[:100].lower(), spelled, n=1, cutoff=0.6)
    return f"; did you mean {spelled[close[0]]}?" if close else ""


def _one_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _cut(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _least(context: Mapping[str, Any]) -> str:
    count = context.get("min_length", 1)
    return f"must hold at least {count}; it is {'empty' if not context.get('actual_length') else 'shorter'}"


def _most(context: Mapping[str, Any]) -> str:
    return f"must hold at most {context.get('max_length')}"


_OTHERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "too_short": _least,
    "too_long": _most,
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda context: f"must be at most {context.get('max_length')} characters",
    "string_pattern_mismatch": lambda _: "holds characters that cannot stand here, such as quotes or line breaks",
}
