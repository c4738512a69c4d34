"""The class that opens the database and writes to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlite_utils

from archive.faults import database_faults
from archive.model import Closing, Crawl, Fact, Place, Problem, Reading
from archive.store import decisions
from archive.store.alerts import Said, drift_of
from archive.store.captures import Captures
from archive.store.counts import Counts, count_rows
from archive.store.derivation import Derived, Known, derive
from archive.store.described import ELEMENTS
from archive.store.facts import Facts
from archive.store.originals import place_of, waiting_revisits
from archive.store.payloads import ReadPayload, no_payload
from archive.store.rows import Rows
from archive.store.schema import immediate, open_for_writing
from archive.store.styling import ShowStyled
from archive.uncollected import uncollected
from archive.warc.tombstones import Erased


class Store:
    """archive.db: a view of the WARCs and the decisions. Whatever the order and the batches in which crawls are
    written, the rows after `derive` are the same, integer ids aside.
    """

    def __init__(
        self,
        path: Path,
        kinds: Sequence[type[Fact]],
        *,
        write_lock: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Open or create, and migrate. *write_lock* is entered around every batch, checkpoint and close included:
        SQLite before 3.51.3 may damage a WAL that two connections write and checkpoint at once.

        Raises NotAnArchive for a file that is no database of ours, or is newer than this version; ArchiveFault, here
        and wherever it writes, for what the disk does to it.
        """
        self.path = path
        self.kinds = tuple(kinds)
        self._write_lock = write_lock
        with database_faults(path):
            self.db: sqlite_utils.Database = open_for_writing(path, kinds, write_lock)
        self._rows = Rows(self.db.conn)
        self._captures = Captures(self._rows)
        self._facts = Facts(self._rows)
        #: which database it was when ids were remembered: see `replace_with`
        self._generation = self._read_generation()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write_site(
        self,
        site: str,
        *,
        name: str,
        home: str | None = None,
        organisation: str | None = None,
        described: Mapping[str, str] | None = None,
        permissions: Sequence[Sequence[str | None]] = (),
    ) -> None:
        """Insert, or fill in: what is None, and a *name* that is only the site's id, leaves what is known of it.
        *organisation* is the owner's organisation key, *described* what is said by element (`archive.store.described`);
        *permissions*, each by whom, when, reference, scope and note, take the place of those that are there.
        """
        said = [(described or {}).get(element) for element in ELEMENTS]
        with self._batch():
            filled = ", ".join(f"{element} = coalesce(excluded.{element}, {element})" for element in ELEMENTS)
            self._rows.one(
                f"INSERT INTO site (id, name, home, organisation_key, {', '.join(ELEMENTS)})"
                f" VALUES (?,?,?,?{',?' * len(ELEMENTS)})"
                " ON CONFLICT (id) DO UPDATE SET name = iif(excluded.name = id, name, excluded.name),"
                " home = coalesce(excluded.home, home),"
                f" organisation_key = coalesce(excluded.organisation_key, organisation_key), {filled}",
                (site, name, home, organisation, *said),
            )
            if permissions:
                self._rows.one("DELETE FROM permission WHERE site_id = ?", (site,))
                self._rows.many(
                    "INSERT INTO permission (site_id, number, given_by, given_on, reference, scope, note)"
                    " VALUES (?,?,?,?,?,?,?)",
                    [(site, number, *one) for number, one in enumerate(permissions, 1)],
                )

    def write_crawl(self, crawl: Crawl) -> None:
        """Insert or merge by id: of two statements about one crawl the one that finished later holds."""
        with self._batch():
            self._captures.write_crawl(crawl)

    def write_closing(self, closing: Closing) -> None:
        """What a crawl whose row is there said of itself at its end."""
        with self._batch():
            self._captures.write_closing(closing)

    def write_readings(self, crawl_id: str, readings: Sequence[Reading]) -> None:
        """One transaction. A record whose row is there, by WARC file and offset, is passed over."""
        try:
            with self._batch():
                self._write_readings(crawl_id, readings)
        except (UnicodeEncodeError, OverflowError):
            self._rows.clean = True
            try:
                with self._batch():
                    self._write_readings(crawl_id, readings)
            finally:
                self._rows.clean = False

    def complete_revisits(self, crawl_id: str, readings: Sequence[Reading]) -> None:
        """Revisits that were written before their originals could be read, read once more: the rows are as if the
        originals had come first."""
        try:
            with self._batch():
                self._write_readings(crawl_id, readings, known=True)
        except (UnicodeEncodeError, OverflowError):
            self._rows.clean = True
            try:
                with self._batch():
                    self._write_readings(crawl_id, readings, known=True)
            finally:
                self._rows.clean = False

    def write_problems(self, crawl_id: str, problems: Sequence[Problem]) -> None:
        """Of a crawl's files, not of a capture: each once, however often it is told."""
        with self._batch():
            self._facts.write_file_problems(crawl_id, problems)

    def seal_warc(self, file: str, sha256: str, size: int, *, name: str | None = None) -> None:
        """*name* is a label; without one it is the file's."""
        with self._batch():
            self._captures.seal_warc(file, sha256, size, name)

    def write_erased(self, file: str, erased: Sequence[Erased]) -> None:
        """What stands in *file* (`Place.file`) in place of records that were erased."""
        with self._batch():
            self._captures.write_erased(file, erased)

    def sealed_files(self) -> set[str]:
        """The WARC files, by `Place.file`, whose rows are all there."""
        return self._captures.sealed_warcs()

    def site_of(self, crawl_id: str) -> str:
        return self._captures.site_of(crawl_id)

    def place_of(self, record_id: str) -> Place | None:
        """Where the response with this record id lies."""
        return place_of(self.db.conn, record_id)

    def waiting_revisits(self, gave_up: str) -> list[tuple[Place, str]]:
        """Revisits that were not read, whose originals are there since, with their crawls; but for those with the
        problem *gave_up*."""
        return waiting_revisits(self.db.conn, gave_up)

    def load_decisions(self, directory: Path) -> None:
        """Decisions and events out of ``*.jsonl``. Aliases take effect at the next `derive`.

        Raises WrongUse, naming file and line; nothing is changed then.
        """
        with self._batch():
            decisions.load(self.db.conn, directory)

    def derive(
        self,
        site: str,
        *,
        anchors: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
        expected: Mapping[str, int] | None = None,
        read: ReadPayload = no_payload,
        warcs: Path | None = None,
        shows: Mapping[str, ShowStyled] | None = None,
    ) -> Derived:
        """Organisations, presences, logos, changes, drift and search index of one site, in one transaction.

        *anchors* are the page keys whose lists prove absence, *names* the profile's names by organisation key,
        *expected* its counts by role; *read* finds the bytes of logos, fragments for drift are read from *warcs*,
        *shows* tells by role what a page shows with its style sheets: without it that stays as it is.
        """
        known = Known(tuple(anchors), names or {}, expected or {})
        lists = frozenset(kind.role for kind in self.kinds if kind.is_list)
        with self._batch(), uncollected():
            return derive(self.db.conn, site, known, lists, read=read, warcs=warcs, shows=shows or {})

    def drift_of(self, crawl_id: str) -> list[Said]:
        """What `derive` found broken in a crawl, or as before again."""
        return drift_of(self.db.conn, crawl_id)

    def counts(self) -> Counts:
        return count_rows(self.db.conn, [kind.role for kind in self.kinds])

    def replace_with(self, fresh: Store) -> None:
        """Become a copy of *fresh*, in the file that is there: a Datasette that has it open goes on and sees the new
        rows. Renaming a new file over a served one does not do that. Other processes that write to it notice.
        """
        with self._write_lock(), database_faults(self.path):
            fresh.db.conn.execute(f"PRAGMA user_version={self._read_generation() + 1}")
            fresh.db.conn.backup(self.db.conn)
            self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._captures.forget()
        self._facts.forget()

    def close(self) -> None:
        """Closing the last connection checkpoints the WAL, so it is done under the lock. Raises ArchiveFault."""
        with self._write_lock():
            try:
                # What the disk refuses on closing SQLite keeps to itself.
                with database_faults(self.path):
                    self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                self.db.close()

    def _write_readings(self, crawl_id: str, readings: Sequence[Reading], *, known: bool = False) -> None:
        """*known*: the captures have their rows, which lack what was read off them."""
        site = self._captures.site_of(crawl_id)
        for reading in readings:
            capture = reading.capture
            if not known and self._captures.is_known(capture):
                continue
            if capture.type == "revisit" and not capture.payload_bytes:
                # It holds no body: what was read off nothing would say that the page is empty.
                reading = replace(reading, page=None, sections=())  # noqa: PLW2901 - the same reading, less of it
            page_key = capture.page_key
            if page_key is None and reading.page is not None:
                page_key = capture.urlkey
            version = None
            if page_key is not None and reading.page is not None:
                version = self._facts.write_version(site, page_key, reading.page)
            if known:
                capture_id = self._captures.complete(reading, page_key, version)
            else:
                capture_id = self._captures.write(crawl_id, reading, page_key, version)
            self._facts.write_links(version, self._captures.resource(capture), reading.links)
            self._facts.write_sections(capture_id, site, reading.sections)
            if reading.problems and not (known and self._facts.has_problems(capture_id)):
                self._facts.write_problems(crawl_id, capture_id, capture.url, reading.problems)
        self._facts.flush()

    def _read_generation(self) -> int:
        return int(self.db.conn.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _batch(self) -> Iterator[None]:
        with self._write_lock():
            try:
                with database_faults(self.path), immediate(self.db):
                    if (generation := self._read_generation()) != self._generation:
                        self._captures.forget()
                        self._facts.forget()
                        self._generation = generation
                    yield
            except BaseException:
                self._captures.forget()
                self._facts.forget()
                raise
