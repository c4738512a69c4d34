"""``bewaar savepage`` and ``bewaar sites test``: each parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archive.cli import OutputFolder, archive_option, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from crawler.options import saved_from_option
from crawler.outcome import DONE, PROBLEMS
from crawler.sites.cli import archive_or_none, sites


@click.command()
@click.argument("page", metavar="URL|FILE")
@archive_option
@saved_from_option
@click.option("--site", help="Name of the site, and of its profile if it has one; as crawled without it.")
@click.option("--page", "name", metavar="NAME", help="What to call the page; the end of its URL without it.")
@click.option("--into", type=OutputFolder, help="Folder of golden pages, in place of the usual.")
@click.option("--force", is_flag=True, help="Write over a golden page of that name, corrections too.")
def savepage(
    page: str, archive: Path, base: str | None, site: str | None, name: str | None, into: Path | None, force: bool
) -> int:
    """Record a golden page: a page, and the facts that a person says are on it.

    The body of the URL's latest capture, or of a FILE, is written to SITE/PAGE/page.html as it is, and what the
    extractors find on it now to SITE/PAGE/page.json, to be corrected by hand. `bewaar sites test SITE` then tells
    whether they still find what is right. A golden page that is there is left alone.

    Golden pages lie beside the site's profile: in the archive's pages/ if the profile is the archive's own, in
    tests/pages in a checkout of Bewaar otherwise.

    \b
    Examples
      bewaar savepage https://example.org/members --site example
      bewaar savepage saved.html --url https://example.org/members --site example --page members-2019
    """
    from crawler.golden.record import record_page

    done = record_page(page, archive, base=base, site=site, name=name, into=into, force=force)
    found = [
        f"{role} {len(section.facts)}"
        for role, section in done.sections.items()
        if section.facts or role in ("member", "goal", "sponsor")
    ]
    click.echo(f"{done.folder / 'page.html'}: {'' if done.new else 'unchanged, '}{len(done.page.body)} bytes")
    click.echo(f"{done.folder / 'page.json'}: {', '.join(found)}")
    guesses = [fact.value for fact in done.sections["member"].facts if fact.tier == "candidate"]
    if guesses:
        click.echo(f"left out, a guess by their shape alone: {', '.join(guesses[:10])}")
    if done.profile is None:
        click.echo(f"read without a profile: there is none called {done.site}")
    click.echo(
        "Now correct page.json: compare it with the page, add what is missing, take out what is wrong and the sections "
        f"nobody needs. Then `bewaar sites test {done.site}` says whether that is what is found."
    )
    return DONE


@sites.command("test")
@click.argument("names", metavar="[SITE...]", nargs=-1)
@click.option("--pages", type=OutputFolder, help="Folder of golden pages, in place of the usual.")
@archive_option
@json_option
def sites_test(names: tuple[str, ...], pages: Path | None, archive: Path, as_json: bool) -> int:
    """Whether what is found on a site's golden pages is right, read with its profile as it is now.

    Without SITE all golden pages are read, of the archive and, in a checkout of Bewaar, of the project. One is
    recorded by `bewaar savepage`.

    \b
    Examples
      bewaar sites test
      bewaar sites test example --archive archive-data
    \b
    Exit codes
      0 all is right   1 something differs   2 wrong use
    """
    from crawler.golden.judge import judge_pages
    from crawler.golden.record import checkout_pages

    folders = [pages] if pages else [folder for folder in (checkout_pages(), archive / "pages") if folder is not None]
    judged = judge_pages(folders, names, archive_or_none(archive))
    if not judged:
        raise WrongUse(f"no golden page in {' or '.join(map(str, folders))}; `bewaar savepage URL` records one")
    if as_json:
        print_json([asdict(page) for page in judged])
    else:
        for page in judged:
            how = f"{len(page.wrong)} differ" if page.wrong else "right"
            click.echo(f"{page.site}/{page.page}: {how}, {counted(fact=page.facts)}")
            for line in page.wrong:
                click.echo(f"  {line}")
            for line in page.remarks:
                click.echo(f"  note: {line}")
    return PROBLEMS if any(page.wrong for page in judged) else DONE
