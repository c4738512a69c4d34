"""Tells what is new, and remembers that it was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive import times
from archive.errors import BewaarError, WrongUse
from archive.layout import MARKER, Archive
from crawler.alerting.settings import Alerts, read_alerts

if TYPE_CHECKING:
    from crawler.alerting.digest import Digest
    from crawler.alerting.gather import Alert


@dataclass(slots=True)
class Telling:
    #: what stands now, told or not
    standing: list[Alert]
    #: None where there was nothing new, or it was too soon
    digest: Digest | None
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
    # Most archives tell nobody, and every crawl comes by here.
    from crawler.alerting.digest import Told
    from crawler.alerting.gather import gather
    from crawler.alerting.send import send

    settings = settings_of(archive)
    standing = gather(archive, settings, verify=verify)
    told, now = Told(archive), times.now()
    telling = Telling(standing, told.digest(standing, settings, now))
    if telling.digest is None or dry_run:
        return telling
    archive.make_folders()
    done = send(telling.digest, settings, archive)
    telling.faults = [f"{way}: {fault}" for way, fault in done if fault]
    # Where nobody was reached it is new the next time, too.
    if len(telling.faults) < len(done):
        told.note(standing, telling.digest, now)
    return telling


def tell_after_crawl(archive: Archive) -> list[str]:
    """What went wrong with telling, which is no fault of the crawl's; nothing where nobody is to be told."""
    try:
        settings = read_alerts(archive)
        if settings is None or not (settings.mail or settings.webhook or settings.command):
            return []
        return tell(archive).faults
    except BewaarError as error:
        return [str(error)]
