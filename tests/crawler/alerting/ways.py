"""Ways to tell people, as the marker of an archive names them; and a mail server that wants a password."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.smtp import AuthResult, LoginPassword

from archive.layout import Archive
from crawler.alerting.settings import Alerts, read_alerts

PASSWORD = "geheim-wachtwoord"


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.logins: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, *about: Any) -> AuthResult:
        login = about[-1]
        assert isinstance(login, LoginPassword)
        self.logins.append(login.password)
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)


def settings(archive: Archive, toml: str) -> Alerts:
    (archive.root / "bewaar.toml").write_text(f'format = 1\ncontact = "jo@example.org"\n[alerts]\n{toml}')
    found = read_alerts(archive)
    assert found is not None
    return found


def mail_to(place: str, more: str = "") -> str:
    return (
        f'[alerts.mail]\nto = ["jo@example.org"]\nfrom = "bewaar@example.org"\nserver = "{place}"\ntls = "off"\n{more}'
    )
