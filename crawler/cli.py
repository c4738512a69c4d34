"""``bewaar``, the front door. Each verb parses, calls one function, prints; the archive's own verbs are mounted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archive.cli import ArchivePath, archive_option, json_option, print_json, verbs
from archive.errors import ArchiveFault, BewaarError, WrongUse
from archive.export.cli import EXTRACTORS, export
from archive.gallery.cli import logos
from archive.layout import Archive
from archive.packing.cli import pack
from archive.report.cli import ASKED_IN, diff, report, search
from archive.withholding.cli import withhold
from crawler.alerting.cli import alerts
from crawler.audit.cli import audit
from crawler.curation.cli import curate
from crawler.doctor.cli import doctor
from crawler.erasing.cli import erase
from crawler.golden.cli import savepage
from crawler.look.cli import init
from crawler.memento.cli import recover
from crawler.outcome import DONE, FAULT, INTERRUPTED, PROBLEMS, WRONG_USE
from crawler.patching.cli import patch
from crawler.schedule.cli import due, schedule
from crawler.sites.cli import SCOPES, sites
from crawler.status.cli import status


class FrontDoor(click.Group):
    """Every error of ours is one line on standard error and an exit code, never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
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
@click.argument("targets", metavar="SITE|URL...", nargs=-1)
@archive_option
@click.option("--contact", help="Mail or web address a webmaster can reach you at; goes into the User-Agent.")
@click.option("--operator", help="Who keeps this archive; goes into a new archive's bewaar.toml.")
@click.option("--scope", type=click.Choice(SCOPES), help="What belongs to the site, seen from its seeds.")
@click.option(
    "--seeds",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with one seed URL per line: beside URLs, or in place of the seeds of a SITE.",
)
@click.option("--hops", type=click.IntRange(0), help="Follow links at most this many steps from a seed.")
@click.option("--max-pages", type=click.IntRange(1), help="Stop after this many HTML pages; their requisites follow.")
@click.option("--max-per-host", type=click.IntRange(1), help="Ask no host for more URLs than this, seeds aside.")
@click.option("--max-bytes", metavar="BYTES", help='Stop after this much was received: 5000000, "200 MiB".')
@click.option("--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop after this long.")
@click.option("--delay", type=click.FloatRange(0), metavar="SECONDS", help="Between two requests to one host [1].")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Requests at a time to one host [1].")
@click.option("--connect-to", multiple=True, metavar="HOST:PORT:ADDRESS:PORT", help="As curl's; may be repeated.")
@click.option(
    "--strict-fields", is_flag=True, default=None, help="Leave out record fields that WARC 1.1 does not name."
)
@click.option("--no-extract", is_flag=True, help="Keep the bytes and follow links; read no facts.")
@click.option("--no-alerts", is_flag=True, help="Tell nobody how it ended; whoever begins it does.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished crawl, however old and whatever it began with.")
@click.option("--from-start", is_flag=True, help="Begin a new crawl beside an unfinished one.")
@json_option
def crawl(
    targets: tuple[str, ...],
    archive: Path,
    contact: str | None,
    operator: str | None,
    seeds: Path | None,
    connect_to: tuple[str, ...],
    no_extract: bool,
    no_alerts: bool,
    resume: bool,
    from_start: bool,
    as_json: bool,
    **limits: Any,
) -> int:
    """Crawl a site into the archive.

    SITE is the name of a profile (`bewaar sites`); a URL gets a default one: the host, or what lies below the URL's
    folder. An unfinished crawl of the site is resumed. Several SITEs are crawled side by side, four at a time; several
    URLs are the seeds of one.

    \b
    Examples
      bewaar crawl better_care_network --contact you@example.org
      bewaar crawl network museum library --contact you@example.org
      bewaar crawl https://example.org/docs/ --max-pages 200 --delay 2
    \b
    Exit codes
      0 done   1 done, with problems or drift   2 wrong use   3 stopped by a limit   4 the archive could not be written
      130 interrupted; the next `bewaar crawl` goes on
    """
    from crawler.begin import begin_crawl
    from crawler.plan import profile_for, read_seeds
    from crawler.upgrade import read_again

    if resume and from_start:
        raise WrongUse("--resume goes on with a crawl, and --from-start begins another: give one of them")
    settings = _settings(limits, connect_to)
    if seeds:
        urls = read_seeds(seeds)
        if len(targets) == 1 and "://" not in targets[0]:
            settings["seeds"] = urls
        else:
            targets = (*targets, *urls)
    if not targets:
        raise WrongUse("nothing to crawl: give a SITE or URL, or --seeds FILE; `bewaar sites` lists the sites")
    targets = tuple(dict.fromkeys(targets))
    if len(targets) > 1 and not all("://" in target for target in targets):
        return _crawl_each(targets, archive, as_json=as_json, no_alerts=no_alerts)
    # What is asked wrongly makes no archive.
    there = Archive.find(archive)
    if all("://" in target for target in targets):
        from crawler.sites.profile import default_profile

        profile = default_profile(*targets, **settings)
    else:
        profile = profile_for(targets[0], there, **settings)
    found = Archive.create(archive, operator=operator, contact=contact)
    if not no_extract:
        read_again(found, lambda line: click.echo(f"bewaar: {line}", err=True))
    begun = begin_crawl(
        found,
        profile,
        contact=contact,
        extract=not no_extract,
        resume=True if resume else False if from_start else None,
        same_seeds=all("://" in target for target in targets),
        ask=lambda question: click.confirm(question, err=True),
    )
    for recovery in begun.recovered:
        click.echo(
            f"bewaar: {recovery.file} was left open by a crawl that was cut short: {recovery.records} records kept, "
            f"{recovery.torn_bytes} torn bytes beside it",
            err=True,
        )
        for line in recovery.damage:
            click.echo(f"bewaar: {line}: damaged before the crawl was cut short, and left as it is", err=True)
    from crawler.run import run_crawl

    outcome = run_crawl(begun)
    if outcome.fault:
        click.echo(f"bewaar: {outcome.fault}", err=True)
    if as_json:
        drift = {"drift": outcome.drift, "as_before": outcome.as_before}
        print_json({**outcome.report(), **drift, "exit_code": outcome.exit_code, "archive": str(found.root)})
    else:
        click.echo(f"{outcome.summary()}\narchive {found.root}{outcome.listed()}")
        for line in outcome.good_news():
            click.echo(line)
        for line in outcome.complaints():
            click.echo(line, err=True)
    if not no_alerts:
        _tell(found)
    return outcome.exit_code


