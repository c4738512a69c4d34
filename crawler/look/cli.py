"""``bewaar init`` and ``bewaar sites add``: each parses, calls one function, prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from archive.cli import ExistingFile, archive_option, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from archive.founding import MARKER, check_free, is_headless
from crawler.options import connect_to_option, contact_option, delay_option
from crawler.outcome import DONE, INTERRUPTED, PROBLEMS
from crawler.sites.cli import SCOPES, sites


@click.command()
@archive_option
@click.option("--operator", help="Who keeps the archive: a name that stands in every WARC file.")
@contact_option
@click.option("--site", "urls", metavar="URL", multiple=True, help="A site to add at once; may be repeated.")
@delay_option
@json_option
def init(
    archive: Path,
    operator: str | None,
    contact: str | None,
    urls: tuple[str, ...],
    delay: float | None,
    as_json: bool,
) -> int:
    """Make an archive: its directory, and bewaar.toml with who keeps it and how they are reached.

    On a terminal it asks for what is not given. Where there is an archive already it is left as it is, and what it
    says is shown.

    \b
    Examples
      bewaar init
      bewaar init --operator "Town Archive" --contact archive@example.org --site https://example.org/
    \b
    Exit codes
      0 done, or it was there   1 a site could not be added   2 wrong use
    """
    from crawler.look.founding import found_archive

    asks = sys.stdin.isatty()
    marker = archive / MARKER
    is_new = not marker.exists()
    if is_new:
        try:
            if not is_headless(archive):
                check_free(archive)
        except OSError as error:
            raise WrongUse(f"{archive}: {error.strerror}") from error
    if is_new and asks:
        click.echo(f"A new archive in {archive}. Ctrl-C ends this, and nothing is made then.", err=True)
        operator = operator or _ask("Who keeps it (a name, such as Town Archive of Harwick)", "operator")
        contact = contact or _ask("At which mail or web address do webmasters reach you", "contact")
        urls = urls or tuple(_ask_sites())
    done = found_archive(archive, operator=operator, contact=contact)
    for line in done.remarks:
        click.echo(f"bewaar: {line}", err=True)
    if not as_json:
        click.echo(f"{marker}: {'made' if done.is_new else 'is there already, and was left as it is'}")
        click.echo(f"operator  {done.archive.operator or 'not said'}\ncontact   {done.archive.contact or 'not said'}")
        click.echo(f"sites     {', '.join(done.sites) or 'none yet: `bewaar sites add URL` adds one'}")
    added: list[Any] = []
    code = DONE
    if urls:
        from crawler.look.many import add_each, listed

        code = add_each(archive, listed(urls), _options(delay=delay), report=added.append, show=_show(as_json))
    if as_json:
        found = {"archive": str(archive), "new": done.is_new, "operator": done.archive.operator}
        print_json({**found, "contact": done.archive.contact, "sites": list(done.sites), "added": added})
    return code


def _ask(question: str, key: str) -> str:
    from crawler.look.founding import check_answer

    def checked(answer: str) -> str:
        try:
            return check_answer(key, answer)
        except WrongUse as error:
            raise click.UsageError(str(error)) from error

    answer: str = click.prompt(question, value_proc=checked, err=True)
    return answer


def _ask_sites() -> list[str]:
    from crawler.look.add import complete_url

    click.echo("Which sites? One web address a line; an empty line ends the list.", err=True)
    found: list[str] = []
    while answer := click.prompt("site", default="", show_default=False, err=True).strip():
        try:
            found.append(complete_url(answer))
        except WrongUse as error:
            click.echo(f"Error: {error}", err=True)
    return found


@sites.command("add")
@click.argument("url", required=False)
@archive_option
@click.option("-f", "--file", "source", type=ExistingFile, help="Add every URL of this file, one a line.")
@click.option("--name", help="What to call the site; its host without www. otherwise.")
@click.option("--contact", help="Mail or web address a webmaster can reach you at, in place of the archive's.")
@delay_option
@click.option("--scope", type=click.Choice(SCOPES), help="What belongs to the site, in place of what the URL suggests.")
@connect_to_option
@click.option("--dry-run", is_flag=True, help="Print the profile, and write none.")
@click.option("--anyway", is_flag=True, help="Write a profile also where the site cannot be crawled as it is.")
@json_option
def sites_add(
    url: str | None,
    archive: Path,
    source: Path | None,
    name: str | None,
    dry_run: bool,
    anyway: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Look at a site, and write a profile for it into the archive's sites/.

    A look is a handful of requests, as polite as a crawl's: robots.txt, the front page, up to six sitemaps, and a page
    or two behind it. All that is fetched is kept in the archive, as a crawl of that site that was limited to a look
    (with --dry-run too). A profile that is there is never written over.

    With -f each line of FILE is a URL, and a name behind it if you like; what stands behind # is a remark. Each is
    reported on a line of its own, and one that fails stops no other.

    \b
    Examples
      bewaar sites add https://example.org/
      bewaar sites add www.example.org --name example --dry-run
      bewaar sites add -f sites.txt
    \b
    Exit codes
      0 added, or there already   1 a site could not be added   2 wrong use   130 interrupted
    """
    if (url is None) == (source is None):
        raise WrongUse("give the URL of a site, or a file of them: bewaar sites add URL, or bewaar sites add -f FILE")
    from crawler.look.add import add_site, complete_url
    from crawler.look.founding import archive_for
    from crawler.look.many import add_each, read_lines

    if source is not None:
        if name:
            raise WrongUse("--name is for one site; in FILE a name may stand behind each URL")
        lines = read_lines(source)
        archive_for(archive, given["contact"])
        options, reports = _options(dry_run=dry_run, anyway=anyway, **given), list[Any]()
        code = add_each(archive, lines, options, report=reports.append, show=_show(as_json))
        if as_json:
            print_json(reports)
        return code
    assert url is not None
    # What is asked wrongly makes no archive.
    complete_url(url)
    connect_to, contact, delay = given["connect_to"], given["contact"], given["delay"]
    settings = {"scope": given["scope"], "delay_s": delay, "connect_to": connect_to or None}
    done = add_site(
        archive_for(archive, contact), url, name=name, contact=contact, dry_run=dry_run, anyway=anyway,
        say=lambda line: click.echo(f"bewaar: {line}", err=True),
        **{key: value for key, value in settings.items() if value is not None},
    )  # fmt: skip
    if as_json:
        print_json(done.report())
    else:
        _tell(done)
    if done.interrupted:
        return INTERRUPTED
    return PROBLEMS if done.outcome == "not added" else DONE


