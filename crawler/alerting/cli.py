"""``bewaar alerts``: they parse, call one function, print."""

from __future__ import annotations

from pathlib import Path

import click

from archive.cli import archive_option, json_option, print_json
from archive.layout import Archive
from crawler.outcome import DONE, PROBLEMS


@click.group()
def alerts() -> None:
    """Tell people when something is not well: by mail, to a webhook, into a command.

    Whom to tell stands in [alerts] in bewaar.toml. What is told: a crawl that failed or was not whole, drift, many
    crawls without anything new, a disk that fills up, files that are not what they were.
    """


@alerts.command()
@archive_option
@click.option("--verify", is_flag=True, help="Read every file again and tell what is not as it was.")
@click.option("--dry-run", is_flag=True, help="Print what would be told; send nothing.")
@json_option
def tell(archive: Path, verify: bool, dry_run: bool, as_json: bool) -> int:
    """Send what is new since the last time, in one digest; nothing when there is nothing new.

    Meant for a timer, behind the crawls. What was told is not told again while it stands, but after a week; when it is
    over, that is told.

    \b
    Examples
      bewaar alerts tell
      bewaar alerts tell --verify --archive archive-data
    \b
    Exit codes
      0 told, or nothing to tell   1 it could not be told   2 wrong use
    """
    from crawler.alerting.tell import tell as run

    telling = run(Archive.open(archive), verify=verify, dry_run=dry_run)
    if as_json:
        print_json(
            [{"key": one.key, "text": one.text, "command": one.command or None} for one in telling.standing]
        )  # fmt: skip
    elif telling.held:
        over = f", {telling.held.over} over" if telling.held.over else ""
        click.echo(f"{telling.held.new} new{over}; told after {telling.held.until:%Y-%m-%d %H:%M} UTC (pause_hours)")
    elif telling.digest is None:
        click.echo("nothing new to tell")
    else:
        click.echo(f"{telling.digest.subject}\n{telling.digest.text}", nl=False)
    for fault in telling.faults:
        click.echo(f"bewaar: {fault}", err=True)
    return PROBLEMS if telling.faults else DONE


@alerts.command()
@archive_option
def test(archive: Path) -> int:
    """Send one message by every way that is set, and say of each whether it went.

    \b
    Exit codes
      0 all went   1 one did not   2 wrong use
    """
    from archive.report.words import Words
    from crawler.alerting.digest import compose
    from crawler.alerting.gather import Alert
    from crawler.alerting.send import send
    from crawler.alerting.tell import settings_of

    found = Archive.open(archive)
    settings = settings_of(found)
    words = Words(settings.language)
    digest = compose((Alert("test", words("alerts test", str(found.root.resolve()))),), (), words)
    done = send(digest, settings, found)
    for way, fault in done:
        click.echo(f"{way}: {fault or 'sent'}")
    return PROBLEMS if any(fault for _, fault in done) else DONE
