"""``bewaar serve``: Datasette on an archive, with everything set."""

from __future__ import annotations

import errno
import math
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.browse import access, metadata
from archive.browse.faults import quiet_terminal
from archive.browse.publication import Publication, is_unwritten
from archive.browse.thumbnail_cache import LIMIT_BYTES
from archive.errors import NotAnArchive, WrongUse
from archive.layout import Archive
from archive.store import open_read_only
from archive.store.described import Described, read_described

SETTINGS: dict[str, Any] = {
    # On a table of a million captures these two are the difference between 0.84 s and 0.02 s.
    "suggest_facets": False,
    "truncate_cells_html": 200,
    "default_page_size": 50,
    "facet_time_limit_ms": 500,
    # Opening our own questions and tables is what visitors come for; a stray query stops after three seconds.
    "sql_time_limit_ms": 3000,
    "allow_download": False,
}
#: what strangers may ask for on top of that
PUBLIC: dict[str, Any] = {
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 200,
    # A whole table as CSV would hold a thread for as long as its reader likes; `bewaar export` is for that.
    "allow_csv_stream": False,
}
_BASE_PATH = re.compile(r"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?$")
#: nobody waits for the pages of a static site
_STILL_SQL_MS = 60_000
#: requests under way when the server is stopped have this long, seconds
_GRACE_S = 3


def is_frozen(database: Path) -> bool:
    """Whether nothing can be writing to it: then it is opened as immutable, which read-only media need."""
    wal = database.with_name(database.name + "-wal")
    return not (wal.exists() and wal.stat().st_size) and not os.access(database.parent, os.W_OK)


def _read_contents(database: Path) -> tuple[list[Described], dict[str, tuple[str, ...]]]:
    """What is said of the sites, and the columns of every table. Raises NotAnArchive."""
    db = open_read_only(database)
    try:
        return read_described(db.conn), access.columns_by_table(db.conn)
    finally:
        db.close()


def build_still(archive: Archive, *, base_url: str, index: bool) -> tuple[Any, Publication]:
    """A Datasette that is asked for the files of a static site which will stand at *base_url*, and what it shows: what
    anybody may see, of one moment. Raises as `build` does."""
    publication = Publication(archive, public=True, fresh_s=math.inf)
    settings = {"sql_time_limit_ms": _STILL_SQL_MS}
    return build(archive, index=index, publication=publication, settings=settings, site=base_url), publication


def build(
    archive: Archive,
    *,
    public: bool = False,
    index: bool = False,
    publication: Publication | None = None,
    settings: dict[str, Any] | None = None,
    thumbnails_mb: int = LIMIT_BYTES >> 20,
    **plugin: Any,
) -> Any:
    """A Datasette on what may be seen of the archive; when *public* on what anybody may. With *index* search engines
    may keep archived pages. Of *thumbnails_mb* megabytes thumbnails are kept on disk. *settings* are
    Datasette's, *plugin* our own.

    Raises NotAnArchive where there is no database, or one we cannot read; WrongUse for a decision that cannot be
    obeyed.
    """
    database = archive.database
    if not database.is_file():
        raise NotAnArchive(f"{database}: no such file: crawl, ingest or rebuild makes it")
    sites, existing = ([], {}) if is_unwritten(database) else _read_contents(database)
    publication = publication or Publication(archive, public=public)
    public = publication.public
    if public and existing:
        _, existing = _read_contents(publication.path)
    from datasette.app import Datasette

    from archive.browse.served import serve_instead

    path = str(database)
    frozen = is_frozen(database)
    said = metadata.describe_sites(sites, archive.operator)
    ours = {"warcs": str(archive.warcs), "unwritten": not existing, "index": index, "thumbnails_mb": thumbnails_mb}
    plugins = {access.PLUGIN: ours | plugin}
    about: dict[str, Any] = {"metadata": said | {"plugins": plugins}}
    if not metadata.before_one():
        config = metadata.configuration(existing, database.stem) | {"plugins": plugins}
        about = {"metadata": dict(said), "config": config}
    settings = SETTINGS | (PUBLIC if public else {}) | (settings or {})
    datasette = Datasette([] if frozen else [path], immutables=[path] if frozen else [], settings=settings, **about)
    serve_instead(datasette, database.stem, publication)
    return datasette


def serve(
    archive: Archive,
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    public: bool = False,
    index: bool = False,
    replay: str | None = None,
    base_path: str = "/",
    thumbnails_mb: int = LIMIT_BYTES >> 20,
) -> int:
    """Serve until Ctrl-C or SIGTERM; the address goes to stdout once it answers. Port 0 takes a free one.

    *replay* is what the addresses of replayed pages begin with; *base_path* what all of ours do, where a proxy hands
    only those on.

    Raises NotAnArchive, and WrongUse for an address that cannot be had or a decision that cannot be obeyed. What is in
    the archive is only read: beside it, copies without what is withheld are made (`archive.browse.publication`), and
    thumbnails are kept.
    """
    import uvicorn

    if not _BASE_PATH.fullmatch(base_path):
        raise WrongUse(f"--base-path {base_path!a}: a path such as /archive/ is expected")
    with _listen(host, port) as listener:
        settings = {"base_url": base_path}
        about = {"settings": settings, "thumbnails_mb": thumbnails_mb, **_replaying(replay)}
        datasette = build(archive, public=public, index=index, **about)
        config = uvicorn.Config(
            datasette.app(),
            # Its own configuration writes tracebacks; its warnings are of requests that are no HTTP.
            log_config=None,
            log_level="error",
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_S,
            server_header=False,
        )
        shown = f"[{host}]" if ":" in host else host
        try:
            with _interruptible(), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                print(f"http://{shown}:{listener.getsockname()[1]}/", flush=True)
                with quiet_terminal(sys.stderr, nowhere):
                    uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            pass
    return 0


def _replaying(replay: str | None) -> dict[str, Any]:
    if replay is None:
        return {}
    if not _ORIGIN.match(replay):
        raise WrongUse(f"--replay {replay!a}: an address such as https://replay.example.org/archive is expected")
    return {"replay": replay}


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket: whoever connects from now on waits until the server answers."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: "another program listens there; choose another port with --port",
            errno.EACCES: "this user may not listen there; ports below 1024 are for root",
            errno.EADDRNOTAVAIL: "this machine has no such address",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise WrongUse(f"cannot serve on {host} port {port}: {reason}") from error
    with listener:
        yield listener


@contextmanager
def _interruptible() -> Iterator[None]:
    """uvicorn ends by raising the signal again that ended it: make both a KeyboardInterrupt, which says nothing."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not in the main thread: whoever runs us there stops us
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
