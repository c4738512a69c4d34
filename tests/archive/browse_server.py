"""A Datasette with the plugin on a real socket, in a thread, for the tests of the browse plugin."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn


@contextmanager
def running(datasette) -> Iterator[httpx.Client]:
    """A client of the served *datasette*; its ``base_url`` is where it stands."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(datasette.app(), log_level="error", lifespan="on", server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        for database in datasette.databases.values():
            database.close()


@contextmanager
def visiting(browser, **options):
    """A page; and all that it asked for."""
    context = browser.new_context(**options)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        yield page, asked
    finally:
        context.close()


def text_of(html: str) -> str:
    """What stands between the tags, white space collapsed."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def read_links(text: str) -> list[tuple[str, dict[str, str]]]:
    """RFC 8288: targets, each with its parameters."""
    return [
        (target, dict(re.findall(r';\s*([a-z]+)="([^"]*)"', parameters)))
        for target, parameters in re.findall(r'<([^>]*)>((?:;\s*[a-z]+="[^"]*")*)', text)
    ]


def by_relation(text: str) -> dict[str, str]:
    return {parameters["rel"]: target for target, parameters in read_links(text)}
