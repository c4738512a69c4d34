"""``bewaar sites``: each verb parses, calls one function, prints. `crawler.look.cli` adds ``add``, `crawler.golden.cli`
``test``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from archive.cli import archive_option, json_option, print_json
from archive.errors import WrongUse
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
    from crawler.sites.profile_files import list_profiles

    profiles = list_profiles(archive_or_none(archive))
    if as_json:
        print_json([{"name": file.name, "path": str(file.path), "shipped": file.shipped} for file in profiles])
        return
    for file in profiles:
        click.echo(f"{file.name}\t{'shipped' if file.shipped else file.path}")


@sites.command("list")
@archive_option
@json_option
def sites_list(archive: Path, as_json: bool) -> int:
    """The archive's sites in a table: where each begins, when it was crawled last and how that ended, its pages.

    \b
    Example
      bewaar sites list --json
    """
    from crawler.roster import roster

    found = roster(archive_or_none(archive))
    if as_json:
        print_json([asdict(listed) for listed in found])
        return DONE
    if not found:
        click.echo(f"{archive}: no sites yet; `bewaar sites add URL` adds one")
        return DONE
    from rich.console import Console

    from crawler.display import sites_as_table

    Console(width=None if sys.stdout.isatty() else 200).print(sites_as_table(found))
    for listed in found:
        if listed.wrong:
            click.echo(f"bewaar: {listed.wrong[0]}", err=True)
    return DONE


@sites.command("show")
@click.argument("site", metavar="SITE|URL")
@archive_option
@json_option
def sites_show(site: str, archive: Path, as_json: bool) -> int:
    """Every setting of one site as a crawl would use it, and where it comes from: its profile (file and line), the
    archive's bewaar.toml, or the defaults.

    \b
    Examples
      bewaar sites show better_care_network
      bewaar sites show https://example.org/ --json
    """
    from crawler.sites.origins import DEFAULT, settings_of

    settings = list(settings_of(site, archive_or_none(archive)))
    if as_json:
        print_json({setting.key: {"value": setting.value, "from": setting.origin} for setting in settings})
        return DONE
    given = [setting for setting in settings if setting.origin != DEFAULT]
    width = max(len(setting.key) for setting in settings)
    for setting in (*given, *(setting for setting in settings if setting.origin == DEFAULT)):
        value = json.dumps(setting.value, ensure_ascii=False) if setting.value is not None else "-"
        click.echo(f"{setting.key:<{width}}  {value}  ({setting.origin})")
    return DONE


@sites.command("check")
@click.argument("targets", metavar="[SITE...|URL]", nargs=-1)
@click.option("--site", help="Name of a profile, or the URL a crawl would begin with; the front page of URL's host.")
@click.option("--scope", type=click.Choice(SCOPES), help="Judge as if this were the site's scope.")
@click.option("--requisite", is_flag=True, help="Judge it as an image, style or script of a page, not as a link.")
@archive_option
@json_option
def sites_check(
    targets: tuple[str, ...], site: str | None, scope: str | None, requisite: bool, archive: Path, as_json: bool
) -> int:
    """Whether profiles are right; or whether URL belongs to a crawl of a site, and the rule that decides.

    Without a URL the profiles of the SITEs are read, or all there are, and all that is wrong is told by file, line and
    key.

    Of a URL, rules of scope come first, then those of traps. Some depend on what a crawl has met by then, as robots.txt
    does: of these the last crawl's word counts, and what it made of URL is shown.

    \b
    Examples
      bewaar sites check
      bewaar sites check --site better_care_network https://elsewhere.example/
      bewaar sites check --site https://example.org/docs/ https://example.org/news
      bewaar sites check --site https://example.org/ --requisite https://cdn.example/logo.png
    \b
    Exit codes
      0 right, or accepted   1 something is wrong, or refused   2 wrong use
    """
    found = archive_or_none(archive)
    if any("://" in target for target in targets):
        if len(targets) > 1:
            raise WrongUse("one URL at a time, or names of sites")
        return _check_url(targets[0], site, scope, found, requisite=requisite, as_json=as_json)
    if site or scope or requisite:
        raise WrongUse("--site, --scope and --requisite are about a URL, which begins with http:// or https://")
    return _check_profiles(targets, found, as_json=as_json)


def _check_profiles(names: tuple[str, ...], archive: Archive | None, *, as_json: bool) -> int:
    from crawler.roster import check_profiles

    checked = check_profiles(names, archive)
    if as_json:
        print_json([{"name": each.name, "path": each.path, "wrong": each.wrong} for each in checked])
    else:
        for each in checked:
            if not each.wrong:
                click.echo(f"{each.name}: right ({'shipped' if each.shipped else each.path})")
            for line in each.wrong:
                click.echo(line, err=True)
    return PROBLEMS if any(each.wrong for each in checked) else DONE


def _check_url(
    url: str, site: str | None, scope: str | None, archive: Archive | None, *, requisite: bool, as_json: bool
) -> int:
    from urllib.parse import urljoin

    from crawler.judgement import judge
    from crawler.plan import profile_for

    settings = {"scope": scope} if scope else {}
    profile = profile_for(site or urljoin(url, "/"), archive, **settings)
    verdict = judge(url, profile, archive, requisite=requisite)
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
