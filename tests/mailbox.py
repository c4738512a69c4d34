"""A mail server on loopback that keeps what it is given."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller


class AnyPort(Controller):
    def _trigger_server(self) -> None:
        """It asks itself whether it is there, at the port that the system gave it."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Mailbox(AnyPort):
    """Context manager; takes what anybody brings."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        super().__init__(self, "127.0.0.1", 0, server_hostname="localhost")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def take(self) -> list[EmailMessage]:
        taken, self.mails = self.mails, []
        return taken
