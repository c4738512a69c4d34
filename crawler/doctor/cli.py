"""``bewaar doctor``: parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli import archive_option, json_option, print_json
from crawler.outcome import DONE, PROBLEMS

if TYPE_CHECKING:
    from crawler.doctor.finding import Finding


@click.command()
@archive_option
@click.option("--network", is_flag=True, help="See whether the mail server of the alerts answers, too.")
@json_option
def doctor(archive: Path, network: bool, as_json: bool) -> int:
    """Look whether machine, installation and archive can do what Bewaar promises, and say how to mend what cannot.

    Changes nothing, and goes on where something is damaged; without an archive the rest is looked at. What is wrong is
    a `problem`, what may become so a `warning`; below each stands what mends it.

    \b
    Examples
      bewaar doctor
      bewaar doctor --network --archive archive-data
      bewaar doctor --json
    \b
    Exit codes
      0 no problem, though perhaps warnings   1 a problem   2 wrong use
    """
    from crawler.doctor.examination import examine

    found: list[Finding] = []
    for finding in examine(archive, network=network):
        found.append(finding)
        if not as_json:
            click.echo(f"{finding.state:<8} {finding.area}: {finding.what}: {finding.said}")
            if finding.mend and finding.state != "ok":
                click.echo(f"         mend: {finding.mend}")
    if as_json:
        print_json([{**asdict(one), "mend": one.mend or None} for one in found])
    return PROBLEMS if any(one.state == "problem" for one in found) else DONE