def _tell(done: Any) -> None:
    from crawler.look.printable import printable
    from crawler.look.telling import lines

    if done.seen is not None and done.guess is not None:
        for what, told in lines(done.seen, done.guess):
            click.echo(f"{what:<12} {told}")
        click.echo(f"{'kept':<12} {counted(capture=done.seen.captures)}, crawl {done.crawl}")
    if done.outcome == "proposed":
        click.echo(f"\n{done.profile}", nl=False)
    elif done.outcome == "added":
        click.echo(f"{'profile':<12} {done.path}: read it, then `bewaar crawl {done.name}`")
    elif done.outcome == "there":
        click.echo(f"{'profile':<12} {done.path}: is there already, and was left as it is")
    if done.why:
        how = "not added" if done.outcome == "not added" else "added all the same"
        click.echo(f"bewaar: {printable(done.asked)}: {how}: {printable(done.why, 600)}", err=True)


def _show(as_json: bool) -> Callable[[str, bool], None]:
    """One line per site, with whether it went well; as JSON it is in the report."""

    def show(line: str, fine: bool) -> None:
        if not as_json:
            click.echo(line, err=not fine)

    return show


def _options(**given: Any) -> list[str]:
    """As options of ``sites add`` again, for the process that looks at one site."""
    found: list[str] = []
    for key, value in given.items():
        option = f"--{key.replace('_', '-')}"
        if value is None or value is False:
            continue
        if value is True:
            found.append(option)
        elif isinstance(value, tuple):
            found += [part for each in value for part in (option, str(each))]
        else:
            found += [option, str(value)]
    return found
