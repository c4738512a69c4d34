"""What templates speak the visitor's language by: Jinja's translations, and filters for words, days and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context

from archive.browse import figures, language, vocabulary


def install(env: Any) -> None:
    """Into Jinja's environment: ``{% trans %}`` and ``_()``, whose result is filled in and escaped by Jinja."""
    env.policies["ext.i18n.trimmed"] = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)
    env.globals["bewaar_language"] = language.current
    env.globals["bewaar_in_other_languages"] = language.in_other_languages
    filters: Mapping[str, Callable[[Any], str]] = {
        "bewaar_said": vocabulary.say,
        "bewaar_day": figures.day,
        "bewaar_moment": figures.moment,
        "bewaar_number": figures.number,
        "bewaar_size": figures.size,
    }
    for name, filter_ in filters.items():
        env.filters[name] = _at_each_visit(filter_)


def _at_each_visit(filter_: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    """Jinja works out a filter of a constant once and for all, in the language of whoever comes first."""

    @pass_context
    def filtered(_context: Any, value: Any) -> str:
        return filter_(value)

    return filtered
