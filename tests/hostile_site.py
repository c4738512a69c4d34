"""A site that does to a crawler what servers do, out of malice or by mistake: one page per attack, a real page behind each."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest

from tests.wire_server import MIB, Own, Step, drip, endless, endless_line, header_flood, ok, stalled

#: what the crawl of it is limited to
MOST_BYTES = 12 * MIB
IDLE_S, TOTAL_S = 1.5, 4

LAST = b"<p>the end</p>"


@dataclass(frozen=True)
class Attack:
    #: what is sent, on a connection of its own where it ends with "close"
    answer: Callable[[], Iterator[Step]] | bytes
    #: WARC-Truncated of the record
    truncated: str | None = None
    #: kind of the failure, where not one byte of a response is kept
    failure: str | None = None
    #: how often it may be asked for
    most: int = 1
    #: whether the reader may say that it could not read it
    may_give_up: bool = False


def html(*parts: bytes, headers: tuple[bytes, ...] = ()) -> bytes:
    body = b"<!doctype html><title>page</title>" + b"".join(parts)
    return ok(b"Content-Type: text/html; charset=utf-8", b"Content-Length: %d" % len(body), *headers) + body


def sent(kind: bytes, body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: " + kind + b"\r\nContent-Length: %d\r\n" % len(body)
    return head + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def redirect(to: bytes) -> bytes:
    return sent(b"text/plain", b"", b"Location: " + to, status=b"302 Found")


@cache
def bomb(mib: int, start: bytes = b"") -> bytes:
    """A gzip file of *start* and so many MiB of blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    blanks = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return data + blanks * mib + packer.flush()


def nested(layers: int) -> bytes:
    data = html(LAST)
    for _ in range(layers):
        data = gzip.compress(data, 1)
    return data


def bomb_pdf(mib: int) -> bytes:
    """A PDF whose catalog lies in an object stream that unpacks to so many MiB."""
    blanks = zlib.compressobj(9)
    start = blanks.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>") + blanks.flush(zlib.Z_FULL_FLUSH)
    piece = blanks.compress(b" " * MIB) + blanks.flush(zlib.Z_FULL_FLUSH)
    packed = start + piece * mib + blanks.flush()
    out = b"%%PDF-1.5\n4 0 obj<</Type/ObjStm/N 1/First 4/Length %d/Filter/FlateDecode>>stream\n" % len(packed)
    out += packed + b"\nendstream\nendobj\n"
    rows = ((0, 0, 0), (2, 4, 0), (0, 0, 0), (0, 0, 0), (1, 9, 0), (1, len(out), 0))
    table = b"".join(bytes([kind]) + at.to_bytes(4, "big") + bytes([index]) for kind, at, index in rows)
    out += b"5 0 obj<</Type/XRef/Size 6/Root 1 0 R/W[1 4 1]/Length %d>>stream\n" % len(table)
    return out + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (len(out) - len(table))


def interim() -> Iterator[Step]:
    while True:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 100


def chunk_extension() -> Iterator[Step]:
    yield ok(b"Content-Type: text/html", b"Transfer-Encoding: chunked") + b"5;x="
    while True:
        yield b"e" * 0x10000


def trailers() -> Iterator[Step]:
    yield ok(b"Content-Type: text/html", b"Transfer-Encoding: chunked") + b"2\r\nok\r\n0\r\n"
    while True:
        yield b"X-Trailer: %s\r\n" % (b"t" * 1000)


