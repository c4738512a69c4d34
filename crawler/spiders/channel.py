"""The socket between crawler and reader, as the crawler holds it. (``crawler.follow`` has the other end.)"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Factory
from twisted.protocols.basic import Int32StringReceiver

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress
    from twisted.python.failure import Failure

#: so many messages are sent without being asked for: as much work as a reader is given at once
FRAME_MESSAGES = 64


class Channel(Int32StringReceiver):
    """Messages wait until somebody needs the answer, and go in one frame: most captures are images, which have nothing
    to answer, and waking the other process costs more than telling of one."""

    MAX_LENGTH = 64 << 20

    def __init__(self, heard: Callable[..., None], lost: Callable[[Channel], None]) -> None:
        self._heard, self._lost = heard, lost
        self._unsent: list[tuple[Any, ...]] = []

    def say(self, *message: Any) -> None:
        self._unsent.append(message)
        if len(self._unsent) >= FRAME_MESSAGES:
            self.flush()

    def flush(self) -> None:
        if self._unsent and self.transport is not None:
            self.sendString(json.dumps(self._unsent).encode())  # type: ignore[no-untyped-call]  # Twisted is untyped
            self._unsent.clear()

    def stringReceived(self, string: bytes) -> None:  # noqa: N802  # Twisted's name
        for message in json.loads(string):
            self._heard(*message)

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802  # Twisted's name
        del reason
        self._lost(self)


class Channels(Factory):
    """Makes the one channel of one reader."""

    noisy = False

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def buildProtocol(self, addr: IAddress | None) -> Channel:  # noqa: N802  # Twisted's name
        del addr
        return self._channel
