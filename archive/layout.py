"""An archive is a directory: what lies where in it, its format version, and its locks."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from archive.errors import ArchiveFault, NotAnArchive, WrongUse
from archive.founding import MARKER, SITES, check_free, is_headless
from archive.locks import nesting_lock, owned_lock, owner_of, waiting_lock
from archive.whole import make_folder, write_whole

#: The archive format this version writes and reads; one number up when an older version would misread the directory.
FORMAT = 1
#: how the names of files begin that were taken in: their sha256 follows. A crawl's file has its site's name there, and
#: 17 digits behind that, so that the two cannot clash.
KEPT = "sha256-"
#: and those of what another archive was asked
FROM = "from-"

#: in ``state/`` while something is being erased: what, and how far it is
ERASING = "erasure.json"

_SITE = re.compile(r"[a-z0-9_-]{1,100}")


def check_site_name(name: str) -> str:
    """*name*, when it can be a file name in any archive. Raises WrongUse: site names come from command lines and WARCs.

    >>> check_site_name("better_care_network")
    'better_care_network'
    """
    if not _SITE.fullmatch(name):
        raise WrongUse(f"{name[:120]!r} is not a site name: only a-z, 0-9, _ and -, 100 at most")
    return name


_SURROGATE = re.compile("[\ud800-\udfff]")


def is_unicode(name: str) -> bool:
    """False for the name of a file whose bytes are not UTF-8: Python has lone surrogates there."""
    return _SURROGATE.search(name) is None


def readable(text: str) -> str:
    r"""*text* with what no Unicode text may hold made visible: neither a terminal, nor a database, nor JSON takes it.

    >>> readable("w\udce9.wacz"), readable("\ud800")
    ('w\\xe9.wacz', '\ufffd')
    """
    return _SURROGATE.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    # Python keeps a byte of a name that is no UTF-8 as one of these (PEP 383).
    byte = ord(match[0]) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else "\ufffd"


@dataclass(frozen=True, slots=True)
class Archive:
    root: Path
    operator: str | None = None
    #: who answers for the crawls, as sites see it; a profile may name another
    contact: str | None = None

    @classmethod
    def open(cls, root: Path | str, *, erasing: bool = False) -> Archive:
        """The archive at *root*; nothing is written, so it may lie on read-only media. Raises NotAnArchive, and where
        something is being erased WrongUse, but for whoever goes on *erasing*."""
        from archive.configuration import read_toml
        from archive.marker import check_marker

        root = Path(root)
        if not root.is_dir():
            raise NotAnArchive(f"{root}: {'not a directory' if root.exists() else 'no such directory'}")
        marker = root / MARKER
        if not marker.is_file():
            raise NotAnArchive(f"{root}: not an archive: it holds no {MARKER}")
        data, text = read_toml(marker, NotAnArchive)
        # Before anything else: what a newer format means by its other keys is not for us to judge.
        if isinstance(version := data.get("format"), int) and version > FORMAT:
            raise NotAnArchive(
                f"{marker}: archive format {version} is newer than this version of Bewaar reads ({FORMAT})"
            )
        found = check_marker(data, source=str(marker), text=text, error=NotAnArchive)
        archive = cls(root=root, operator=found.operator, contact=found.contact)
        if not erasing and archive.is_erasing:
            raise WrongUse(
                f"{root}: something is being erased, or erasing was stopped in the middle: `bewaar erase --finish"
                f" --archive {quote(str(root))}` ends it; until then nothing else opens the archive"
            )
        return archive

    @classmethod
    def find(cls, root: Path, *, erasing: bool = False) -> Archive | None:
        """The archive at *root*, or the one to be made there, of which somebody has written the profiles; else None.

        Raises NotAnArchive and WrongUse, as `open` does.
        """
        if (root / MARKER).exists():
            return cls.open(root, erasing=erasing)
        return cls(root=root) if (root / SITES).is_dir() else None

    @classmethod
    def create(
        cls, root: Path | str, *, operator: str | None = None, contact: str | None = None, marker_lost: bool = False
    ) -> Archive:
        """Make an archive at *root*, or open the one that is there, as it is; with *marker_lost*
        also one that is an archive but for its marker.

        Raises NotAnArchive for a directory that holds other things, ArchiveFault where nothing can be written.
        """
        root = Path(root)
        if (root / MARKER).exists():
            archive = cls.open(root)
            if archive.writable:
                archive.make_folders()
            return archive
        from archive.marker import check_marker, marker_text

        values: dict[str, Any] = {"format": FORMAT, "operator": operator, "contact": contact}
        check_marker(values, source=f"a new {MARKER}", text="", error=WrongUse)
        try:
            if not (marker_lost and is_headless(root)):
                check_free(root)
            make_folder(root)
            write_whole(root / MARKER, marker_text(values))
        except FileExistsError as fault:
            raise NotAnArchive(f"{root}: not a directory") from fault
        except OSError as fault:
            raise ArchiveFault(f"{fault.filename or root / MARKER}: {fault.strerror}") from fault
        archive = cls(root=root, operator=operator, contact=contact)
        archive.make_folders()
        return archive

    @property
    def warcs(self) -> Path:
        return self.root / "warcs"

    @property
    def sites(self) -> Path:
        return self.root / SITES

    @property
    def pages(self) -> Path:
        """Golden pages of the archive's own profiles; there once somebody has recorded one."""
        return self.root / "pages"

    @property
    def decisions(self) -> Path:
        return self.root / "decisions"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def is_erasing(self) -> bool:
        """Whether what a legal order names is not gone yet from everywhere in here."""
        try:
            return (self.state / ERASING).exists()
        except PermissionError:
            return False  # others may read an archive, and not its state

    @property
    def thumbnails(self) -> Path:
        """Small copies of pictures, made again when they are gone."""
        return self.state / "thumbnails"

    @property
    def database(self) -> Path:
        return self.root / "archive.db"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest-sha256.txt"

    def warcs_of(self, site: str) -> list[Path]:
        """The sealed WARC files of one site, in the order they were written."""
        named = re.compile(rf"{re.escape(check_site_name(site))}-\d{{17}}-\d{{5,}}-.*\.warc\.gz")
        return sorted(path for path in self.warcs.glob("*.warc.gz") if named.fullmatch(path.name))

    def sealed_warcs(self) -> list[Path]:
        """All WARC files nobody writes to any more, others' among them."""
        return self._named((".warc.gz", ".warc"))

    def arcs(self) -> list[Path]:
        """ARC files that lie among them: older ones, others'."""
        return self._named((".arc.gz", ".arc"))

    def waczs(self) -> list[Path]:
        """Packages of them, others'."""
        return self._named((".wacz",))

    def _named(self, ends: tuple[str, ...]) -> list[Path]:
        """No row can hold a name that is no Unicode: a file with such a one is foreign until somebody renames it."""
        return sorted(path for path in self.warcs.glob("*") if path.name.endswith(ends) and is_unicode(path.name))

    def kept(self) -> list[Path]:
        """The files among all these that were taken in."""
        found = (*self.sealed_warcs(), *self.arcs(), *self.waczs())
        return sorted(path for path in found if path.name.startswith(KEPT))

    def check_own(self, path: Path) -> Path:
        """*path*, when it is a file that lies where it says. Raises WrongUse: an archive somebody handed us must not
        have us pass on files that are not its own, nor wait for a pipe.
        """
        *folders, _ = path.relative_to(self.root).parts
        # The folder itself may be a link: an operator puts it on another disk.
        folder = self.root.joinpath(*folders)
        try:
            status = path.stat()
            inside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError) as fault:
            raise WrongUse(f"{path}: cannot be read: {getattr(fault, 'strerror', None) or fault}") from fault
        if not inside:
            raise WrongUse(f"{path}: a symbolic link leads out of {folder.name}/: not opened")
        if not stat.S_ISREG(status.st_mode):
            raise WrongUse(f"{path}: no regular file: not opened")
        return path

    @property
    def writable(self) -> bool:
        return os.access(self.root, os.W_OK | os.X_OK)

    def check_writable(self) -> None:
        """Raises WrongUse for an archive on read-only media, or someone else's."""
        if not self.writable:
            raise WrongUse(f"{self.root}: the archive is read-only here")

    def make_folders(self) -> None:
        """Make what is missing: copying tools leave empty folders out. Raises ArchiveFault."""
        try:
            for folder in (self.warcs, self.sites, self.decisions, self.exports, self.reports):
                make_folder(folder)
            # Frontiers and logs may hold what a profile redacts: nobody else reads them.
            for folder in (self.state, self.logs):
                make_folder(folder, 0o700)
            if self.state.stat().st_mode & 0o077:
                self.state.chmod(0o700)
        except OSError as fault:
            raise ArchiveFault(f"{fault.filename or self.root}: {fault.strerror}") from fault

    @contextmanager
    def lock_site(self, site: str) -> Iterator[None]:
        """Hold *site* for one crawl. Raises Locked, naming the holder, at once where another process holds it."""
        self._prepare_to_lock()
        with owned_lock(self._site_lock(site), f"{site} is being crawled already"):
            yield

    def holder_of(self, site: str) -> int | None:
        """The process that crawls *site*, by what its lock file says; None where it is none, or none any more. The
        lock itself is left alone: taken for a moment, it would turn a crawl away that begins just then."""
        return owner_of(self._site_lock(site))

    def _site_lock(self, site: str) -> Path:
        return self.state / f"{check_site_name(site)}.lock"

    @contextmanager
    def lock_intake(self) -> Iterator[None]:
        """Hold the taking in of others' files; waits for other processes."""
        self._prepare_to_lock()
        with waiting_lock(self.intake_lock):
            yield

    @property
    def intake_lock(self) -> Path:
        return self.state / "intake.lock"

    @contextmanager
    def lock_database(self) -> Iterator[None]:
        """Hold archive.db for one batch of writes; waits for other threads and processes. One thread may nest it."""
        with nesting_lock(self.state / "archive.db.lock", self._prepare_to_lock):
            yield

    def _prepare_to_lock(self) -> None:
        self.check_writable()
        self.make_folders()