def _tell(archive: Archive) -> None:
    from crawler.alerting.tell import tell_after_crawl

    for line in tell_after_crawl(archive):
        click.echo(f"bewaar: alerts: {line}", err=True)


def _settings(limits: dict[str, Any], connect_to: tuple[str, ...]) -> dict[str, Any]:
    names = {"delay": "delay_s", "hops": "max_hops", "max_time": "max_time_s"}
    settings = {names.get(name, name): value for name, value in limits.items() if value is not None}
    if isinstance(size := settings.get("max_bytes"), str) and size.isdigit():
        settings["max_bytes"] = int(size)
    if connect_to:
        settings["connect_to"] = connect_to
    return settings


def _crawl_each(targets: tuple[str, ...], archive: Path, *, as_json: bool, no_alerts: bool) -> int:
    """Several sites, side by side. Crawls that begin at once must find the archive made."""
    from crawler.plan import profile_for
    from crawler.together import crawl_together

    there = Archive.find(archive)
    for target in targets:
        profile_for(target, there)  # a name that is none is told before anything begins
    options = [argument for argument in sys.argv[2:] if argument not in targets]
    options += [] if no_alerts else ["--no-alerts"]
    printed: list[Any] = []

    def show(site: str, text: str) -> None:
        if not as_json:
            click.echo(text, nl=False)
        elif text.strip():
            printed.append(json.loads(text) | {"site": site})

    code = crawl_together(targets, options, say=lambda site, line: click.echo(f"{site}: {line}", err=True), show=show)
    if as_json:
        print_json(printed)
    if not no_alerts and code != INTERRUPTED and (made := Archive.find(archive)):
        _tell(made)
    return code


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
@click.argument("page", metavar="URL|FILE")
@archive_option
@click.option("--url", "base", help="For a FILE: the URL it was saved from.")
@click.option("--site", help="Read it with this site's profile.")
@json_option
def extract(page: str, archive: Path, base: str | None, site: str | None, as_json: bool) -> int:
    """The facts on one page, with their evidence.

    A URL is read from its latest capture in the archive, nothing is fetched; a FILE is HTML on disk. A capture is read
    with the profile its crawl recorded, as the database has it; with --site it is read with a profile as it is now.

    What is shown for each fact: its section and value, what kind it is, what its list says of it (year, place, whom it
    benefits), how sure it is by which rule, and the words on the page with their byte range in its body. --json adds
    all else: xpath, organisation key, links, and the WARC record.

    \b
    Examples
      bewaar extract https://example.org/about --archive archive-data
      bewaar extract https://example.org/about --site example
      bewaar extract page.html --url https://example.org/about --json
    """
    from crawler.examine import examine

    found = examine(page, archive, base=base, site=site)
    if as_json:
        print_json(found.facts())
        return DONE
    from rich.console import Console

    from crawler.display import facts_as_table, told_of

    Console(width=None if sys.stdout.isatty() else 200).print(facts_as_table(found))
    for line in told_of(found):
        click.echo(line)
    return DONE


