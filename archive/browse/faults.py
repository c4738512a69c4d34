"""What a visitor and the operator are told when a request fails: the visitor a page, the operator one line at most, and
nothing of what a visitor may have brought about by typing.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from markupsafe import Markup

log = logging.getLogger(__name__)

_DEFAULT = "datasette.handle_exception"
#: what Datasette raises where it trusts that a parameter, a form or a method is as it would have written it
_MISTYPED = (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, sqlite3.Error)
#: of SQLite's errors those that say that the file or the machine is at fault, and not the question
_MACHINE = ("disk i/o", "malformed", "not a database", "unable to open", "readonly", "locked", "out of memory")
_OURS = Path(__file__).parents[1].as_posix() + "/"
_FRAMES = 4
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What a visitor is told of an exception."""

    status: int
    error: str | Markup
    title: str | None = None
    #: more that a JSON answer says
    more: tuple[tuple[str, Any], ...] = ()
    #: in the visitor's language; what Datasette tells is English
    by_us: bool = False


def replace_default(handlers: list[Any], datasette: Any, request: Any, exception: BaseException) -> list[Any]:
    """The same *handlers*, with ours in the place of Datasette's own.

    Datasette's fails where rich is installed and an address matches no route: it prints a traceback of an exception
    that was never raised. Its page for every other mistyped address costs a traceback with all local variables.
    """
    if datasette.pdb:
        return handlers
    return [
        _answering(datasette, request, exception) if getattr(found, "__module__", None) == _DEFAULT else found
        for found in handlers
    ]


def _answering(datasette: Any, request: Any, exception: BaseException) -> Callable[[], Awaitable[Any]]:
    async def answer() -> Any:
        from datasette.utils.asgi import Response

        from archive.browse import access, pages, withheld

        told = tell(exception)
        if told.status == 404 and (why := await withheld.of_missing_row(datasette, request)):
            told = Told(withheld.STATUS, why, withheld.Withheld.title(), by_us=True)
        if told.status >= 500:
            log.error("%s %s", request.method, request.path, exc_info=exception)
        headers = {"access-control-allow-origin": "*"} if datasette.cors else {}
        if told.status == withheld.STATUS:
            headers["cache-control"] = "no-store"
        context = {**dict(told.more), "ok": False, "error": told.error, "status": told.status, "title": told.title}
        if request.path.endswith(".json"):
            return Response.json(context, status=told.status, headers=headers)
        template = access.templates(datasette, request).select_template([f"{told.status}.html", "error.html"])
        context |= {"bewaar_said_by_us": told.by_us}
        context |= {"urls": datasette.urls, "menu_links": list}
        if told.status < 500:  # of a fault nobody knows what else fails
            name, links = await access.title(datasette), pages.menu(datasette)
            context |= {"bewaar_name": name, "menu_links": lambda: links, "bewaar_public": access.is_public(datasette)}
        if hasattr(datasette, "app_css_hash"):  # 0.65: for whoever has a base.html of their own
            context["app_css_hash"] = datasette.app_css_hash()
        return Response.html(await template.render_async(context), status=told.status, headers=headers)

    return answer


def tell(exception: BaseException) -> Told:
    from datasette.database import QueryInterrupted
    from datasette.utils.asgi import Base400
    from datasette.views.base import DatasetteError

    from archive.browse.language import gettext

    if isinstance(exception, Base400):  # NotFound and Forbidden are such
        return Told(exception.status, str(exception.args[0]) if exception.args else "")
    interrupted = isinstance(exception, DatasetteError) and exception.title == "SQL Interrupted"
    if interrupted or isinstance(exception, QueryInterrupted):
        longer = gettext("This question takes longer than is allowed here.")
        return Told(400, longer, gettext("Stopped"), by_us=True)
    if isinstance(exception, DatasetteError):
        # 500 is only its default: it is said of a column to sort by that does not exist.
        status = 400 if exception.status == 500 else exception.status
        message = str(exception.message)
        error = Markup(message) if exception.message_is_html else message  # noqa: S704 - Datasette made it as markup
        return Told(status, error, exception.title, tuple((exception.error_dict or {}).items()))
    if isinstance(exception, OSError) and exception.errno in {errno.ENAMETOOLONG, errno.ENOTDIR}:
        return Told(404, gettext("There is no such file."), by_us=True)
    if is_mistyped(exception):
        understood = gettext(
            "This address asks for something that cannot be answered: look at what stands behind the question mark."
        )
        return Told(400, understood, gettext("Not understood"), by_us=True)
    return Told(500, gettext("Something is wrong here, and the operator was told."), gettext("Fault"), by_us=True)


def is_mistyped(exception: BaseException) -> bool:
    """Whether Datasette stumbled over what a visitor typed: no code of ours was under way, and no file is at fault."""
    if not isinstance(exception, _MISTYPED):
        return False
    if isinstance(exception, sqlite3.Error) and any(word in str(exception).lower() for word in _MACHINE):
        return "malformed json" in str(exception).lower()
    frames = [frame.filename for frame in traceback.extract_tb(exception.__traceback__)]
    # The shield is around everything.
    return not any(Path(name).as_posix().startswith(_OURS) and not name.endswith("shield.py") for name in frames)


class OneLine(logging.Formatter):
    """A message and its exception in one line, without anything that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage().strip()
        exception = record.exc_info[1] if record.exc_info else None
        if exception is not None:
            frames = traceback.extract_tb(exception.__traceback__)[-_FRAMES:]
            places = " < ".join(f"{'/'.join(Path(one.filename).parts[-2:])}:{one.lineno}" for one in reversed(frames))
            text += f": {type(exception).__name__}: {exception} ({places})"
        text = " ".join(text.split())
        return "".join(one if one.isprintable() else "\ufffd" for one in text)[:_LONGEST]


@contextmanager
def quiet_terminal(terminal: TextIO, nowhere: TextIO) -> Iterator[None]:
    """Only what is logged as an error reaches *terminal*, a line each.

    Datasette writes every refused SQL to stderr and every traceback to stdout, with what the visitor typed in it.
    """
    handler = logging.StreamHandler(terminal)
    handler.setFormatter(OneLine())
    handler.setLevel(logging.ERROR)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with redirect_stdout(nowhere), redirect_stderr(nowhere):
            yield
    finally:
        root.removeHandler(handler)