def many(piece: bytes, size: int = 4 * MIB) -> bytes:
    return piece * (size // len(piece))


def numbered(piece: bytes, size: int = 4 * MIB) -> bytes:
    return b"".join(piece % number for number in range(size // len(piece % 100000)))


ENTITIES = b"<!DOCTYPE urlset [<!ENTITY a0 'x'>%s]>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
)

#: what a page has its reader's machine ask for
INSIDE = (
    b"http://169.254.169.254/latest/meta-data/", b"http://[::1]:1/", b"http://[::ffff:127.0.0.1]:1/", b"http://10.0.0.1/",
    b"http://100.64.0.1/", b"http://2130706433:1/", b"http://0x7f.1:1/", b"http://localhost:1/", b"http://0:1/", b"http://127.1:1/",
    b"file:///etc/passwd", b"//[fd00::1]/",
)  # fmt: skip

ATTACKS: dict[str, Attack] = {
    # Cookies and referrers.
    "cookie-of-others": Attack(html(LAST, headers=(b"Set-Cookie: evil=1; Domain=test", b"Set-Cookie: evil=2; Domain=.other.test", b"Set-Cookie: evil=3; Domain=1"))),
    "cookies-large": Attack(html(LAST, headers=(b"Set-Cookie: large=" + b"c" * 100_000,))),
    "cookies-many": Attack(html(LAST, headers=tuple(b"Set-Cookie: many%d=%s" % (n, b"c" * 100) for n in range(2000)))),
    "referrer-policy": Attack(html(b"<img src=http://other.test/see.gif?a>", headers=(b"Referrer-Policy: unsafe-url",))),
    "referrer-class": Attack(html(b"<img src=http://other.test/see.gif?b>", headers=(b"Referrer-Policy: os.system",))),
    # Without end.
    "endless-body": Attack(endless, "length"),
    "endless-headers": Attack(header_flood, "length", most=3),
    "endless-line": Attack(endless_line, "length", most=3),
    "endless-interim": Attack(interim, "length", failure="length", most=3),
    "endless-chunk-extension": Attack(chunk_extension, "unspecified", most=3),
    "endless-trailers": Attack(trailers, "unspecified", most=3),
    # Slow.
    "says-nothing": Attack(stalled, "time", failure="timeout", most=3),
    "stalls": Attack(lambda: stalled(ok(b"Content-Type: text/html", b"Content-Length: 1000"), b"<p>half"), "time", most=3),
    "slow-loris": Attack(lambda: drip(1), "time", most=3),
    "slow-header": Attack(lambda: iter((b"HTTP/1.1 200 OK\r\n", *(b"X-%d: 1\r\n" % n if n % 2 else 0.3 for n in range(99)))), "time", most=3),
    "never-whole": Attack(lambda: drip(400), "time"),
    # Lengths that are not so.
    "longer-than-it-says": Attack(ok(b"Content-Type: text/html", b"Content-Length: 5") + b"<p>ok</p>" * 1000),
    "shorter-than-it-says": Attack(lambda: iter((ok(b"Content-Type: text/html", b"Content-Length: 999999"), b"<p>", "close")), "disconnect", most=3),
    "negative-length": Attack(ok(b"Content-Type: text/html", b"Content-Length: -1") + b"<p>", "unspecified", most=3),
    "giant-length": Attack(lambda: iter((ok(b"Content-Type: text/html", b"Content-Length: " + b"9" * 30), b"<p>", "close")), "disconnect", most=3),
    "giant-chunk": Attack(lambda: iter((ok(b"Transfer-Encoding: chunked"), b"FFFFFFFFFFFFFFFF\r\nx", "close")), "disconnect", most=3),
    # Small on the wire.
    "bomb-gzip": Attack(sent(b"text/html", bomb(4000), b"Content-Encoding: gzip"), may_give_up=True),
    "bomb-css": Attack(sent(b"text/css", bomb(2000), b"Content-Encoding: gzip"), may_give_up=True),
    "bomb-nested": Attack(sent(b"text/html", nested(20), b"Content-Encoding: " + b", ".join([b"gzip"] * 20)), may_give_up=True),
    "many-codings": Attack(sent(b"text/html", b"x", b"Content-Encoding: " + b"gzip," * 3000), may_give_up=True),
    "bomb.pdf": Attack(sent(b"application/pdf", bomb_pdf(2000))),
    # Sitemaps.
    "sitemap-bomb.xml.gz": Attack(sent(b"application/gzip", bomb(3000, b"<urlset>")), may_give_up=True),
    "sitemap-entities.xml": Attack(sent(b"application/xml", ENTITIES + b"<urlset><url><loc>&a11;</loc></url></urlset>"), may_give_up=True),
    "sitemap-external.xml": Attack(sent(b"application/xml", b"<!DOCTYPE u [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>/&x;</loc></url></urlset>")),
    "sitemap-deep.xml": Attack(sent(b"application/xml", many(b"<urlset>")), may_give_up=True),
    # Redirects.
    "to-file": Attack(redirect(b"file:///etc/passwd")),
    "to-data": Attack(redirect(b"data:text/html,<a href=/never>x</a>")),
    "to-javascript": Attack(redirect(b"javascript:alert(1)")),
    "to-ftp": Attack(redirect(b"ftp://127.0.0.1/etc/passwd")),
    "to-itself": Attack(redirect(b"/to-itself")),
    "to-long": Attack(redirect(b"/" + b"l" * 100_000)),
    "to-crlf": Attack(redirect(b"/never%0d%0aX-Injected:%20yes")),
    "to-credentials": Attack(redirect(b"http://user:password@127.0.0.1/never")),
    "to-nonsense": Attack(redirect(b"http://[::1/never")),
    "to-metadata-service": Attack(redirect(b"http://169.254.169.254/latest/meta-data/")),
    "to-mapped-address": Attack(redirect(b"http://[::ffff:10.0.0.1]/never")),
    "to-cgnat": Attack(redirect(b"http://100.64.0.1/never")),
    "to-decimal-address": Attack(redirect(b"http://2130706433:1/never")),
    "refresh-to-file": Attack(html(b"<meta http-equiv=refresh content='0;url=file:///etc/passwd'>")),
    "takes-from-inside": Attack(html(*(b"<img src=%s>" % url for url in INSIDE))),
    # Many and deep.
    "ten-mib-of-links": Attack(html(numbered(b"<a href=http://elsewhere.test/%d>x</a>\n", 10 * MIB))),
    "ten-mib-of-one-link": Attack(html(many(b"<a href=/>x</a>", 10 * MIB))),
    "ten-mib-of-images": Attack(html(numbered(b"<img src=/never-excluded/%d>", 10 * MIB))),
    "many-deep": Attack(html(many(b"<div>")), may_give_up=True),
    "many-lists": Attack(html(many(b"<ul><li>")), may_give_up=True),
    "many-tables": Attack(html(many(b"<table><tr><td>")), may_give_up=True),
    "many-attributes": Attack(html(b"<p ", numbered(b"a%d=1 "), b">"), may_give_up=True),
    "many-one-attribute": Attack(html(b"<img srcset='", many(b"a 1x, "), b"'>")),
    "many-names": Attack(html(b"<h2>Onze leden</h2><ul>", numbered(b"<li>Stichting %d</li>")), may_give_up=True),
    "many-names-in-a-row": Attack(html(b"<p>De leden zijn: ", many(b"Stichting Voorbeeld, "), b"</p>"), may_give_up=True),
    # For regular expressions.
    "quotes": Attack(html(b"<script>", many(b'"'), b"</script>"), may_give_up=True),
    "backslashes": Attack(html(b"<script>a='", many(b"\\"), b"'</script>"), may_give_up=True),
    "slashes": Attack(html(b"<script>'", many(b"/a/"), b"'</script>"), may_give_up=True),
    "css-urls": Attack(sent(b"text/css", many(b"url("))),
    "css-comments": Attack(sent(b"text/css", many(b"/*"))),
    "css-strings": Attack(sent(b"text/css", many(b"@import '"))),
    "blanks": Attack(html(b"<p>", many(b" \n"), b"x</p>")),
    "links-header": Attack(html(LAST, headers=(b"Link: " + many(b"<a>; rel=", 200_000),))),
    "json": Attack(sent(b"application/json", many(b"[")), may_give_up=True),
    "json-ld": Attack(html(b"<script type=application/ld+json>", many(b'{"a":'), b"</script>")),
    "base-without-end": Attack(html(many(b"<base href=/never-excluded/x/>"))),
    # Charsets that are none of the web's.
    "punycode": Attack(sent(b"text/css; charset=punycode", many(b"abc-")), may_give_up=True),
    "unicode-escape": Attack(sent(b"text/css; charset=unicode_escape", many(b"\\u0041"))),
    "hex": Attack(sent(b"text/css; charset=hex", many(b"00"))),
    "utf-7": Attack(html(b"+ADw-script+AD4-", headers=(b"Content-Type: text/html; charset=utf-7",))),
    "long-charset": Attack(sent(b"text/html; charset=" + b"x" * 100_000, LAST)),
    "status-99999": Attack(sent(b"text/html", LAST, status=b"99999 Denied"), may_give_up=True),
    "status-999": Attack(sent(b"text/html", LAST, status=b"999 Denied")),
}  # fmt: skip


def site() -> dict[str, Own]:
    """Answers by name, for `WireServer`."""

    def links(name: str) -> bytes:
        real = [f"<a href=/real/{attack}>{attack}</a>" for attack in ATTACKS]
        attacks = [f"<a href=/{attack}>{attack}</a>" for attack in ATTACKS if not attack.startswith("sitemap")]
        return html("\n".join(chain(*zip_longest(attacks, real, fillvalue=""))).encode(), name.encode())

    def answer(attack: Attack) -> Own:
        if isinstance(attack.answer, bytes):
            return attack.answer
        make = attack.answer
        return lambda _: make()  # type: ignore[return-value]  # steps, one after the other

    own: dict[str, Own] = {name: answer(attack) for name, attack in ATTACKS.items()}
    own[""] = links("front")
    own |= {f"real/{name}": html(b"<p>a real page</p>", name.encode()) for name in ATTACKS}
    sitemaps = b"".join(b"Sitemap: /%s\n" % name.encode() for name in ATTACKS if name.startswith("sitemap"))
    own["robots.txt"] = sent(b"text/plain", b"User-agent: *\nDisallow:\n" + sitemaps)
    return own
