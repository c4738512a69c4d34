"""Which URLs are the same page, as a profile says: each page has a key, and what no rule matches has its urlkey."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from archive.configuration import Table
from archive.urls import urlkey
from crawler.sites.fields import Regex


class PageKeyRule(Table):
    """Which URLs are the same page. The first rule that matches names it."""

    #: over the host name (re.search); any host without it
    host: Regex | None = None
    #: over path and query (re.search), with named groups
    pattern: Annotated[Regex, Field(examples=[r"'^/p/(?P<page>\d+)/'"])]
    #: the page key, with the groups' names in braces
    key: Annotated[str, Field(min_length=1, examples=['"example:{page}"'])]

    @model_validator(mode="after")
    def _key_uses_groups(self) -> PageKeyRule:
        groups = re.compile(self.pattern).groupindex
        try:
            fields = [field[1:] for field in Formatter().parse(self.key) if field[1] is not None]
        except ValueError as fault:
            raise ValueError(f"key {self.key!r}: {fault}") from fault
        for name, form, conversion in fields:
            if name not in groups or form or conversion:
                raise ValueError(f"key uses {{{name}}}, which no group of the pattern is called")
        return self


class PageKeys:
    """The rules of a profile, in their order."""

    def __init__(self, rules: Iterable[PageKeyRule]) -> None:
        self._rules = [
            (re.compile(rule.host, re.IGNORECASE).search if rule.host else None, re.compile(rule.pattern), rule.key)
            for rule in rules
        ]

    def key_of(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return urlkey(url)
        for host_matches, pattern, key in self._rules:
            if host_matches is None or host_matches(host):
                found = pattern.search(f"{parts.path}?{parts.query}" if parts.query else parts.path)
                if found:
                    return key.format_map({name: value or "" for name, value in found.groupdict().items()})
        return urlkey(url)
