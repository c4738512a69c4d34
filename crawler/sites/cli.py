"""``bewaar sites``: parses, calls one function, prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from archive.cli import archive_option, json_option, print_json
from archive.layout import Archive
from crawler.outcome import DONE, PROBLEMS

SCOPES = ("page", "prefix", "host", "domain")


def archive_or_none(path: Path) -> Archive | None:
    return Archive.find(path) or (Archive.open(path) if path.exists() else None)


@click.group(invoke_without_command=True)
@click.pass_context
@archive_option
@json_option
def sites(context: click.Context, archive: Path, as_json: bool) -> None:
    """The sites there are profiles for: the archive's own, and those that come with Bewaar."""
    if context.invoked_subcommand:
        return
    from crawler.sites.profile import list_profiles

    profiles = list_profiles(archive_or_none(archive))
    if as_json:
        print_json([{"name": file.name, "path": str(file.path), "shipped": file.shipped} for file in profiles])
        return
    for file in profiles:
        click.echo(f"{file.name}\t{'shipped' if file.shipped else file.path}")


@sites.command("show")
@click.argument("site")
@archive_option
def sites_show(site: str, archive: Path) -> None:
    """Every setting of one site as a crawl would use it, as JSON."""
    from crawler.plan import profile_for

    click.echo(
        json.dumps(json.loads(profile_for(site, archive_or_none(archive)).to_json()), indent=2, ensure_ascii=False)
    )


@sites.command("check")
@click.argument("url")
@click.option("--site", help="Name of a profile, or the URL a crawl would begin with; the front page of URL's host.")
@click.option("--scope", type=click.Choice(SCOPES), help="Judge as if this were the site's scope.")
@click.option("--requisite", is_flag=True, help="Judge it as an image, style or script of a page, not as a link.")
@archive_option
@json_option
def sites_check(url: str, site: str | None, scope: str | None, requisite: bool, archive: Path, as_json: bool) -> int:
    """Whether URL belongs to a crawl of a site, and the rule that decides.

    Rules of scope come first, then those of traps. Some depend on what a crawl has met by then, as robots.txt does:
    of these the last crawl's word counts, and what it made of URL is shown.

    \b
    Examples
      bewaar sites check --site better_care_network https://elsewhere.example/
      bewaar sites check --site https://example.org/docs/ https://example.org/news
      bewaar sites check --site https://example.org/ --requisite https://cdn.example/logo.png
    \b
    Exit codes
      0 accepted   1 refused   2 wrong use
    """
    from urllib.parse import urljoin

    from crawler.judgement import judge
    from crawler.plan import profile_for

    settings = {"scope": scope} if scope else {}
    found = archive_or_none(archive)
    profile = profile_for(site or urljoin(url, "/"), found, **settings)
    verdict = judge(url, profile, found, requisite=requisite)
    met = verdict.met
    if as_json:
        said = {"url": url, "site": profile.name, "scope": profile.scope, "requisite": requisite}
        said |= {"accepted": verdict.accepted, "rule": verdict.rule}
        print_json(said | {"last_crawl": asdict(met) if met else None})
    else:
        click.echo(f"{'accepted' if verdict.accepted else 'refused'} by rule {verdict.rule}: {url}")
        if met:
            rule = f" by rule {met.rule}" if met.rule else ""
            found_on = f", found on {met.via}" if met.via else ""
            click.echo(f"in the last crawl, {met.crawl}: {met.state}{rule}{found_on}, path {met.hops or 'seed'}")
    return DONE if verdict.accepted else PROBLEMS
