"""A client of the replica: asks for its pages as they are, and follows every link in them."""

from __future__ import annotations

import http.client
import re
import ssl
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from crawler.replica.server import HOSTS, START_URL, Replica
from crawler.replica.tls import certificate


class Client:
    """One connection per port, kept alive; sends what it is told."""

    def __init__(self, replica: Replica) -> None:
        context = ssl.create_default_context(cadata=certificate(("www.defenceforchildren.test",))[0].decode())
        context.check_hostname = False  # the connection is to an address
        self.ports = {
            "http": http.client.HTTPConnection("127.0.0.1", replica.http_port, timeout=10),
            "https": http.client.HTTPSConnection("127.0.0.1", replica.https_port, timeout=10, context=context),
        }

    def get(self, url: str, method: str = "GET", **fields: str) -> tuple[http.client.HTTPResponse, bytes]:
        parts = urlsplit(url)
        connection = self.ports[parts.scheme]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, target, headers={"Host": parts.netloc, **headers})
        response = connection.getresponse()
        return response, response.read()

    def close(self) -> None:
        for connection in self.ports.values():
            connection.close()


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "action" and ("method", "post") in attrs:
                continue
            if name in {"href", "src", "data-src", "action"} and value:
                self.found.add(value)
            elif name in {"srcset", "data-srcset"} and value:
                self.found |= {part.split()[0] for part in value.split(",")}
            elif name == "style" and value:
                self.found |= set(css_urls(value))


def css_urls(css: str) -> list[str]:
    found = re.findall(r"""url\(\s*['"]?([^'")]+)|@import\s+"([^"]+)""", css)
    return [first or second for first, second in found]


def links(url: str, kind: str, body: bytes, location: str | None) -> set[str]:
    text = body.decode("latin-1")
    found = {location} if location else set()
    if "html" in kind:
        found |= Links(text).found
    elif "css" in kind:
        found |= set(css_urls(text))
    elif "javascript" in kind:
        found |= set(re.findall(r'"(/[^"]+)"', text))
    elif "xml" in kind and "svg" not in kind:
        found |= set(re.findall(r"<(?:loc|link)>([^<]+)", text))
    elif "pdf" in kind:
        found |= set(re.findall(r"/URI \(([^)]+)", text))
    elif url.endswith("/robots.txt"):
        found |= set(re.findall(r"Sitemap: (\S+)", text))
    return {urldefrag(urljoin(url, link)).url for link in found if link}


def text_of(html: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "\n", html.decode())).replace("\xa0", " ").split())


def walk(client: Client) -> dict[str, tuple[int, str, bytes]]:
    """Everything that can be reached, as URL -> status, type, body; hosts that are not the replica's under status 0."""
    reached: dict[str, tuple[int, str, bytes]] = {}
    todo = [START_URL, *(f"http://{host}/robots.txt" for host in HOSTS)]
    while todo:
        url = todo.pop()
        if url in reached or urlsplit(url).scheme not in {"http", "https"}:
            continue
        if urlsplit(url).hostname not in HOSTS:
            reached[url] = (0, "", b"")
            continue
        response, body = client.get(url)
        reached[url] = (response.status, response.headers["Content-Type"], body)
        todo += links(url, response.headers["Content-Type"], body, response.headers["Location"])
    return reached
