"""What is withheld or was erased, asked for by its address: 451 (RFC 7725), and the category of why; never what it is.

Erased is 451 too, not 410: it is gone on an order, and whoever asks is told so, as of what is only hidden.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from archive.browse import access, grounds
from archive.browse.figures import day
from archive.browse.language import gettext
from archive.browse.nearest import moment, spellings
from archive.errors import BewaarError
from archive.reasons import REASONS
from archive.store.rules import Rule, reason_of

STATUS = 451

_ROW = re.compile(r"/(?P<database>[^/]+)/(?P<table>capture|resource)/(?P<row>\d{1,19})(?:\.[a-z]+)?")


class Withheld(Exception):
    @staticmethod
    def title() -> str:
        return gettext("Withheld")


class Erased(Withheld):
    @staticmethod
    def title() -> str:
        return gettext("Erased")


def explain(rules: list[Rule]) -> str:
    """What a visitor is told of what *rules* withhold; nothing of it itself, nor who asked."""
    takedown = any(rule.action == "takedown" for rule in rules)
    reason = next((gettext(REASONS[rule.reason]) for rule in rules if rule.reason), "")
    said = (
        gettext("What was captured here is not shown")
        if takedown
        else gettext("What was captured here is not shown yet")
    )
    ends = [rule.ends for rule in rules]
    until = ""
    if not takedown and all(ends):
        until = " " + gettext("It will be from %(day)s on.") % {"day": day(max(filter(None, ends)))}
    return f"{said}{f', {reason}' if reason else ''}.{until}"


async def check_record(datasette: Any, name: str, record_id: str) -> None:
    """Of a record that is not served. Raises Withheld, or Erased."""
    publication = access.publication_of(datasette, name)
    if publication is None:
        return
    if publication.rules:
        _raise(await asyncio.to_thread(grounds.rules_for_record, publication, record_id))
    _raise_erased(await asyncio.to_thread(grounds.erased_record, publication, record_id))


async def check_erased(datasette: Any, name: str, url: str) -> None:
    """Of an address of which no capture is served. Raises Erased."""
    publication = access.publication_of(datasette, name)
    if publication:
        _raise_erased(await asyncio.to_thread(grounds.erased_url, publication, spellings(url)))


async def check_row(datasette: Any, name: str, table: str, row: int) -> None:
    publication = access.publication_of(datasette, name)
    if publication and publication.rules:
        _raise(await asyncio.to_thread(grounds.rules_for_row, publication, table, row))


def check_url(datasette: Any, name: str, url: str, digits: str) -> None:
    """Of an address at a time, whether or not it was ever captured. Raises Withheld."""
    publication = access.publication_of(datasette, name)
    if publication:
        urls = spellings(url)
        _raise(grounds.rules_for(publication, urls) or grounds.rules_for(publication, urls, moment(digits)))


async def of_missing_row(datasette: Any, request: Any) -> str | None:
    """What to say of a table's row that Datasette did not find; None where nobody withholds it."""
    found = _ROW.fullmatch(request.path.removeprefix(datasette.setting("base_url").rstrip("/")))
    name = next((key for key, value in datasette.databases.items() if found and value.route == found["database"]), None)
    if found is None or name is None or not await access.may_view(datasette, request.actor, name, found["table"]):
        return None
    try:
        await check_row(datasette, name, found["table"], int(found["row"]))
    except Withheld as withheld:
        return str(withheld)
    except BewaarError:
        return None
    return None


def _raise(rules: list[Rule]) -> None:
    if rules:
        raise Withheld(explain(rules))


def _raise_erased(found: tuple[str, str] | None) -> None:
    if found:
        at, reason = found
        category = gettext(REASONS.get(reason_of(reason) or "", ""))
        said = gettext("What was captured here was erased on %(day)s") % {"day": day(at)}
        raise Erased(f"{said}{f', {category}' if category else ''}.")
