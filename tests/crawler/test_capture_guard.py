"""No crawl reaches an address that is not on the public internet, unless somebody allowed just that."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IReactorPluggableNameResolver
from twisted.internet.protocol import Factory
from twisted.internet.ssl import optionsForClientTLS
from twisted.internet.testing import MemoryReactorClock
from zope.interface import directlyProvides

from archive.errors import WrongUse
from crawler.capture.connect import Route
from crawler.capture.guard import AddressRefused, Guard, consent_of, not_public
from crawler.connect_to import ConnectTo
from tests.wire_run import crawl
from tests.wire_server import WireServer, make_certificate

REFUSED = {
    "127.0.0.1": "loopback",
    "127.8.9.10": "loopback",
    "::1": "loopback",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "10.0.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "fd00::1": "private",
    "169.254.169.254": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "255.255.255.255": "private",
    "240.0.0.1": "private",
    "192.0.2.1": "private",
    "::ffff:127.0.0.1": "loopback, embedded in IPv6",
    "::ffff:10.0.0.1": "private, embedded in IPv6",
    "::127.0.0.1": "loopback, embedded in IPv6",
    "64:ff9b::7f00:1": "loopback, embedded in IPv6",
    "64:ff9b::a9fe:a9fe": "link-local, embedded in IPv6",
    "64:ff9b:1::1": "private",
    "2002:7f00:1::": "loopback, embedded in IPv6",
    "2001:0:808:808::80ff:fffe": "loopback, embedded in IPv6",
}


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_addresses_that_are_not_public_are_refused(address, kind):
    found = Guard().refusal(address, 80)
    # Later Pythons file some special blocks under another name.
    assert found == kind or (found in {"private", "reserved"} and kind in {"private", "reserved"})


@pytest.mark.parametrize(
    "address", ["192.0.43.8", "8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_not(address):
    assert Guard().refusal(address, 80) is None


def test_what_is_no_address_is_refused():
    assert Guard().refusal("example.org", 80)


@given(st.ip_addresses(v=4))
def test_embedding_an_address_does_not_make_it_public(address):
    if not_public(address):
        mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
        nat64 = ipaddress.IPv6Address(bytes.fromhex("0064ff9b") + b"\0" * 8 + address.packed)
        assert not_public(mapped)
        assert not_public(nat64)


def test_allowed_networks_and_consent_are_exceptions_of_just_that_size():
    guard = Guard.of(["10.1.0.0/16", "fd00::/8"], [("127.0.0.1", 8000)], [])
    assert guard.refusal("10.1.2.3", 80) is None
    assert guard.refusal("fd12::1", 443) is None
    assert guard.refusal("10.2.0.1", 80) == "private"
    assert guard.refusal("127.0.0.1", 8000) is None
    assert guard.refusal("127.0.0.1", 8001) == "loopback"
    assert guard.refusal("127.0.0.2", 8000) == "loopback"


def test_only_seeds_that_are_such_addresses_are_consent():
    seeds = [
        "http://192.168.1.5:81/x",
        "https://[fd00::7]/",
        "http://example.org/",
        "http://8.8.8.8/",
        "http://2130706433/",
    ]
    assert consent_of(seeds) == {("192.168.1.5", 81), ("fd00::7", 443)}
    assert ("127.0.0.1", 80) not in consent_of(["http://127.0.0.1@example.org/"])


@pytest.mark.parametrize(
    "text", ["", "a:1:b", "a:x:b:1", "a:1:b:99999", "[::1:1:b:1", "a:1:[::1]x:2", "a:\u0661:b:1", "a:1:b:1:2"]
)
def test_connect_to_that_cannot_be_read_is_wrong_use(text):
    with pytest.raises(WrongUse, match="connect_to"):
        Guard.of((), (), [text])


@given(st.text(max_size=40))
def test_connect_to_never_fails_otherwise(text):
    with suppress(ValueError):
        ConnectTo.parse(text)


def test_allowed_network_that_cannot_be_read_is_wrong_use():
    with pytest.raises(WrongUse, match=r"10\.0\.0\.1/8"):
        Guard.of(["10.0.0.1/8"], [], [])


def test_connect_to_matches_as_curl_does():
    guard = Guard.of([], [], ["site.test:80:127.0.0.1:8080", "::[::1]:", "other.test:80::81"])
    assert guard.route("SITE.test", 80) == ("127.0.0.1", 8080, True)
    assert guard.route("site.test", 81) == ("::1", 81, True)
    # A rule that names no address is no consent for one.
    assert Guard.of([], [], ["other.test:80::81"]).route("other.test", 80) == ("other.test", 81, False)


class Resolver:
    """Answers each lookup with the next list of addresses."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def resolveHostName(self, receiver, name, port=0, *args, **named):
        receiver.resolutionBegan(self)
        for address in self.answers.pop(0):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()


