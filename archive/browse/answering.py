"""How a view of the archive answers: with its page, or with one that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datasette.utils.asgi import NotFound, Response

from archive.browse import access, records, withheld
from archive.browse.language import gettext
from archive.browse.pages import notice
from archive.browse.sanitiser import CostsTooMuch
from archive.errors import Damaged, TooLarge

#: of an answer to a program that says why there is none
REFUSED = {"X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
#: how the addresses end at which programs ask
_FOR_JSON, _FOR_TEXT = ("/-/changes.json", "/-/search.json"), ("/-/changes.atom", "/-/cdx")


class Refusal(Exception):
    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(text)
        self.status, self.title, self.text = status, title, text


#: datasette, request, status, title, text
Telling = Callable[[Any, Any, int, str, str], Any]


def answering(view: Callable[..., Any], tell: Telling | None = None) -> Callable[..., Any]:
    """What cannot be shown becomes a page that says why, in place of an error; or what *tell* makes of it, where only
    programs ask."""

    async def answered(datasette: Any, request: Any) -> Any:
        spoken = None
        try:
            return await _viewed(view, datasette, request)
        except Refusal as refusal:
            answer = (refusal.status, refusal.title, refusal.text)
        except withheld.Withheld as refusal:
            answer = (withheld.STATUS, refusal.title(), str(refusal))
        except NotFound as error:
            answer = (404, gettext("Not in this archive"), str(error))
        except records.NotHere as error:
            answer, spoken = (404, gettext("The bytes are not here"), str(error)), "en"
        except (TooLarge, CostsTooMuch) as error:
            answer, spoken = (413, gettext("Too large to show here"), str(error)), "en"
        except Damaged as error:
            answer, spoken = (502, gettext("The record is not what it should be"), str(error)), "en"
        told = tell(datasette, request, *answer) if tell else _told(request, *answer)
        return told or await notice(datasette, request, *answer, spoken=spoken)

    return answered


async def _viewed(view: Callable[..., Any], datasette: Any, request: Any) -> Any:
    """What is served may be exchanged between the look for a row and the one for the rule that withholds it."""
    before = access.served(datasette)
    try:
        return await view(datasette, request)
    except NotFound:
        if access.served(datasette) == before:
            raise
        return await view(datasette, request)


def _told(request: Any, status: int, title: str, text: str) -> Any:
    """The same for a program; None where people ask."""
    if request.path.endswith(_FOR_JSON):
        told = {"ok": False, "error": text, "status": status, "title": title}
        return Response.json(told, status=status, headers=REFUSED)
    if request.path.endswith(_FOR_TEXT):
        return Response.text(f"{text}\n", status=status, headers=REFUSED)
    return None
