"""``bewaar``, the front door. Each verb parses, calls one function, prints; the archive's own verbs are mounted."""

from __future__ import annotations

import codecs
import io
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from archive.cli import ArchivePath, archive_option, verbs
from archive.errors import ArchiveFault, BewaarError, WrongUse
from archive.export.cli import EXTRACTORS, export
from archive.gallery.cli import logos
from archive.layout import Archive, readable
from archive.packing.cli import pack
from archive.report.cli import ASKED_IN, diff, report, search
from archive.withholding.cli import withhold
from crawler.alerting.cli import alerts
from crawler.audit.cli import audit
from crawler.crawl_cli import crawl
from crawler.curation.cli import curate
from crawler.doctor.cli import doctor
from crawler.erasing.cli import erase
from crawler.golden.cli import savepage
from crawler.intake_cli import extract, ingest, rebuild
from crawler.look.cli import init
from crawler.memento.cli import recover
from crawler.outcome import DONE, FAULT, INTERRUPTED, PROBLEMS, WRONG_USE
from crawler.patching.cli import patch
from crawler.schedule.cli import due, schedule
from crawler.sites.cli import sites
from crawler.status.cli import status


class FrontDoor(click.Group):
    """Every error of ours is one line on standard error and an exit code, never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        never_fail_to_say()
        # As Ctrl-C: what is being written is taken back, and the exit code says so. (A crawl has its own handlers.)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            code, said = self._outcome(*args, **kwargs)
        except KeyboardInterrupt:
            # It came while that was being made out of another end.
            code, said = INTERRUPTED, "interrupted"
        # All is done: one more Ctrl-C while it is said and Python packs up must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if said:
            with suppress(OSError):
                click.echo(f"bewaar: {said}", err=True)
        if code == INTERRUPTED:
            # A KeyboardInterrupt inside exec(), as imports use it, makes Python end by the signal whatever is returned.
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(INTERRUPTED)
        sys.exit(code)

    def _outcome(self, *args: Any, **kwargs: Any) -> tuple[int, str | None]:
        """The exit code, and what was wrong."""
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.Exit as end:
            return end.exit_code, None
        except click.UsageError as error:
            asked = f" (see {error.ctx.command_path} --help)" if error.ctx else ""
            return WRONG_USE, f"{error.format_message()}{asked}"
        except click.ClickException as error:
            return WRONG_USE, error.format_message()
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED, "interrupted"
        except WrongUse as error:
            return WRONG_USE, str(error)
        except ArchiveFault as error:
            return FAULT, str(error)
        except BewaarError as error:
            return PROBLEMS, str(error)
        except sqlite3.OperationalError as error:
            return FAULT, f"the database cannot be written: {error}"
        except sqlite3.DatabaseError as error:
            return PROBLEMS, f"the database is damaged: {error}; `bewaar rebuild` derives it again"
        except BrokenPipeError:
            # Whoever read our output has seen enough.
            sys.stderr.close()
            return DONE, None
        except OSError as error:
            return FAULT, f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}"
        return (code if isinstance(code, int) else DONE), None


def never_fail_to_say() -> None:
    """What a stream's encoding has no place for, such as a file name that is not UTF-8, is shown in escapes."""
    codecs.register_error("readable", _readably)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="readable")


def _readably(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    said = readable(error.object[error.start : error.end])
    return said.encode("ascii", "backslashreplace").decode("ascii"), error.end


@click.group(cls=FrontDoor, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="bewaar", prog_name="bewaar")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep a website: crawl it, keep its bytes in WARC files, read its facts into SQLite, browse both in Datasette.

    \b
    Begin with
      bewaar demo                                a small site, crawled six times, on your own machine
      bewaar init                                an archive of your own: who keeps it, how they are reached
      bewaar sites add https://example.org/      looks at a site, and writes its profile
      bewaar crawl example_org
      bewaar serve                               look at what was kept
    """
    context.obj = _ask_authority
    context.meta[EXTRACTORS] = _extractor_versions
    context.meta[ASKED_IN] = _asked_in


def _ask_authority(url: str, query: bytes) -> bytes:
    """Handed to the archive's verbs, which are not on the network."""
    from crawler.authority import ask

    return ask(url, query)


def _extractor_versions() -> dict[str, int]:
    """Handed to the archive's verbs, which do not know the extractors."""
    from crawler.extract import VERSIONS

    return dict(VERSIONS)


def _asked_in(files: tuple[Path, ...]) -> Any:
    """Handed to the archive's verbs, which do not know what a page asks for."""
    from crawler.patching.files import asked_in

    return asked_in(files)


@main.command()
@click.option(
    "--archive",
    type=ArchivePath,
    default="demo-archive",
    show_default=True,
    help="Where the demo's archive goes; made if it is not there.",
)
def demo(archive: Path) -> int:
    """Crawl every edition of a small made-up site on loopback, and show what was kept.

    Ends by itself within a minute, needs no network, and can be repeated.
    """
    from crawler.replica.demo import run_demo

    return run_demo(archive)


@main.command()
@archive_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8002, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--setup", is_flag=True, help="Install pywb, in an environment of its own, and end.")
def replay(archive: Path, host: str, port: int, setup: bool) -> int:
    """Show archived pages as they were, at any moment, until Ctrl-C.

    Pages are replayed by pywb, scripts and all, on an origin of its own; nothing is fetched from the live web. pywb is
    not part of Bewaar: --setup installs it once, in BEWAAR_REPLAY_HOME or the user's data directory, where it cannot
    get in the way of crawls.

    \b
    Examples
      bewaar replay --setup
      bewaar replay --archive archive-data --port 8002
    """
    from crawler import replay as room

    if setup:
        room.set_up(click.echo)
        return DONE
    room.replay(Archive.open(archive), host=host, port=port, say=click.echo)
    return DONE


_ABOUT_SITES = (init, sites, crawl, status, due, schedule, report, patch, recover, alerts)
_ABOUT_FACTS = (extract, ingest, rebuild, savepage, logos, curate, diff, search, export)
_ABOUT_THE_ARCHIVE = (pack, withhold, erase, audit, doctor)
for verb in (*verbs, *_ABOUT_SITES, *_ABOUT_FACTS, *_ABOUT_THE_ARCHIVE):
    main.add_command(verb)

if __name__ == "__main__":
    main()
