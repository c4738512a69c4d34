"""The words of a crawl report, in English and Dutch: they stand in ``words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Language = Literal["en", "nl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def _texts(language: Language) -> Mapping[str, Mapping[str, str]]:
    """By kind (label, finding, step, why, status, drift, drifted, role), by name."""
    told = tomllib.loads(files("archive.report").joinpath("words.toml").read_text(encoding="utf-8"))
    return {kind: by_language[language] for kind, by_language in told.items()}


class Words:
    def __init__(self, language: Language = "en") -> None:
        self.language = language
        self._texts = _texts(language)

    def __call__(self, label: str, *said: object) -> str:
        return _ended_once(_filled(self._texts["label"][label], said))

    def finding(self, name: str, said: Sequence[object]) -> str:
        """
        >>> Words("nl").finding("drift", (1, "home", "section vanished"))
        'De site wordt niet meer gelezen zoals voorheen (1 plaats): eerst pagina home, een lijst is verdwenen.'
        """
        at = {"drift": 2, "short": 2}.get(name)
        told = [self.say(str(one)) if n == at else one for n, one in enumerate(said)]
        return _ended_once(_filled(self._texts["finding"][name], told))

    def say(self, name: str) -> str:
        """A role or a kind of drift, as the database has it; another word as it is."""
        return self._texts["drift"].get(name) or self._texts["role"].get(name, name)

    def drifted(self, name: str, *said: object) -> str:
        """Of a drift, one part of its line."""
        return _filled(self._texts["drifted"][name], said)

    def step(self, name: str) -> str:
        return self._texts["step"][name]

    def why(self, kind: str, detail: str) -> str:
        return self._texts["why"][kind].format(detail)

    def status(self, status: str) -> str:
        return self._texts["status"][status]

    def number(self, value: int) -> str:
        """Thousands apart, as the language writes them.

        >>> Words("nl").number(12345), Words("en").number(12345)
        ('12.345', '12,345')
        """
        text = f"{value:,}"
        return text.replace(",", ".") if self.language == "nl" else text

    def percent(self, share: float) -> str:
        """Never 100 % of what is not whole.

        >>> Words().percent(0.9999), Words("nl").percent(0.5), Words().percent(1.0)
        ('99.9 %', '50,0 %', '100 %')
        """
        if share == 1.0:
            return "100 %"
        text = f"{int(share * 1000) / 10:.1f} %"
        return text.replace(".", ",") if self.language == "nl" else text

    def size(self, value: int) -> str:
        """
        >>> Words().size(1234567), Words().size(12)
        ('1.2 MB', '12 B')
        """
        if value < 1000:
            return f"{value} B"
        scaled, unit = float(value), "B"
        for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007 - the last one holds
            scaled /= 1000
            if scaled < 1000:
                break
        text = f"{scaled:.1f} {unit}"
        return text.replace(".", ",") if self.language == "nl" else text


class _Said(str):
    """What is filled in, and in place of ``{0:one|more}`` the word that goes with it."""

    __slots__ = ()

    def __format__(self, asked: str) -> str:
        one, apart, more = asked.partition("|")
        if not apart:
            return super().__format__(asked)
        return one if self == "1" else more


def _filled(text: str, said: Sequence[object]) -> str:
    return text.format(*(_Said(one) for one in said))


def _ended_once(text: str) -> str:
    """What is quoted at the end of a sentence may be one itself.

    >>> Words("en").finding("seed", ("http://x.test/", "refused: 111: Connection refused."))
    'Seed http://x.test/: refused: 111: Connection refused.'
    """
    return text[:-1] if text.endswith("..") and not text.endswith("...") else text
