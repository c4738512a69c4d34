"""``bewaar.toml``, the file that makes a directory an archive: its keys and what they may be.

Apart from `archive.layout`, which needs it only once an archive is opened: pydantic takes longer to load than a small
file to verify.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, PositiveInt

from archive.configuration import Table, validate
from archive.contact import check_contact
from archive.errors import WrongUse


def _check_operator(operator: str) -> str:
    if not operator.strip() or not operator.isprintable():
        raise ValueError("must be one line of text")
    return operator


class Marker(Table):
    #: what people who know other programs call these keys
    called_elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("email", "e_mail", "mail", "from", "webmaster"), "contact"),
        **dict.fromkeys(("name", "organisation", "organization", "owner", "archive"), "operator"),
        "version": "format",
    }

    format: Annotated[PositiveInt, Field(examples=["1"])]
    operator: Annotated[str, AfterValidator(_check_operator)] | None = None
    contact: Annotated[str, AfterValidator(check_contact)] | None = None
    #: whom to tell, and when; whoever tells them knows what may stand in it
    alerts: dict[str, Any] | None = None


def check_marker(data: Mapping[str, Any], *, source: str, text: str, error: type[WrongUse]) -> Marker:
    """Raises *error* as `validate` does."""
    return validate(Marker, data, source=source, text=text, error=error)


def marker_text(values: Mapping[str, Any]) -> str:
    """The file, with remarks for whoever opens it. Of *values* those that are None stand in remarks."""
    return f"""\
# This directory is an archive of websites, kept by Bewaar. What lies where in it: docs/archive.md.

# The version of the archive's layout. Bewaar writes it; leave it as it is.
format = {values["format"]}

# Who keeps this archive. It stands in every WARC file.
{_line("operator", values.get("operator"), "Town Archive of Harwick")}

# The mail or web address at which a webmaster reaches you. It is sent with every request, and without it nothing is
# crawled. A site's profile may name another.
{_line("contact", values.get("contact"), "you@example.org")}

# The sites stand in sites/, a file for each: `bewaar sites add URL` writes one, `bewaar sites` lists them.
"""


def _line(key: str, value: str | None, example: str) -> str:
    # A TOML basic string of printable text is a JSON string (TOML 1.0, String).
    return f"{key} = {json.dumps(value, ensure_ascii=False)}" if value is not None else f'# {key} = "{example}"'
