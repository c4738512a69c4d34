"""Which addresses a crawl may connect to, and ``connect_to``: which it reaches instead."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from twisted.web.client import URI

from archive.errors import BewaarError, WrongUse
from crawler.connect_to import ConnectTo

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CGNAT = ipaddress.ip_network("100.64.0.0/10")
#: RFC 6052 and RFC 8215: the IPv4 address is the last 32 bits (of the local-use block we refuse all)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: RFC 4291, 2.5.5.1, deprecated
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


class AddressRefused(BewaarError):
    """The address is not on the public internet, and nobody allowed it."""


def not_public(address: Address) -> str | None:
    """What kind of non-public address this is; None for a public one.

    >>> not_public(ipaddress.ip_address("169.254.169.254"))
    'link-local'
    >>> not_public(ipaddress.ip_address("64:ff9b::7f00:1"))
    'loopback, embedded in IPv6'
    >>> not_public(ipaddress.ip_address("192.0.43.8"))
    """
    if isinstance(address, ipaddress.IPv6Address):
        kinds = [kind for inner in _embedded(address) if (kind := not_public(inner))]
        if kinds:
            return f"{kinds[0]}, embedded in IPv6"
        if address in _NAT64:
            # How a network without IPv4 reaches the rest of the internet; Python calls the whole block reserved.
            return None
    named = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("carrier-grade NAT", address in _CGNAT),
        ("private", address.is_private),
        ("reserved", address.is_reserved or not address.is_global),
    )
    return next((name for name, holds in named if holds), None)


def _embedded(address: ipaddress.IPv6Address) -> Iterable[ipaddress.IPv4Address]:
    """The IPv4 addresses a translator or tunnel would send this on to."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Guard:
    #: networks a profile allows
    allowed: tuple[Network, ...] = ()
    #: what the operator typed as a seed: this address, this port
    consent: frozenset[tuple[str, int]] = frozenset()
    connect_to: tuple[ConnectTo, ...] = ()

    @classmethod
    def of(cls, allowed: Iterable[str], consent: Iterable[tuple[str, int]], connect_to: Iterable[str]) -> Guard:
        """Raises WrongUse, naming the one that cannot be read."""
        networks = []
        for text in allowed:
            try:
                networks.append(ipaddress.ip_network(text))
            except ValueError as error:
                raise WrongUse(f"allowed address {text!r}: {error}") from error
        try:
            rules = tuple(ConnectTo.parse(rule) for rule in connect_to)
        except ValueError as error:
            raise WrongUse(f"connect_to: {error}") from error
        agreed = frozenset((host.lower(), int(port)) for host, port in consent)
        return cls(tuple(networks), agreed, rules)

    def refusal(self, address: str, port: int) -> str | None:
        """Why no connection may be made to *address*; None when it may."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return "not an address"
        kind = not_public(ip)
        if kind is None or (address.partition("%")[0].lower(), port) in self.consent:
            return None
        return None if any(ip.version == network.version and ip in network for network in self.allowed) else kind

    def route(self, host: str, port: int) -> tuple[str, int, bool]:
        """Host and port to connect to, and whether `connect_to` says so: the operator chose that one."""
        for rule in self.connect_to:
            if rule.matches(host, port):
                return rule.to_host or host, rule.to_port or port, bool(rule.to_host)
        return host, port, False


def consent_of(seeds: Iterable[str]) -> frozenset[tuple[str, int]]:
    """The (address, port) pairs an operator agreed to by typing these seeds: those that are such addresses themselves.

    >>> sorted(consent_of(["http://127.0.0.1:8000/", "https://example.org/", "http://localhost/a"]))
    [('127.0.0.1', 80), ('127.0.0.1', 8000), ('::1', 80)]
    """
    agreed: set[tuple[str, int]] = set()
    for seed in seeds:
        # The parser the fetch uses: what it would connect to is what is agreed to.
        uri = URI.fromBytes(seed.encode("utf-8", "surrogateescape"))
        host = uri.host.decode("latin-1").lower()
        if host == "localhost" or host.endswith(".localhost"):
            # RFC 6761, 6.3: always the machine itself
            agreed |= {("127.0.0.1", uri.port), ("::1", uri.port)}
            continue
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        if not_public(address):
            agreed.add((host, uri.port))
    return frozenset(agreed)
