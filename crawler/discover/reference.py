"""References as pages write them, made into the URLs a browser would request (WHATWG URL, 4.4)."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from w3lib.url import safe_url_string

from archive.urls import with_ascii_host

#: A reference longer than this is dropped: no server takes it, and a page of such would fill the frontier.
LONGEST = 8192

#: References that need nothing but a prefix. A dot segment or a foreign character goes the long way.
_PLAIN = re.compile(r"(?:(?P<absolute>https?://[a-z0-9][a-z0-9.-]*/)|(?P<rooted>/(?!/))|(?!/))[A-Za-z0-9_~,;=&+%?./-]*")
#: and more of them: a colon that ends no scheme, a host alone, a host without a scheme
_PLAIN_TOO = re.compile(
    r"(?:(?P<absolute>https?://[a-z0-9][a-z0-9.-]*/)|(?P<hosted>//[a-z0-9][a-z0-9.-]*/)|(?P<rooted>/(?!/)))"
    r"(?!.*:///)[A-Za-z0-9_~,=&+%./:-]*(?:\?[A-Za-z0-9_~,=&+%?./:-]+)?|(?P<bare>https?://[a-z0-9][a-z0-9.-]*)"
)
_DOTS = re.compile(r"(?:^|(?<=/))(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
_ENDS = "".join(map(chr, range(33)))
_REMOVED = str.maketrans("", "", "\t\n\r")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: Slashes after a scheme of the web are as many as the author liked (4.4, "special authority ignore slashes state").
_SLASHES = re.compile(r"(https?:|^)/{2,}", re.IGNORECASE)
_NO_HOST = re.compile(r"(?:https?:)?[/\\]{2,}", re.IGNORECASE)
_REQUESTABLE = re.compile(
    r"(?P<scheme>https?)://(?:[^@/?#]*@)?(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?P<port>:\d*)?(?=[/?])"
)
_OWN_PORT = {"http": ":80", "https": ":443"}


class Base:
    """What the references of one page are resolved against. Each is worked out once: menus repeat themselves."""

    def __init__(self, url: str, encoding: str = "utf-8") -> None:
        """*encoding* is the page's: query strings are written in it, paths in UTF-8 (WHATWG URL, 4.4)."""
        self.encoding = _codec(encoding)
        self.url = url
        path = re.match(r"https?://[^/?#]*", url)
        self._origin = path[0] if path else ""
        self._folder = url.partition("?")[0].partition("#")[0]
        self._folder = self._folder[: self._folder.rfind("/") + 1] if self._folder.count("/") > 2 else f"{url}/"
        # With dot segments in the base nothing is plain.
        self._is_plain = bool(self._origin) and "/." not in self._folder
        #: neither a port nor a user
        self._is_bare = re.fullmatch(r"https?://[a-z0-9][a-z0-9.-]*", self._origin) is not None
        self._known: dict[str, str | None] = {}

    def resolve(self, reference: str) -> str | None:
        """The URL to request, without fragment; None for what is none: other schemes, no host, the page itself."""
        try:
            return self._known[reference]
        except KeyError:
            url = self._known[reference] = self._resolve(reference)
            return url

    def _resolve(self, reference: str) -> str | None:
        if len(reference) > LONGEST:
            # A data: URI, mostly.
            return None
        text = reference.partition("#")[0].strip(_ENDS)
        if not text:
            return None
        is_plain = self._is_plain and "/." not in text and "%2e" not in text.lower() and text[0] not in ".?;"
        if is_plain and (plain := _PLAIN.fullmatch(text) or (self._is_bare and _PLAIN_TOO.fullmatch(text))):
            kind = plain.lastgroup
            if kind == "absolute":
                return text
            if kind == "rooted":
                return self._origin + text
            if kind == "hosted":
                return self._origin[: self._origin.index("/")] + text
            return f"{text}/" if kind == "bare" else self._folder + text
        try:
            return _absolute(self.url, text.translate(_REMOVED), self.encoding)
        except (ValueError, LookupError, IndexError):
            return None


def _absolute(base: str, reference: str, encoding: str) -> str | None:
    if _NO_HOST.fullmatch(reference):
        return None
    scheme = _SCHEME.match(reference)
    if scheme and scheme[0].lower() not in {"http:", "https:"}:
        return None
    path, mark, query = reference.partition("?")
    path = _SLASHES.sub(r"\1//", path.replace("\\", "/"), count=1)
    if scheme and not base.lower().startswith(scheme[0].lower()):
        # http:/h/x on an https page names a host: only a scheme of the page's own may be followed by a path.
        path = re.sub(r"^([a-z]+:)/*", r"\1//", path, flags=re.IGNORECASE)
    if "%2" in path:
        # A dot is a dot however it is written (WHATWG URL, 4.4: "single-dot and double-dot path segment").
        path = _DOTS.sub(lambda dots: dots[0].lower().replace("%2e", "."), path)
    joined = with_ascii_host(urljoin(base, path + mark + query))
    try:
        url = safe_url_string(joined, encoding=encoding)
    except UnicodeEncodeError:
        url = safe_url_string(joined)
    parts = urlsplit(url)
    if not parts.path:
        url = parts._replace(path="/", fragment="").geturl()
    elif "/." in parts.path:
        rest = parts._replace(scheme="", netloc="", fragment="").geturl()
        url = urljoin(f"{parts.scheme}://{parts.netloc}/", rest) if not rest.startswith("//") else url
    found = _REQUESTABLE.match(url)
    if not found or parts.port == 0:
        return None
    if found["port"] in {":", _OWN_PORT[found["scheme"]]}:
        url = url[: found.start("port")] + url[found.end("port") :]
    return url.partition("#")[0] if len(url) <= LONGEST else None


#: Python's codecs that are no charsets of pages (punycode, utf-7) write some of these otherwise.
_ASCII = "".join(map(chr, range(32, 127)))


def _codec(encoding: str) -> str:
    try:
        return encoding if _ASCII.encode(encoding) == _ASCII.encode() else "utf-8"
    except (LookupError, UnicodeError, ValueError):
        return "utf-8"