@main.command()
@click.argument("files", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@archive_option
@click.option("--copy", "copied", is_flag=True, help="Copy the files, also where they could be linked.")
@click.option("--link", "linked", is_flag=True, help="Link the files (hard links), or end with 2 where that cannot be.")
@click.option("--site", help="The site that others' captures are of, in place of one for each host.")
@json_option
def ingest(files: tuple[Path, ...], archive: Path, copied: bool, linked: bool, site: str | None, as_json: bool) -> int:
    """Take WARC, ARC and WACZ files of others into the archive: their captures, pages, facts and history stand beside
    those of our crawls.

    A file is kept as it is, under its sha256, and known by that: once it is there, nothing changes. It shares its
    blocks with the original or is a hard link to it where the disk allows, else a copy. What is damaged in it is named,
    all around it is read. Killed or interrupted, the next `bewaar ingest` goes on.

    \b
    Examples
      bewaar ingest handed-over/ old-crawl.arc.gz site.wacz
      bewaar ingest --site museum museum-2019.warc.gz --archive archive-data
    \b
    Exit codes
      0 done   1 done, and something in a file is damaged   2 wrong use; nothing was changed   4 the archive could not
      be written; what was kept is whole   130 interrupted; the next `bewaar ingest` goes on
    """
    from crawler.gauge import gauge
    from crawler.ingestion import ingest as take_in
    from crawler.upgrade import read_again

    if copied and linked:
        raise WrongUse("--copy and --link: give one of them")
    if found := Archive.find(archive):
        read_again(found, lambda line: click.echo(f"bewaar: {line}", err=True))
    with gauge() as watch:
        done = take_in(archive, files, how="copy" if copied else "link" if linked else "any", site=site, watch=watch)
    if as_json:
        print_json({"archive": str(archive), **asdict(done)})
    else:
        new = len(done.names) - len(done.known)
        there = f", {len(done.known)} there already" if done.known else ""
        click.echo(f"{archive}: {new} files taken in{there}, {done.captures} captures of {len(done.sites)} sites read")
    return PROBLEMS if done.damage else DONE


@main.command()
@archive_option
@click.option(
    "--profile",
    type=click.Choice(["recorded", "current"]),
    default="recorded",
    show_default=True,
    help="Read each crawl with the profile its WARC records, or with today's.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show the rows that would change. Exit code 1 if any.")
def rebuild(archive: Path, profile: str, dry_run: bool) -> int:
    """Derive the database again from the WARC files and the decisions.

    The result equals, row for row, what the crawls wrote; of a crawl with --no-extract it has the facts that were not
    read then. A Datasette that serves the archive goes on serving it. With
    --dry-run it is compared instead, so that a row somebody changed, added or took away is found, and what a new
    version of an extractor reads otherwise: first the facts, page by page, then every row.
    """
    from crawler.rebuild import compare
    from crawler.rebuild import rebuild as derive_again

    found = Archive.open(archive)
    damaged: list[str] = []

    def show(done: Any) -> None:
        click.echo(f"{done.file}: {done.captures} captures", err=True)
        damaged.extend(done.damage)
        for line in done.damage:
            click.echo(f"  damaged: {line}", err=True)

    if dry_run:
        changes = compare(found, profile=profile, progress=show)
        for sign, fact in changes.facts:
            click.echo(f"{sign} {fact}")
        for table, sign, row in changes.rows:
            click.echo(f"{sign} {table} {row}")
        return PROBLEMS if changes.rows or damaged else DONE
    store = derive_again(found, profile=profile, progress=show, say=lambda line: click.echo(line, err=True))
    click.echo(f"{found.database}: derived again, {store.counts().captures} captures")
    store.close()
    return PROBLEMS if damaged else DONE


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


_ABOUT_SITES = (init, sites, status, due, schedule, report, patch, recover, alerts)
_ABOUT_FACTS = (savepage, logos, curate, diff, search, export)
_ABOUT_THE_ARCHIVE = (pack, withhold, erase, audit, doctor)
for verb in (*verbs, *_ABOUT_SITES, *_ABOUT_FACTS, *_ABOUT_THE_ARCHIVE):
    main.add_command(verb)

if __name__ == "__main__":
    main()
