"""A login form that a crawl fills in, and how a page tells that nobody is logged in any more."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urljoin

from pydantic import Field, model_validator

from archive.configuration import Table
from crawler.sites.fields import HttpUrl, Regex
from crawler.sites.send import Secret, Value, lies_below

#: the problem of a page that shows that nobody is logged in
LOGGED_OUT = "logged out"
#: one that a CSS selector can hold as it is
FieldName = Annotated[str, Field(pattern=r"^[^\"\\\x00-\x1f]+$")]


class Login(Table):
    """Filled in before anything of `to` is asked for, and again when a page shows that the session is over."""

    #: where the form stands
    page: HttpUrl
    #: what is filled in, by the names of the form's fields; all others keep what the page gives them
    fields: dict[FieldName, Value]
    #: the form's id or name, where the first that has all these fields is another
    form: FieldName | None = None
    #: the URLs that need the session: at or below this path; all of the form's host without it
    to: HttpUrl | None = None
    #: over the page that answers the form (re.search): stands on it if the login worked
    logged_in: Regex | None = None
    #: over any page of `to` (re.search): stands on it if nobody is logged in; without it a form with all fields does
    logged_out: Regex | None = None

    @model_validator(mode="after")
    def _holds_a_secret(self) -> Login:
        if not self.secrets():
            raise ValueError('fields: none is a secret, such as password = { env = "NAME" }')
        return self

    def covers(self, url: str) -> bool:
        return lies_below(url, self.to or urljoin(self.page, "/"))

    def is_form_page(self, url: str) -> bool:
        """Whether the form stands at *url*, whatever its parameters say of where to go on."""
        return url.partition("?")[0] == self.page.partition("?")[0]

    def sends_to_form(self, url: str, target: str) -> bool:
        """Whether a redirect of *url*, which needs the session, to *target* says that there is none."""
        return self.covers(url) and not self.is_form_page(url) and self.is_form_page(target)

    def secrets(self) -> dict[tuple[str, ...], Secret]:
        """Every secret by the keys that lead to it."""
        return {("fields", name): value for name, value in self.fields.items() if isinstance(value, Secret)}
