"""``bewaar demo``: every edition of the replica, crawled through the front door, into an archive of its own."""

from __future__ import annotations

import importlib.resources
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import open_read_only
from crawler.outcome import DONE, PROBLEMS
from crawler.replica.editions import EDITIONS, Edition
from crawler.replica.server import Replica

SITE = "better_care_network_demo"
CONTACT = "https://demonstratie.test/contact"


def run_demo(directory: Path, editions: Sequence[Edition] = EDITIONS) -> int:
    """Exit code 1 of a crawl is expected where the edition is an outage or a redesign that takes a section away, and
    there it must be; any other ends the demo with it."""
    began = time.monotonic()
    archive = Archive.create(directory, operator="Bewaar demonstration", contact=CONTACT)
    profile = archive.sites / f"{SITE}.toml"
    shipped = importlib.resources.files("crawler.replica").joinpath(f"{SITE}.toml").read_text(encoding="utf-8")
    if not profile.exists() or profile.read_text(encoding="utf-8") != shipped:
        profile.write_text(shipped, encoding="utf-8")
    worst = DONE
    with Replica() as replica:
        for number, edition in enumerate(editions, 1):
            replica.edition = edition
            _await_next_second()
            click.echo(f"edition {number} of {len(editions)}, {edition.name}: {edition.what}")
            code = _crawl(archive, replica.connect_to())
            if code not in (DONE, PROBLEMS):
                click.echo(f"bewaar: the crawl of edition {edition.name} ended with exit code {code}", err=True)
                return code
            if code == PROBLEMS and not (edition.down or edition.drifts):
                worst = PROBLEMS
            if code == DONE and edition.drifts:
                click.echo(f"bewaar: the crawl of edition {edition.name} missed that a section is gone", err=True)
                worst = PROBLEMS
    _show(archive, time.monotonic() - began)
    return worst


def _await_next_second() -> None:
    """Who replays an archive names a moment by its second: two editions must not share one."""
    time.sleep(1 - time.time() % 1)


def _crawl(archive: Archive, connect_to: tuple[str, ...]) -> int:
    command = [sys.executable, "-P", "-m", "crawler.cli", "crawl", SITE, "--archive", str(archive.root), "--from-start"]
    for rule in connect_to:
        command += ["--connect-to", rule]
    # A proxy of the user's has no way to the demo's hosts.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has told the crawl too; it closes its files, and so must we wait.
            process.send_signal(signal.SIGTERM)


def _show(archive: Archive, seconds: float) -> None:
    if not archive.database.exists():
        raise WrongUse(f"{archive.database}: the demo left no database")
    db = open_read_only(archive.database)
    try:
        (crawls, captures, pages, changes) = db.execute(
            "SELECT (SELECT count(*) FROM crawl), (SELECT count(*) FROM capture), "
            "(SELECT count(DISTINCT page_key) FROM page_version), (SELECT count(*) FROM change)"
        ).fetchone()
        drift = db.execute(
            "SELECT d.said FROM drift d JOIN capture c ON c.id = d.after_capture_id WHERE d.kind <> 'as before' "
            "AND d.repaired_crawl_id IS NULL ORDER BY c.captured_at, d.page_key, d.role"
        ).fetchall()
        listed = {
            role: db.execute(f"SELECT count(DISTINCT subject) FROM presence WHERE role = '{role}'").fetchone()[0]
            for role in ("member", "goal", "sponsor")
        }
    finally:
        db.close()
    warcs = sorted(archive.warcs.glob("*.warc.gz"))
    size = sum(path.stat().st_size for path in warcs)
    root = archive.root
    click.echo("")
    click.echo(
        f"WARC files   {root / 'warcs'}: {counted(file=len(warcs))}, {size / 1e6:.1f} MB, byte for byte as received"
    )
    click.echo(f"database     {archive.database}: {counted(crawl=crawls, capture=captures, page=pages)}")
    click.echo(f"history      {counted(**listed)} listed at some time, {counted(change=changes)}")
    for (said,) in drift:
        click.echo(f"drift        {said}")
    click.echo(f"took         {seconds:.0f} s")
    bewaar = f"{Path(sys.executable).parent / 'bewaar'}"
    click.echo("")
    click.echo("next")
    click.echo(f"  {bewaar} serve --archive {root}             browse it in Datasette")
    click.echo(f"  {bewaar} verify --rows --archive {root}     find every record and every quote again")
    click.echo(f"  {bewaar} rebuild --archive {root}           derive the database again from the WARC files")
