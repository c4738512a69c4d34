"""A site behind a login form: a token in the form, a session in a cookie, and pages that ask who one is without it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from tests.site_server import Answer, Site, page

USER, PASSWORD = "archivist", "Zon+der/Zorg & päis=1"
FIELDS = 'fields = { user = "archivist", "login[password]" = { env = "SITE_PASSWORD" } }'


class FormSite(Site):
    """Sessions end after *lasts* requests; without one, pages of ``/m`` give the form, or send there (*sends*)."""

    def __init__(
        self, pages: Mapping[str, Answer], *, lasts: int = 1000, sends: bool = False, slow_s: float = 0.0
    ) -> None:
        super().__init__(pages, slow_s=slow_s)
        self.posted: list[dict[str, str]] = []
        #: sessions that were set, by how many requests each is still good for
        self.sessions: dict[str, int] = {}
        self.method = "post"
        self.action = "/session"
        #: cookies know no ports: two sites on one host need two names
        self.cookie = "SESSION"
        #: how often it is answered with 503 first
        self.broken = 0
        #: the form is taken, and answered with 500
        self.fails = False
        self._lasts = lasts
        self._sends = sends
        self._tokens: set[str] = set()

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        answer = super()._answer(path, headers)
        where = path.partition("?")[0]
        if where == "/login":
            if self.broken:
                self.broken -= 1
                return 503, {"Retry-After": "0"}, b""
            return self._form()
        if not where.startswith("/m"):
            return answer
        held = dict(part.strip().split("=", 1) for part in headers.get("Cookie", "").split(";") if "=" in part)
        session = held.get(self.cookie, "")
        if self.sessions.get(session, 0) <= 0:
            return (302, {"Location": f"/login?next={path}"}, b"") if self._sends else self._form()
        self.sessions[session] -= 1
        return answer

    def _answer_post(self, path: str, headers: Mapping[str, str], sent: bytes) -> Answer:
        super()._answer_post(path, headers, sent)
        return self._log_in(dict(parse_qsl(sent.decode())))

    def _form(self) -> Answer:
        token = secrets.token_hex(8)
        self._tokens.add(token)
        return page(
            f'<form method=get action=/search><input name=q></form><form method={self.method} action="{self.action}">'
            f'<input type=hidden name=token value={token}><input name=user><input type=password name="login[password]">'
            '<input type=checkbox name=remember value=yes><button name=do value=login>Log in</button></form>',
            title="Who are you?",
        )  # fmt: skip

    def _log_in(self, posted: dict[str, str]) -> Answer:
        self.posted.append(posted)
        if self.fails:
            return 500, {}, b""
        right = (posted.get("user"), posted.get("login[password]"), posted.get("do")) == (USER, PASSWORD, "login")
        if not right or posted.get("token") not in self._tokens:
            return self._form()
        self._tokens.discard(posted["token"])
        session = secrets.token_hex(12)
        self.sessions[session] = self._lasts
        return 303, {"Location": "/", "Set-Cookie": f"{self.cookie}={session}; Path=/; HttpOnly"}, b""
