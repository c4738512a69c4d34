"""``bewaar patch``: it parses, calls one function, prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.cli import archive_option, json_option, print_json
from archive.layout import Archive
from crawler.options import contact_option
from crawler.outcome import DONE, PROBLEMS

_MOST = 10


@click.command()
@click.argument("crawl", metavar="CRAWL|SITE")
@archive_option
@contact_option
@click.option(
    "--profile",
    type=click.Choice(["recorded", "current"]),
    default="recorded",
    show_default=True,
    help="By the settings its WARC records, or today's: what a rule refused then may be let in now.",
)
@click.option("--again", is_flag=True, help="Ask also for what was asked for in vain, by a patch too.")
@json_option
def patch(crawl: str, archive: Path, contact: str | None, profile: Any, again: bool, as_json: bool) -> int:
    """Fetch the images, styles and scripts that a crawl's pages need and it does not hold, into the same crawl.

    They go into a further WARC file of the crawl, asked for as any crawl does: by its scope, robots.txt and delay. What
    the crawl holds is not asked for again; a patch that is interrupted or killed is gone on with by the next, and one
    that has nothing to ask for adds nothing. `bewaar report` tells what is missing, and why.

    \b
    Examples
      bewaar patch better_care_network
      bewaar patch better_care_network-20260301120000000 --profile current
    \b
    Exit codes
      0 done: nothing is missing, but for what a rule refuses   1 done, and something is still missing   2 wrong use
      3 stopped by a limit   4 the archive could not be written   130 interrupted; the next `bewaar patch` goes on
    """
    from crawler.patching.patch import begin_patch, completeness_of

    found = Archive.open(archive)
    begun, crawl_id = begin_patch(
        found,
        crawl,
        contact=contact,
        profile=profile,
        again=again,
        say=lambda line: click.echo(f"bewaar: {line}", err=True),
    )
    outcome = None
    if begun is not None:
        from crawler.run import run_crawl

        outcome = run_crawl(begun)
        if outcome.fault:
            click.echo(f"bewaar: {outcome.fault}", err=True)
    left = completeness_of(found, crawl_id)
    missing = [one for one in left.missing if one.why.kind != "refused"]
    code = outcome.exit_code if outcome else DONE
    if code == DONE and missing:
        code = PROBLEMS
    captures = outcome.captures if outcome else 0
    if as_json:
        shown: dict[str, Any] = {"crawl": crawl_id, "captures": captures, "score": left.score, "needed": left.needed}
        shown |= {"held": left.held, "missing": [{"url": one.url, "why": str(one.why)} for one in left.missing]}
        print_json({**shown, "exit_code": code})
        return code
    if outcome is None:
        click.echo(f"{crawl_id}: nothing to ask for")
    else:
        click.echo(outcome.summary())
        for line in outcome.complaints():
            click.echo(line, err=True)
    click.echo(f"{left.held} of {left.needed} requisites are held")
    for one in left.missing[:_MOST]:
        click.echo(f"still missing: {one.url}: {one.why}", err=True)
    if len(left.missing) > _MOST:
        click.echo(f"and {len(left.missing) - _MOST} more: see `bewaar report {crawl_id} --json`", err=True)
    return code