def connect(guard, *answers, host="evil.test", secure=False):
    """Where connections go, and what each connect failed with, for one connect per answer."""
    reactor = MemoryReactorClock()
    directlyProvides(reactor, IReactorPluggableNameResolver)
    reactor.nameResolver = Resolver(*answers)
    failed = []
    endpoint = HostnameEndpoint(reactor, host, 80)
    if secure:
        endpoint = wrapClientTLS(optionsForClientTLS("evil.test"), endpoint)
    route = Route(endpoint, guard, 60, lambda why, at: failed.append(why))
    for _ in answers:
        route.connect(Factory()).addErrback(lambda failure: None)
        reactor.advance(5)
    return [client[0] for client in reactor.tcpClients], failed


@pytest.mark.parametrize("secure", [False, True])
def test_a_name_is_judged_by_the_addresses_it_is_connected_to(secure):
    public, mixed, rebound = ["192.0.43.8"], ["192.0.43.8", "10.0.0.1", "::1"], ["127.0.0.1"]
    connected, failed = connect(Guard(), public, mixed, rebound, secure=secure)
    assert set(connected) == {"192.0.43.8"}
    assert [type(why) for why in failed] == [AddressRefused]
    assert "evil.test is 127.0.0.1, port 80: loopback" in str(failed[0])


def test_connect_to_is_reached_whatever_the_name_says():
    connected, failed = connect(Guard.of([], [], ["evil.test:80:127.0.0.1:8080"]), ["127.0.0.1"])
    assert connected == ["127.0.0.1"]
    assert not failed


def test_guard_stands_in_front_of_every_hop(tmp_path):
    inside = WireServer()
    steal = (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/plain?stolen\r\nContent-Length: 0\r\n\r\n" % inside.port
    )
    with inside, WireServer(own={"steal": steal}) as site, WireServer(make_certificate(tmp_path)) as secure:
        hosts = [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "2130706433",
            "0x7f000001",
            "127.1",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
        ]
        urls = [f"http://{host}:{inside.port}/plain?inside" for host in hosts]
        urls += ["http://169.254.169.254/latest/meta-data/", "https://10.255.255.1/", "http://[fe80::1]/"]
        urls += [f"http://127.0.0.1:{site.port}/steal", f"http://127.0.0.1:{site.port}/plain"]
        urls += [f"https://secure.test:{secure.port}/plain"]
        settings = {
            "WARC_CONNECT_TO": [f"secure.test::127.0.0.1:{secure.port}"],
            # Scrapy's default resolver knows no IPv6.
            "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingHostnameResolver",
        }
        crawled = crawl(tmp_path, [{"url": url} for url in urls], settings, (site,))
        assert inside.turns == []
        assert secure.turns[0].received.startswith(b"GET /plain HTTP/1.1\r\n")
        assert f"Host: secure.test:{secure.port}\r\n".encode() in secure.turns[0].received
    assert {told["url"] for told in crawled.of("response")} == {urls[-2], urls[-1]}
    refused = [event for event in crawled.events if event.about.get("error", [""])[0].startswith("address: ")]
    assert len(refused) == len(urls) - 2, [(event.url, event.about) for event in crawled.events]
    assert all(event.fields["WARC-Type"] == ["metadata"] and not event.request for event in refused)
    # Refused for good: an address does not become public by asking twice.
    assert len(crawled.of("error")) == len(urls) - 2
    assert any(event.url.endswith("?stolen") and event.about["hopsFromSeed"] == ["R"] for event in refused)


def test_certificate_that_does_not_verify_is_a_failure_and_no_request_was_sent(tmp_path):
    with WireServer(make_certificate(tmp_path)) as secure:
        url = f"https://127.0.0.1:{secure.port}/plain"
        settings = {"DOWNLOAD_VERIFY_CERTIFICATES": True, "RETRY_ENABLED": False}
        crawled = crawl(tmp_path, [{"url": url}], settings, (secure,))
        assert secure.turns == []
    [event] = crawled.events
    assert event.about["error"][0].startswith("tls: ")
    assert "verify failed" in event.about["error"][0]
    assert event.request == b""
    assert event.response is None
