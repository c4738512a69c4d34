"""The way to a server, with the guard in front of it.

The guard looks at addresses, not at names, and at the moment of connecting: the addresses it lets through are the ones
that are connected to, so a name that resolves differently the second time gains nothing, and neither does a URL that
two parsers read differently. It stands in front of every new connection, hence of every hop of a redirect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, _WrapperEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver, IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface.declarations import implementer

from archive import times
from crawler.capture.failures import TooSlow
from crawler.capture.guard import AddressRefused, Guard

# An endpoint is made for every request, also where a connection is open, and asks each time how the host's name is
# written in IDNA: a twentieth of what a request costs.
HostnameEndpoint._hostAsBytesAndText = staticmethod(lru_cache(maxsize=1024)(HostnameEndpoint._hostAsBytesAndText))  # type: ignore[method-assign]


@implementer(IStreamClientEndpoint)
class Route:
    """The way to an endpoint of Twisted's, with the guard in front of it. Without a guard (a proxy, which the operator
    chose) only failures are noted. A connection that is not there after *wait_s* seconds is one."""

    def __init__(
        self, endpoint: Any, guard: Guard | None, wait_s: float, failed: Callable[[BaseException, datetime], None]
    ) -> None:
        self._endpoint = endpoint
        self._guard = guard
        self._wait_s = wait_s
        self._failed = failed

    def __repr__(self) -> str:
        return repr(self._endpoint)

    def connect(self, factory: Any) -> Deferred[Any]:
        from twisted.internet import reactor

        started_at = times.now()

        def failed(failure: Failure) -> Failure:
            self._failed(failure.value or ConnectError(), started_at)
            return failure

        endpoint = self._endpoint if self._guard is None else _guarded(self._endpoint, self._guard)
        connected: Deferred[Any] = endpoint.connect(factory)
        # In all: for the name, each address of it, and a proxy's leave.
        connected.addTimeout(self._wait_s, reactor, self._too_late)
        return connected.addErrback(failed)

    def _too_late(self, _: object, __: float) -> None:
        raise TooSlow(f"no connection after {self._wait_s:g} s")


def _guarded(endpoint: Any, guard: Guard) -> Any:
    if isinstance(endpoint, _WrapperEndpoint):
        # TLS: name and certificate stay those of the site, whatever it is reached through.
        return _WrapperEndpoint(_guarded(endpoint._wrappedEndpoint, guard), endpoint._wrapperFactory)
    if type(endpoint) is not HostnameEndpoint:
        raise TypeError(f"no guard for {endpoint!r}")
    host, port, chosen = guard.route(endpoint._hostText, endpoint._port)
    if chosen:
        return HostnameEndpoint(endpoint._reactor, host, port, endpoint._timeout, endpoint._bindAddress)
    return _GuardedEndpoint(endpoint._reactor, host, port, endpoint._timeout, endpoint._bindAddress, guard=guard)


class _GuardedEndpoint(HostnameEndpoint):
    """Connects only to those addresses of the host that the guard lets through."""

    def __init__(self, *args: Any, guard: Guard) -> None:
        self._guard = guard
        super().__init__(*args)

    def _getNameResolverAndMaybeWarn(self, reactor: object) -> Any:
        # Asked at every connect; what it resolves is what is connected to.
        self._filter = _Filter(super()._getNameResolverAndMaybeWarn(reactor), self._guard)
        return self._filter

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        def name_refusal(failure: Failure) -> Any:
            refused = self._filter.refused
            # Where another address of the host was tried, why that one failed is the answer.
            if not refused or self._filter.passed:
                return failure
            address, kind = refused[0]
            at = address if address == self._hostText else f"{self._hostText} is {address}"
            return Failure(AddressRefused(f"{at}, port {self._port}: {kind}, and not allowed"))

        connected: Deferred[Any] = super().connect(protocolFactory)
        return connected.addErrback(name_refusal)


@implementer(IHostnameResolver)
class _Filter:
    def __init__(self, resolver: Any, guard: Guard) -> None:
        self._resolver = resolver
        self._guard = guard
        self.refused: list[tuple[str, str]] = []
        self.passed = False

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0, *args: Any, **named: Any) -> Any:
        return self._resolver.resolveHostName(
            _Receiver(self, receiver, portNumber), hostName, portNumber, *args, **named
        )

    def judge(self, address: Any, port: int) -> bool:
        kind = self._guard.refusal(address.host, port)
        if kind is None:
            self.passed = True
            return True
        self.refused.append((address.host, kind))
        return False


@implementer(IResolutionReceiver)
class _Receiver:
    def __init__(self, judge: _Filter, receiver: Any, port: int) -> None:
        self._judge = judge
        self._receiver = receiver
        self._port = port

    def resolutionBegan(self, resolution: Any) -> None:
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        if self._judge.judge(address, self._port):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        self._receiver.resolutionComplete()
