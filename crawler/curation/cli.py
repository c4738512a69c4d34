"""``bewaar curate``: parses, calls one function, prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from archive.cli import archive_option, json_option, print_json, who_option
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.outcome import DONE, INTERRUPTED, PROBLEMS

Command = TypeVar("Command", bound=Callable[..., Any])


def _options(command: Command) -> Command:
    """What every decision takes."""
    for option in (
        json_option,
        click.option("--anyway", is_flag=True, help="Decide also of what is listed nowhere now: it waits."),
        click.option("--why", help="Why; stands with the decision."),
        who_option,
        archive_option,
    ):
        command = option(command)
    return command


def _where(command: Command) -> Command:
    """Which facts are meant, where a name stands in several places."""
    for option in (
        click.option("--page", help="Only on this page, by its page key."),
        click.option("--site", help="At this site; * for all. Needed only where several list the name."),
        click.option("--role", help="In this kind of section: member, sponsor, goal... Needed only where in several."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@click.pass_context
@archive_option
@who_option
@click.option("--why", help="Why, for all that is decided now; without it each decision asks.")
@click.option("--list", "listing", is_flag=True, help="Print what is asked, and decide nothing.")
@json_option
def curate(
    context: click.Context, archive: Path, who: str | None, why: str | None, listing: bool, as_json: bool
) -> int | None:
    """Correct what the machine read: go through the review queue, one question at a time.

    Each question shows what was read, the words on the page, its address and date. Answer y, n or e (edit), s to skip,
    q to stop. A decision is a line in decisions/decisions.jsonl of the archive, with who made it, when and why. Facts
    are never changed: lists, time lines and changes go by the decisions from then on, also after another crawl, a
    rebuild or a redesign of the site. Nothing is merged unless you say so, and what you have settled is not asked
    again.

    Without a terminal, or to decide of something that is not asked, there are the commands below; each names things as
    they stand on the page.

    \b
    Examples
      bewaar curate                                          the questions, one by one
      bewaar curate --list                                   the questions, to look at
      bewaar curate alias NPL "Nationale Postcode Loterij"   two names of one organisation
      bewaar curate reject "Volg ons" --role member          that is no member
      bewaar curate name 1.png "Fonds Zilver" --why "asked them"
      bewaar curate decisions                                what was decided, and whether it holds
      bewaar curate undo 3f2a91c0
    \b
    Exit codes
      0 done   1 decided, and it does not hold: another decision holds before it   2 wrong use: nothing was decided
      4 the archive could not be written   130 stopped by Ctrl-C: what was decided by then is kept
    """
    if context.invoked_subcommand:
        return None
    from crawler.curation.decide import Curator

    opened = Archive.open(archive)
    if listing or as_json:
        return _list(opened, as_json=as_json)
    if not sys.stdin.isatty():
        raise WrongUse("the questions need a terminal; `bewaar curate --list` prints them, and --help names the rest")
    from crawler.curation.session import review

    def ask(question: str) -> str:
        try:
            return str(click.prompt(question, default="", show_default=False, prompt_suffix="\n> "))
        except click.Abort as end:
            # click makes one of both; which it was decides the exit code.
            raise (KeyboardInterrupt if isinstance(end.__context__, KeyboardInterrupt) else EOFError) from end

    with Curator(opened, who) as curator:
        click.echo(f"{len(curator.queue())} questions; you decide as {curator.who}.")
        done = review(curator, ask=ask, say=click.echo, why=why)
    click.echo(f"\n{done.decided} decided, {done.skipped} skipped, {done.left} left")
    return INTERRUPTED if done.interrupted else DONE


def _list(archive: Archive, *, as_json: bool) -> int:
    from archive.store import open_read_only
    from archive.store.review import read_queue
    from crawler.curation.session import describe

    if not archive.database.is_file():
        raise WrongUse(f"{archive.database}: no database; `bewaar rebuild` derives it from the WARC files")
    db = open_read_only(archive.database)
    try:
        queue = read_queue(db.conn)
    finally:
        db.close()
    if as_json:
        print_json([asdict(item) for item in queue])
        return DONE
    for number, item in enumerate(queue, 1):
        for line in describe(item, number=number, left=len(queue) - number):
            click.echo(line)
    click.echo(f"{len(queue)} questions", err=True)
    return DONE


@curate.command("alias")
@click.argument("name")
@click.argument("organisation")
@_options
def curate_alias(name: str, organisation: str, **options: Any) -> int:
    """NAME and ORGANISATION are one organisation, which goes by the second.

    Both are names as pages have them, or organisation keys. A name that no page has may stand second.

    \b
    Example
      bewaar curate alias NPL "Nationale Postcode Loterij" --why "its site says so"
    """
    return _decide(options, lambda curator, why: curator.names("alias", name, organisation, why=why))


@curate.command("distinct")
@click.argument("name")
@click.argument("other")
@_options
def curate_distinct(name: str, other: str, **options: Any) -> int:
    """NAME and OTHER are two organisations, however alike; that is not suggested again.

    It takes back an alias of the two that was decided before. What a profile or the key of a name makes one is taken
    apart by `bewaar curate correct --organisation`.
    """
    return _decide(options, lambda curator, why: curator.names("distinct", name, other, why=why))


@curate.command("confirm")
@click.argument("name")
@_where
@_options
def curate_confirm(name: str, **options: Any) -> int:
    """NAME is what it was read as: a candidate is listed from now on, a doubt is settled."""
    return _override(name, {"confirm": True}, options)


@curate.command("reject")
@click.argument("name")
@_where
@_options
def curate_reject(name: str, **options: Any) -> int:
    """NAME is none: it is listed nowhere, and never was.

    \b
    Example
      bewaar curate reject "Volg ons" --role member --why "a button"
    """
    return _override(name, {"reject": True}, options)


@curate.command("rename")
@click.argument("name")
@click.argument("new")
@_where
@_options
def curate_rename(name: str, new: str, **options: Any) -> int:
    """What stands there as NAME should read NEW: a typing error, a name read wrongly.

    An organisation becomes the one that is called NEW.
    """
    return _override(name, {"correct": {"value": new}}, options)


@curate.command("correct")
@click.argument("name")
@click.option("--value", help="What it should read.")
@click.option("--kind", help='Its kind, such as host or statement; "" for none.')
@click.option("--year", help='Its year; "" for none.')
@click.option("--organisation", help='Whose it is, by name or key; "" for nobody known.')
@_where
@_options
def curate_correct(
    name: str, value: str | None, kind: str | None, year: str | None, organisation: str | None, **options: Any
) -> int:
    """Put NAME right: its wording, kind, year or organisation.

    \b
    Example
      bewaar curate correct "Plan" --role member --year 2007 --kind host
    """
    fields: dict[str, Any] = {"value": value} if value is not None else {}
    fields |= {key: said or None for key, said in (("kind", kind), ("organisation", organisation)) if said is not None}
    if year is not None:
        if year and not (year.isascii() and year.isdigit()):
            raise WrongUse(f"--year must be a number, found {year!r}")
        fields["year"] = int(year) if year else None
    if not fields:
        raise WrongUse("nothing to correct: give --value, --kind, --year or --organisation")
    return _override(name, {"correct": fields}, options)


@curate.command("name")
@click.argument("logo")
@click.argument("organisation")
@_where
@_options
def curate_name(logo: str, organisation: str, **options: Any) -> int:
    """LOGO, as it stands on the page (often a file's name), is ORGANISATION's."""
    return _override(logo, {"name": organisation}, options)


@curate.command("split")
@click.argument("name")
@click.argument("parts", nargs=-1, required=True)
@_where
@_options
def curate_split(name: str, parts: tuple[str, ...], **options: Any) -> int:
    """NAME is several organisations in one item of a list: PARTS.

    \b
    Example
      bewaar curate split "ICCO/KerkinActie" ICCO "Kerk in Actie"
    """
    return _override(name, {"split": list(parts)}, options)


@curate.command("undo")
@click.argument("decision")
@archive_option
@who_option
@click.option("--why", help="Why; stands with the decision.")
@json_option
def curate_undo(decision: str, **options: Any) -> int:
    """Take DECISION back: its id, or the beginning of it. Its line stays; a later one says that it holds no more."""
    return _decide(options, lambda curator, why: curator.undo(decision, why=why))


@curate.command("decisions")
@archive_option
@json_option
def curate_decisions(archive: Path, as_json: bool) -> int:
    """What was decided, and whether it holds.

    In force; withdrawn by a later decision; overruled by one that holds before it; or without target: what it is about
    is listed nowhere any more. Such a decision waits.
    """
    from archive.store import open_read_only
    from crawler.curation.terminal import printable

    db = open_read_only(Archive.open(archive).database)
    try:
        found = list(db.query("SELECT * FROM decided ORDER BY made_at, decision_id"))
    finally:
        db.close()
    if as_json:
        print_json(found)
        return DONE
    for row in found:
        about = " ".join(printable(row[key]) for key in ("action", "scope", "value") if row[key])
        why = f" ({printable(row['why'])})" if row["why"] else ""
        by = f" by {row['by_id'][:8]}" if row["by_id"] else ""
        click.echo(f"{row['decision_id'][:8]}  {row['made_at'][:10]}  {row['standing']}{by}: {about}{why}")
    return DONE


def _override(name: str, value: dict[str, Any], options: dict[str, Any]) -> int:
    where = {key: options.pop(key) for key in ("role", "site", "page")}
    return _decide(options, lambda curator, why: curator.override(name, value, why=why, **where))


def _decide(options: dict[str, Any], decided: Callable[[Any, str | None], dict[str, Any]]) -> int:
    from crawler.curation.decide import Curator

    opened = Archive.open(options["archive"])
    with Curator(opened, options["who"], anyway=options.get("anyway", False)) as curator:
        line = decided(curator, options["why"])
        objection = curator.objection(line)
    if options["as_json"]:
        print_json(line)
    else:
        click.echo(f"decision {line['id']} by {line['who']}; `bewaar curate undo {line['id'][:8]}` takes it back")
    if objection:
        click.echo(
            f"bewaar: the decision is kept, and does not hold: {objection}; see `bewaar curate decisions`", err=True
        )
        return PROBLEMS
    return DONE
