"""URLs as keys. A capture's URL is kept as it was requested; only its *urlkey*, under which an index sorts it, is
canonical.

The key is the SURT (sort-friendly URI reordering transform) that CDX servers and pywb look captures up by: two
spellings of one address share a key, and the pages of one site and its subdomains stand together. Its rules are those
of the Internet Archive's canonicaliser, told here on their own:

- scheme, user name, fragment, ``www.`` and a default port say nothing; host labels go last to first;
- escapes are undone, however often they were done, and only what must be is escaped again; all is lower case;
- dot segments, doubled and closing slashes go; parameters are sorted; session ids go.
"""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes, urljoin

_SCHEME = re.compile(rb"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HTTP_TWICE = re.compile(rb"\A(?:https?://)+(?=https?://)", re.IGNORECASE)
_PARTS = re.compile(rb"(?P<scheme>[^:/?#]+):(?://(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?", re.DOTALL)
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#]*@)?(?P<host>[^/?#@:\[\]]+)(?::\d*)?(?=[/?#]|$)", re.IGNORECASE)
_WWW = re.compile(rb"www\d*\.")
#: an escape that was itself escaped, once or many times over
_ESCAPED_AGAIN = re.compile(rb"%(?:25)+(?=[0-9a-f]{2})", re.IGNORECASE)
#: what stands unescaped in a key: printable ASCII but for the space, ``#`` and ``%``
_PLAIN = bytes(byte for byte in range(0x21, 0x7F) if byte not in b"#%")
#: escapes built out of escapes (``%%34%31``) are nobody's address: they are undone this often, not for ever
_UNESCAPE_ROUNDS = 8

_ASPX_SESSION = re.compile(rb"/\((?:(?:[a-z]\([0-9a-z]{24}\))+|[0-9a-z]{24})\)(?=/[^?]+\.aspx)")
_QUERY_SESSION = re.compile(
    rb"(?:(?:jsessionid|phpsessid|sid)=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}|cfid=[^&]+&cftoken=[^&]+)(?:&|$)"
)
_NUMERIC = re.compile(rb"[0-9]{1,10}(?:\.[0-9]{1,10}){1,3}")
_DEFAULT_PORTS = {b"http": 80, b"https": 443}


def join(base: str, reference: str) -> str | None:
    """*reference* as a page at *base* means it (RFC 3986, 5); None where nobody can read it.

    >>> join("http://example.org/a/b", "../c"), join("http://example.org/", "http://[::1/")
    ('http://example.org/c', None)
    """
    try:
        return urljoin(base, reference)
    except ValueError:
        return None


def with_ascii_host(url: str) -> str:
    """*url* with its host as browsers ask DNS for it (WHATWG URL, 3.5): escapes undone, mapped and encoded by UTS 46,
    nontransitional, and not held to IDNA 2008, which knows no symbols. Raises ValueError for a host that is none.

    >>> with_ascii_host("http://Straße.example/ü"), with_ascii_host("http://a@ex%61mple.org:81/")
    ('http://xn--strae-oqa.example/ü', 'http://a@example.org:81/')
    """
    authority = _AUTHORITY.match(url)
    if authority is None or (authority["host"].isascii() and "%" not in authority["host"]):
        return url
    from idna import uts46_remap  # for the few hosts that need it

    # Python's own codec is of IDNA 2003, by which ß is ss: the address of somebody else.
    host = uts46_remap(unquote(authority["host"], errors="strict"), std3_rules=False, transitional=False)
    labels = (label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in host.split("."))
    encoded = ".".join(labels)
    if any(character in "\0\t\n\r #/:<>?@[\\]^|%" for character in encoded):
        raise ValueError(f"{encoded!r} is no host")
    return url[: authority.start("host")] + encoded + url[authority.end("host") :]


@lru_cache(maxsize=8)  # of a capture it is asked twice: for the capture and for its page
def urlkey(url: str) -> str:
    """The SURT key of *url*: printable ASCII without white space. Never raises; what is no URL is its own key.

    >>> urlkey("https://www.Example.nl/p//215/./?b=2&a=1#top")
    'nl,example)/p/215?a=1&b=2'
    >>> urlkey("http://example.nl:8080/%7Ejan/caf%C3%A9")
    'nl,example:8080)/~jan/caf%c3%a9'
    >>> urlkey("dns:example.nl")
    'dns:example.nl'
    """
    raw = re.sub(rb"[\t\r\n]", b"", url.encode("utf-8", "surrogatepass").strip())
    if not raw:
        return "-"
    if not _SCHEME.match(raw):
        raw = b"http://" + raw
    parts = _PARTS.match(_HTTP_TWICE.sub(b"", raw, count=1))
    if parts is None:
        return _escape(raw)
    scheme, host, path = parts["scheme"].lower(), parts["host"], parts["path"]
    if not host and scheme.startswith(b"http"):  # http:/example.nl, http:////example.nl
        host, _, path = path.lstrip(b"/").partition(b"/")
    try:
        if not host:  # dns:, urn:, mailto:
            opaque = _escape(_unescape(scheme + b":" + path)).lower()
            return (opaque.removesuffix("/") if path else opaque) + _query_key(parts["query"] or b"")
        return f"{_host_key(host, scheme)}){_path_key(path)}{_query_key(parts['query'] or b'')}"
    except ValueError:
        return _escape(raw)


@lru_cache(maxsize=256)
def _host_key(netloc: bytes, scheme: bytes) -> str:
    """Labels last to first, and the port where it is not the scheme's. Raises ValueError."""
    host, port = _split_port(netloc.rpartition(b"@")[2])
    host = b".".join(label for label in _unescape(host).split(b".") if label)
    if not host.isascii():
        host = _idna(host)
    host = _WWW.sub(b"", _dotted(host.lower()), count=1)
    labels = _escape(b",".join(reversed(host.split(b"."))))
    return labels if port in (None, 0, _DEFAULT_PORTS.get(scheme)) else f"{labels}:{port}"


def _split_port(host: bytes) -> tuple[bytes, int | None]:
    if host.startswith(b"["):
        host, _, rest = host[1:].partition(b"]")
        port = rest.removeprefix(b":")
    else:
        host, _, port = host.partition(b":")
    if port and not port.isdigit():
        raise ValueError("not a port")
    return host, int(port[:9]) if port else None


def _idna(host: bytes) -> bytes:
    try:
        return host.decode().encode("idna")
    except UnicodeError:
        return host


def _dotted(host: bytes) -> bytes:
    """An IPv4 address in its usual form: ``3232235777`` is ``192.168.1.1``."""
    if host.isdigit():
        return socket.inet_ntoa((int(host[:20]) & 0xFFFFFFFF).to_bytes(4, "big")).encode()
    if _NUMERIC.fullmatch(host):
        with suppress(OSError):
            return socket.inet_ntoa(socket.inet_aton(host.decode())).encode()
    return host


def _path_key(path: bytes) -> str:
    segments: list[bytes] = []
    for segment in _unescape(path).removeprefix(b"/").split(b"/"):
        if segment == b".." and segments:  # at the root it stays, as the canonicaliser has it
            segments.pop()
        elif segment != b".":
            segments.append(segment)
    key = _escape(b"/" + b"/".join(filter(None, segments))).lower()
    return _ASPX_SESSION.sub(b"", key.encode(), count=1).decode()


def _query_key(query: bytes) -> str:
    key = _QUERY_SESSION.sub(b"", _escape(_unescape(query)).lower().encode()).decode()
    key = "&".join(sorted(key.split("&"), key=lambda parameter: parameter.split("=", 1)))
    return f"?{key}" if key else ""


def _unescape(data: bytes) -> bytes:
    for _ in range(_UNESCAPE_ROUNDS):
        plain = unquote_to_bytes(_ESCAPED_AGAIN.sub(b"%", data))
        if plain == data:
            break
        data = plain
    return data


def _escape(data: bytes) -> str:
    return quote_from_bytes(data, safe=_PLAIN)
