"""A database of Datasette that opens the file which may be seen now, whichever that is."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from datasette.database import Database

from archive.browse import access
from archive.browse.publication import Publication
from archive.databases import read_only_uri
from archive.errors import NotAnArchive
from archive.layout import Archive


class ServedDatabase(Database):
    """Of a `Publication`. Only reads; a thread whose connection is of another file opens a new one."""

    def __init__(self, datasette: Any, publication: Publication, *, is_mutable: bool) -> None:
        self.publication = publication
        self._threads = threading.local()
        super().__init__(datasette, path=str(publication.path), is_mutable=is_mutable)  # type: ignore[no-untyped-call]

    @property
    def path(self) -> str:
        return str(self.publication.path)

    @path.setter
    def path(self, _: str) -> None:
        """Datasette says once more what it was told."""

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: ARG002, FBT001, FBT002 - as Datasette calls it
        """For reading, whatever is asked for."""
        return self._open(self.publication.path)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        def read() -> Any:
            return fn(self._connection())

        if self.ds.executor is None:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, read)

    #: Datasette 1.0 runs SQL by this one
    _execute_fn = execute_fn

    @property
    def _tracked(self) -> list[sqlite3.Connection]:
        """Connections that Datasette closes at its end."""
        found = self._all_connections if hasattr(self, "_all_connections") else self._all_file_connections
        return cast("list[sqlite3.Connection]", found)

    def _open(self, path: Path) -> sqlite3.Connection:
        is_own = path == self.publication.archive.database
        uri = f"{path.absolute().as_uri()}?immutable=1" if is_own and not self.is_mutable else read_only_uri(path)
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        if self.publication.public:
            connection.set_authorizer(_authorise)
        self._tracked.append(connection)
        return connection

    def _connection(self) -> sqlite3.Connection:
        file = self.publication.file
        held: tuple[tuple[Path, int], sqlite3.Connection] | None = getattr(self._threads, "held", None)
        if held and held[0] == file:
            return held[1]
        if held:
            held[1].close()
            with suppress(ValueError):
                self._tracked.remove(held[1])
        connection = self._open(file[0])
        self.ds._prepare_connection(connection, self.name)  # noqa: SLF001 - Datasette's own, for its own databases
        self._threads.held = (file, connection)
        return connection


def serve_instead(datasette: Any, name: str, publication: Publication) -> None:
    """Put what may be seen in the place of the database *name*."""
    before = datasette.databases[name]
    served = ServedDatabase(datasette, publication, is_mutable=before.is_mutable)
    served.name, served.route = name, before.route
    datasette.databases = {key: served if key == name else value for key, value in datasette.databases.items()}
    before.close()


def serve_archives_instead(datasette: Any) -> None:
    """The same for every database that lies in an archive, as where Datasette was started without us. Raises WrongUse
    for a decision that cannot be obeyed: nothing is shown then."""
    for name in access.archives(datasette):
        database = datasette.databases[name]
        if isinstance(database, ServedDatabase):
            continue
        with suppress(NotAnArchive):
            archive = Archive.open(Path(database.path).absolute().parent)
            if archive.database.absolute() == Path(database.path).absolute():
                serve_instead(datasette, name, Publication(archive))


def _authorise(action: int, what: str | None, *_: object) -> int:
    """Where on this machine the file lies is nobody's business; a PRAGMA that is ignored answers nothing."""
    told = action == sqlite3.SQLITE_PRAGMA and (what or "").lower() == "database_list"
    return sqlite3.SQLITE_IGNORE if told else sqlite3.SQLITE_OK
