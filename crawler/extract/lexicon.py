"""The languages' files as tables, and what the words in them are compiled to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import Any

from crawler.extract.literals import quickened

Pattern = re.Pattern[str]
Table = Mapping[str, Any]

NEVER = re.compile(r"(?!)")
#: in the files: a capital letter or a digit, with which a name begins
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞŠŒŽ0-9«„“\"'])"
#: "l'Union", typed or typeset
_APOSTROPHE = re.compile(r"\b([dlnj]|qu)'")
#: what an unknown language is read as: the site we began with is Dutch
_FIRST = "nl"


class Lexicon:
    """What the files of a folder hold, one to a language: ``nl.toml``. Each may lack whatever it has no words for."""

    def __init__(self, folder: Traversable) -> None:
        found = {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}
        codes = sorted(found, key=lambda code: (code != _FIRST, code))
        self.tables: Mapping[str, Table] = {code: tomllib.loads(found[code].read_text("utf-8")) for code in codes}

    def every(self, section: str, key: str) -> list[str]:
        """The words of all languages, each once."""
        return list(dict.fromkeys(word for table in self.tables.values() for word in words(table, section, key)))

    def tables_of(self, section: str, key: str) -> list[Table]:
        """Those in the lists of all languages."""
        return [each for table in self.tables.values() for each in table.get(section, {}).get(key, ())]

    def either(self, section: str, key: str) -> str:
        """The same as alternatives of a pattern."""
        return "|".join(self.every(section, key)) or "(?!)"

    def having(self, key: str) -> Iterator[str]:
        """The sections that have such a key in some language."""
        return iter(dict.fromkeys(name for table in self.tables.values() for name in table if key in table[name]))


def words(table: Table, section: str, key: str) -> Sequence[str]:
    found: Sequence[str] = table.get(section, {}).get(key, ())
    return found


def longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def compiled(words: Sequence[str], *, whole: bool = False, self_names: str = "") -> Pattern:
    if not words:
        return NEVER
    alternatives = spelt_out(words, self_names)
    return re.compile(rf"^(?:{alternatives})$", re.IGNORECASE) if whole else quickened(alternatives)


def spelt_out(words: Sequence[str], self_names: str = "") -> str:
    """The alternatives of a pattern, with what the files write short."""
    alternatives = "|".join(f"(?:{word})" for word in words).replace(r"\self", f"(?:{self_names})")
    return _APOSTROPHE.sub(r"\1['’]", alternatives).replace(r"\p", _CAPITAL)


def whole_words(words: Sequence[str]) -> Pattern:
    return compiled([rf"(?<!\w)(?:{word})(?!\w)" for word in words])
