"""``latency.py PORT TARGET_PORT MILLISECONDS``: a TCP proxy on loopback that holds the first byte of each answer back,
as a server that far away does. A process of its own, so that what it costs is nobody else's."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop


class _Upstream(asyncio.Protocol):
    def __init__(self, client: _Client) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._client.ended()


class _Client(asyncio.Protocol):
    """One connection. Files are small and the ends are near: nothing is paused."""

    def __init__(self, target: int, delay_s: float) -> None:
        self._target, self._delay_s = target, delay_s
        self._loop = asyncio.get_running_loop()
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._early: list[bytes] = []
        #: the next byte from upstream begins an answer
        self._fresh = False
        #: the answer being held back
        self._held: list[bytes] | None = None
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast("asyncio.Transport", transport)
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        transport, _ = await self._loop.create_connection(lambda: _Upstream(self), "127.0.0.1", self._target)
        self._upstream = transport
        transport.writelines(self._early)

    def data_received(self, data: bytes) -> None:
        self._fresh = True
        if self._upstream is None:
            self._early.append(data)
        else:
            self._upstream.write(data)

    def answered(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
        elif self._fresh:
            self._fresh = False
            self._held = [data]
            self._loop.call_later(self._delay_s, self._release)
        elif self._client:
            self._client.write(data)

    def _release(self) -> None:
        held, self._held = self._held, None
        if self._client and held:
            self._client.write(b"".join(held))
            if self._over:
                self._client.close()

    def ended(self) -> None:
        self._over = True
        if self._held is None and self._client:
            self._client.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._client = None
        if self._upstream:
            self._upstream.close()


async def _serve(port: int, target: int, delay_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Client(target, delay_s), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    front, back, milliseconds = map(int, sys.argv[1:])
    uvloop.run(_serve(front, back, milliseconds / 1000))
