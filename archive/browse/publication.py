"""Which file is served, and that it holds nothing that is withheld: looked at again before every request.

Where nothing is withheld it is the archive's own database. Else, and always for the public, it is a copy without what
is hidden, so that no route, table page, feed or `?sql=` can show it. A decision holds from the next request on: what it
hides is taken out of the copy before that is let in. What a crawl writes, what is shown again and embargoes that ended
need a new copy, which is made beside the requests.
"""

from __future__ import annotations

import logging
import sqlite3
import tempfile
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from archive import times
from archive.browse.stamps import Stamp, inode_of, stamp_of
from archive.browse.thumbnail_cache import forget_others
from archive.errors import ArchiveFault, BewaarError, WrongUse
from archive.layout import Archive
from archive.locks import waiting_lock
from archive.store import publication
from archive.store.removal import remove_withheld
from archive.store.rules import Rule, next_end, rules_in

log = logging.getLogger(__name__)

#: a copy that a crawl has outrun is made again no sooner than this after the last, seconds, nor than ten times as long
#: as making it took
FRESH_S = 5.0
_COSTS = 10
#: after a failure nothing is tried again for so long, seconds, unless the decisions change
_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Made:
    """What the file that is served was made of."""

    path: Path
    inode: int
    decisions: Stamp
    database: Stamp
    rules: tuple[Rule, ...]
    #: until when, as an ``*_at`` text
    until: str | None
    #: `time.monotonic`, and seconds
    at: float
    took_s: float
    #: False while pages that were replaced can still be read in the file
    clean: bool = True
    #: something is not in it that may be seen again
    hides_too_much: bool = False


