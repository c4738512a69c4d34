"""Tells what is new, and remembers that it was told."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive import times
from archive.errors import BewaarError, WrongUse
from archive.founding import MARKER
from archive.layout import Archive
from archive.locks import waiting_lock
from crawler.alerting.settings import Alerts, read_alerts

if TYPE_CHECKING:
    from crawler.alerting.digest import Digest, Held, Told
    from crawler.alerting.gather import Alert


@dataclass(slots=True)
class Telling:
    #: what stands now, told or not
    standing: list[Alert]
    #: None where there was nothing new, or it was too soon
    digest: Digest | None
    #: what is new, and waits
    held: Held | None = None
    #: by way, why it could not be told
    faults: list[str] = field(default_factory=list)


def settings_of(archive: Archive) -> Alerts:
    """Raises WrongUse where nobody is to be told."""
    settings = read_alerts(archive)
    if settings is None or not (settings.mail or settings.webhook or settings.command):
        raise WrongUse(
            f"{archive.root / MARKER}: nobody is to be told; [alerts.mail], [alerts.webhook] or [alerts.command] says "
            "whom (docs/alerts.md)"
        )
    return settings


def tell(archive: Archive, *, verify: bool = False, dry_run: bool = False) -> Telling:
    """Of two that tell at once the second has nothing new."""
    # Most archives tell nobody, and every crawl comes by here.
    from crawler.alerting.digest import Told
    from crawler.alerting.gather import gather

    settings = settings_of(archive)
    if dry_run:
        standing = gather(archive, settings, verify=verify)
        told = Told(archive)
        return Telling(standing, told.digest(standing, settings, times.now()), told.held)
    with _lock(archive):
        standing = gather(archive, settings, verify=verify)
        told, now = Told(archive), times.now()
        telling = Telling(standing, told.digest(standing, settings, now), told.held)
        if telling.digest and not told.can_be_noted() and told.was_lost(now):
            telling.digest = None
        elif telling.digest:
            _send(telling, telling.digest, told, settings, archive)
        elif told.is_held:
            with suppress(OSError):
                told.note_held()
    return telling


def _send(telling: Telling, digest: Digest, told: Told, settings: Alerts, archive: Archive) -> None:
    from crawler.alerting.send import send

    done = send(digest, settings, archive)
    telling.faults = [f"{way}: {fault}" for way, fault in done if fault]
    # Where nobody was reached it is new the next time, too.
    if len(telling.faults) < len(done):
        no_more = "; the other ways told it, and it is not sent this way again"
        telling.faults = [f"{fault}{no_more}" for fault in telling.faults]
        try:
            told.note(telling.standing, digest, times.now())
        except OSError as error:
            told.note_lost()
            telling.faults.append(f"it was told, which cannot be noted: {error.strerror}")


def tell_after_crawl(archive: Archive) -> list[str]:
    """What went wrong with telling, which is no fault of the crawl's; nothing where nobody is to be told."""
    try:
        return tell(archive).faults if _is_told(archive) else []
    except BewaarError as error:
        return [str(error)]


def tell_held(archive: Archive) -> list[str]:
    """As `tell_after_crawl`, where that had something to tell too soon after the last digest, and it no longer is."""
    from crawler.alerting.digest import Told

    try:
        settings, told = read_alerts(archive), Told(archive)
        if settings is None or not told.is_held or told.is_early(settings, times.now()):
            return []
        return tell(archive).faults if _is_told(archive) else []
    except BewaarError as error:
        return [str(error)]


def _is_told(archive: Archive) -> bool:
    settings = read_alerts(archive)
    return settings is not None and bool(settings.mail or settings.webhook or settings.command)


def _lock(archive: Archive) -> AbstractContextManager[None]:
    """Waits for who tells already: crawls may end at once."""
    archive.make_folders()
    return waiting_lock(archive.state / "alerts.lock")
