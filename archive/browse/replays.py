"""Where a capture is replayed, scripts and all: on an origin of its own, when something replays there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from archive import times
from archive.announcement import announced
from archive.browse import access

#: what listens on every address of the machine is reached at the one the visitor knows
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
_IN_PATH = "%:/?&=+@!$,;()*~'[]"


def replay_of(datasette: Any, request: Any, name: str) -> str | None:
    """What the addresses of replayed captures begin with: the setting ``replay``, else where `bewaar replay` says that
    it runs, which the public cannot reach. None where nothing replays, and never this origin: scripts would run in it.
    """
    found = access.settings(datasette).get("replay")
    if not isinstance(found, str):
        publication = access.publication_of(datasette, name)
        found = announced(publication.archive) if publication and not publication.public else None
    if found is None:
        return None
    at, here = urlsplit(found), urlsplit(f"{request.scheme}://{request.host}")
    if at.hostname in _EVERYWHERE and here.hostname:
        host = f"[{here.hostname}]" if ":" in here.hostname else here.hostname
        at = at._replace(netloc=f"{host}:{at.port}" if at.port else host)
    if at.netloc == here.netloc:
        return None
    return at.geturl().rstrip("/")


def replay_address(replay: str | None, captured_at: str, url: str) -> str | None:
    """Of one capture, as pywb and others have it.

    >>> replay_address("http://127.0.0.1:8002/archive", "2016-05-01T12:00:01Z", "http://a.test/b?c=d e")
    'http://127.0.0.1:8002/archive/20160501120001/http://a.test/b?c=d%20e'
    """
    return f"{replay}/{times.digits14(captured_at)}/{quote(url, safe=_IN_PATH)}" if replay else None
