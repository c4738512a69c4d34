"""Plain ``scrapy crawl``, which begins and ends a crawl as ``bewaar crawl`` does. The facts may go to stdout; what is
told of the crawl goes to stderr."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from archive.errors import ArchiveFault, BewaarError, WrongUse
from archive.layout import Archive
from crawler.begin import Begun, begin_crawl
from crawler.given import Given
from crawler.outcome import FAULT, WRONG_USE, Outcome
from crawler.plan import profile_for
from crawler.upgrade import read_again

log = logging.getLogger(__name__)


def begin(
    site: str = "", archive: str = "archive-data", contact: str | None = None, extract: str = "yes", **unknown: str
) -> Begun:
    """What is wrong ends the process with one clear line, as in ``bewaar crawl``: an error would become a traceback of
    Scrapy's task, and exit code 1."""
    try:
        if unknown or not site:
            wrong = f"no argument {next(iter(unknown))}" if unknown else "no site"
            raise WrongUse(
                f"{wrong}: give -a site=NAME_OR_URL, and -a archive=DIR, contact=ADDRESS, extract=no if need be"
            )
        found = Archive.create(Path(archive), contact=contact)
        profile = profile_for(site, found)
        if extract != "no":
            read_again(found, log.info)
        begun = begin_crawl(found, profile, given=Given({}, contact, extract != "no"), same_seeds="://" in site)
    except BewaarError as error:
        sys.stderr.write(f"bewaar: {error}\n")
        raise SystemExit(FAULT if isinstance(error, ArchiveFault) else WRONG_USE) from None
    sys.stderr.writelines(f"bewaar: {line}\n" for line in begun.told)
    return begun


def tell(archive: Archive, outcome: Outcome) -> None:
    """How the crawl ended, to who ran it, and what is new to those whom the archive's alerts name."""
    from crawler.alerting.tell import tell_after_crawl

    fault = [outcome.fault] if outcome.fault else []
    said = [outcome.summary(), f"archive {archive.root}{outcome.listed()}"]
    said += [*outcome.good_news(), *outcome.complaints()]
    alerts = [f"alerts: {line}" for line in tell_after_crawl(archive)]
    sys.stderr.writelines(f"bewaar: {line}\n" for line in (*fault, *said, *alerts))