class Publication:
    """Safe to be asked by several threads at once."""

    def __init__(self, archive: Archive, *, public: bool = False, fresh_s: float = FRESH_S) -> None:
        self.archive = archive
        self.public = public
        self._fresh_s = fresh_s
        #: held while the file that is served, and what is known of it, changes
        self._lock = threading.Lock()
        #: held while a new one is made
        self._making = threading.Lock()
        self._made: _Made | None = None
        self._failed: tuple[Stamp, float, BewaarError] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def path(self) -> Path:
        """The file that is served. Raises what `refresh` does where there is none yet."""
        if self._made is None:
            self.refresh()
        assert self._made is not None
        return self._made.path

    @property
    def file(self) -> tuple[Path, int]:
        """The file that is served, and which it is of those that had its name."""
        path = self.path
        return path, inode_of(path)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._made.rules if self._made else ()

    def holds(self) -> bool:
        """Whether what is served may be: no decision was made since. Costs a look at each file of decisions."""
        made = self._made
        if self.archive.is_erasing:
            return False
        return made is not None and made.decisions == self._decisions() and made.inode == inode_of(made.path)

    @property
    def hides_too_much(self) -> bool:
        """Whether something that may be seen again is not in it."""
        return self._made is not None and self._made.hides_too_much

    def shown(self) -> float:
        """Since when what is served is as it is, `time.monotonic`. Raises what `refresh` does where there is none."""
        if self._made is None:
            self.refresh()
        assert self._made is not None
        return self._made.at

    def state(self) -> tuple[object, object]:
        """What decisions what is served was made by, and what it was made of: equal while nothing has changed."""
        made = self._made
        if made is None:
            return None, None
        return (made.path, made.decisions), (self._database() if made.path == self.archive.database else made.at)

    def is_due(self) -> bool:
        """Whether it may be served, and something should be done about it all the same."""
        made = self._made
        return made is not None and (not made.clean or self._lacks(made))

    def _lacks(self, made: _Made) -> bool:
        """Whether another should be made: a crawl has written since, an embargo has ended or something is to be shown
        again."""
        if made.hides_too_much or (made.until is not None and made.until <= times.seconds(times.now())):
            return True
        if made.path == self.archive.database or made.database == self._database():
            return False
        return time.monotonic() - made.at >= max(self._fresh_s, _COSTS * made.took_s)

    def hold(self) -> bool:
        """Take what was decided to be withheld since out of the file that is served; whether it may be served then.
        Blocks; it takes as long as looking at each URL does, and as merging the search indexes.

        False where another must be made. Raises WrongUse for a decision that cannot be obeyed: nothing may be served.
        """
        with self._lock:
            made = self._made
            if made is None or made.inode != inode_of(made.path) or self.archive.is_erasing:
                return False
            decisions = self._decisions()
            if made.decisions == decisions:
                return True
            if made.path == self.archive.database:
                return False
            try:
                with self._locked(made.path, "write"):
                    self._show(self._withhold(made, decisions))
            except (ArchiveFault, sqlite3.Error) as error:
                log.warning("%s: %s: it is made anew", made.path, error)
                return False
            return True

    def refresh(self) -> None:
        """Serve what may be seen now. Blocks; it takes as long as copying the database does.

        Raises WrongUse for a decision that cannot be obeyed, NotAnArchive, ArchiveFault: nothing may be served then.
        """
        with self._making:
            with self._lock:
                if self._made and not self._made.clean and self.holds():
                    self._made = replace(self._made, clean=publication.scrub(self._made.path))
            made = self._made
            if made and self.holds() and not self._lacks(made):
                return  # somebody else was faster
            if self.archive.is_erasing:
                raise WrongUse(f"{self.archive.root}: something is being erased")
            decisions = self._decisions()
            if self._failed and self._failed[0] == decisions and time.monotonic() - self._failed[1] < _RETRY_S:
                raise self._failed[2]
            try:
                self._make(decisions)
            except BewaarError as error:
                self._failed = (decisions, time.monotonic(), error)
                if not self.holds():
                    self._made = None
                raise
            self._failed = None

    def _make(self, decisions: Stamp) -> None:
        began = time.monotonic()
        database = self._database()
        rules = tuple(rules_in(self.archive.decisions))
        path = self._target() if self.public or rules else self.archive.database
        made = _Made(path, 0, decisions, database, rules, next_end(rules), began, 0.0)
        if path == self.archive.database:
            with self._lock:
                self._show(replace(made, inode=inode_of(path), at=time.monotonic()))
            return
        with self._locked(path, "draft"), publication.drafting(path) as draft:
            if is_unwritten(self.archive.database):
                draft.touch()
            else:
                publication.write_visible(self.archive, draft, public=self.public)
            took_s = time.monotonic() - began
            # Whoever decides from here on waits for it, and has it taken out of what is served then.
            with self._lock, self._locked(path, "write"):
                if draft.stat().st_size == 0:
                    draft.replace(path)
                    clean = True
                else:
                    if (now := self._decisions()) != decisions:
                        made = self._withhold(replace(made, path=draft), now)
                    clean = publication.publish(draft, path)
                self._show(
                    replace(made, path=path, inode=inode_of(path), clean=clean, at=time.monotonic(), took_s=took_s)
                )

    def _show(self, made: _Made) -> None:
        self._made = made
        if self.archive.writable:
            forget_others(self.archive.thumbnails, made.rules)

    def _withhold(self, made: _Made, decisions: Stamp) -> _Made:
        """The file of *made* with the rules of now. What holds no more stays hidden in it."""
        rules = rules_in(self.archive.decisions)
        known, wanted = {_hides(rule) for rule in made.rules}, {_hides(rule) for rule in rules}
        remove_withheld(
            made.path,
            [rule for rule in rules if _hides(rule) not in known],
            self.archive.decisions,
            public=self.public,
        )
        left = [rule for rule in made.rules if _hides(rule) not in wanted]
        clean = publication.scrub(made.path)
        return replace(
            made,
            decisions=decisions,
            rules=(*rules, *left),
            until=next_end(rules),
            clean=clean,
            hides_too_much=made.hides_too_much or bool(left),
        )

    def _target(self) -> Path:
        """Beside the database for the public, else where only the operator reads; elsewhere on read-only media."""
        name = "public.db" if self.public else "served.db"
        if self._folder is None and self.archive.writable:
            self.archive.make_folders()
            return (self.archive.root if self.public else self.archive.state).absolute() / name
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="bewaar-serve-")
        return Path(self._folder.name) / name

    def _locked(self, target: Path, what: str) -> AbstractContextManager[None]:
        """One process at a time writes a draft of it, and one at a time writes it."""
        folder = self.archive.state if self._folder is None else target.parent
        return waiting_lock(folder / f"{target.name}.{what}.lock")

    def _decisions(self) -> Stamp:
        return stamp_of(sorted(self.archive.decisions.glob("*.jsonl")))

    def _database(self) -> Stamp:
        database = self.archive.database
        return stamp_of([database, database.with_name(f"{database.name}-wal")])


def is_unwritten(database: Path) -> bool:
    """Whether nothing at all is in the file: a crawl makes it before it writes the first table into it."""
    wal = database.with_name(database.name + "-wal")
    return database.stat().st_size == 0 and not (wal.exists() and wal.stat().st_size)


def _hides(rule: Rule) -> tuple[str, bool, str, str]:
    return rule.key, rule.whole_name, rule.since, rule.until
