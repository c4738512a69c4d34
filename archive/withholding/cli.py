"""``bewaar withhold``: parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli import archive_option, json_option, print_json, since_option, who_option
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive
from archive.reasons import REASONS

if TYPE_CHECKING:
    from archive.store.hides import Hides
    from archive.store.rules import Withholding


@click.command()
@click.argument("prefixes", metavar="[URL-PREFIX...]", nargs=-1)
@archive_option
@click.option(
    "--reason", type=click.Choice(list(REASONS)), help="Why, in one word: whoever asks for what is withheld is told."
)
@click.option("--note", help="More of why, and who asked: stands with the decision, and is never shown to visitors.")
@who_option
@since_option
@click.option("--until", metavar="DATE", help="Only captures made until the end of that day.")
@click.option("--embargo-until", metavar="DATE", help="Withhold until that day, when it is shown again by itself.")
@click.option("--dry-run", is_flag=True, help="Say what it would hide, and decide nothing.")
@click.option("--anyway", is_flag=True, help="Decide also where nothing was captured yet.")
@click.option("--list", "listing", is_flag=True, help="Print every takedown and embargo, and what it hides.")
@click.option("--lift", metavar="URL-PREFIX|ID", help="End a takedown or an embargo: its URL, or how its id begins.")
@json_option
def withhold(
    prefixes: tuple[str, ...],
    archive: Path,
    reason: str | None,
    note: str | None,
    who: str | None,
    since: str | None,
    until: str | None,
    embargo_until: str | None,
    dry_run: bool,
    anyway: bool,
    listing: bool,
    lift: str | None,
    as_json: bool,
) -> int:
    """Take what was captured at URLs that begin with URL-PREFIX out of sight: a takedown, or with --embargo-until an
    embargo.

    Pages, pictures, facts, search hits and snapshots of it are shown no more by `bewaar serve`, which answers 451, nor
    by search, diff, export, pack and replay; from the next request on, without a restart. Scheme, www. and spelling do
    not matter; a prefix that ends in a slash is of that folder alone. The same page under another address needs a
    prefix of its own, and is named.

    It is a line in decisions/decisions.jsonl: nothing is deleted, and --lift brings all of it back. The WARC files and
    backups keep the bytes; docs/withholding.md tells what that means.

    \b
    Examples
      bewaar withhold http://example.org/people/jan --reason privacy --note "his letter of 3 May" --dry-run
      bewaar withhold http://example.org/people/jan --reason privacy --note "his letter of 3 May"
      bewaar withhold http://example.org/minutes/ --reason agreement --embargo-until 2030-01-01
      bewaar withhold --list
      bewaar withhold --lift http://example.org/people/jan --note "he agrees now"
    \b
    Exit codes
      0 done   1 decided, and it does not hold: a line with a later date says otherwise
      2 wrong use: nothing was decided   4 the archive could not be written
    """
    opened = Archive.open(archive)
    if listing or lift is not None:
        given = (prefixes, reason, since, until, embargo_until, dry_run, anyway)
        if any(given) or (listing and lift is not None):
            raise WrongUse("--list and --lift stand alone: no URL-PREFIX and nothing of a new decision goes with them")
        return _list(opened, as_json=as_json) if lift is None else _lift(opened, lift, who, note, as_json=as_json)
    if not prefixes:
        raise WrongUse("give the URL, or the beginning of the URLs, to withhold; --list tells what is withheld")
    if reason is None:
        raise WrongUse(f"give --reason, one of {', '.join(REASONS)}: whoever asks for what is withheld is told")
    from archive.withholding.decide import Asked, check, hidden_by
    from archive.withholding.decide import withhold as run

    asked = [Asked(prefix, reason, note, since, until, embargo_until) for prefix in dict.fromkeys(prefixes)]
    rules = [check(one) for one in asked]
    hides = [hidden_by(opened, rule, also=[*rules[:place], *rules[place + 1 :]]) for place, rule in enumerate(rules)]
    empty = [one.scope for one, hidden in zip(asked, hides, strict=True) if not hidden.captures]
    if empty and not anyway and not dry_run:
        raise WrongUse(f"nothing was captured at {shown(empty[0])}; --anyway withholds what may come")
    made = [] if dry_run else run(opened, asked, who, hides=hides)
    if as_json:
        ids: list[str | None] = [one.id for one in made] or [None] * len(asked)
        rows = zip(ids, asked, hides, strict=True)
        print_json(
            [
                {
                    "id": id_,
                    "action": one.action,
                    "scope": one.scope,
                    "value": one.value,
                    "why": one.why,
                    **asdict(hidden),
                }
                for id_, one, hidden in rows
            ]
        )
    else:
        for one, hidden in zip(asked, hides, strict=True):
            for line in _told(one.scope, hidden, would=dry_run):
                click.echo(line)
        if len(asked) > 1:
            click.echo(_counted("all of it together", hidden_by(opened, *rules), would=dry_run))
        for kept in made:
            click.echo(f"{kept.action} {kept.id} by {shown(kept.who)}; `bewaar withhold --lift {kept.id[:8]}` ends it")
    return _complain([one for one in made if one.standing != "in force"])


def _list(archive: Archive, *, as_json: bool) -> int:
    from archive.withholding.decide import hidden_by, read_decided

    found = [(one, hidden_by(archive, one.rule) if one.rule else None) for one in read_decided(archive)]
    if as_json:
        print_json([_row(one) | {"hides": asdict(hidden) if hidden else None} for one, hidden in found])
        return 0
    for one, hidden in found:
        value = f" {shown(one.value)}" if one.value else ""
        why = f" ({shown(one.why)})" if one.why else ""
        told = f": {counted(capture=hidden.captures, fact=hidden.facts, image=hidden.images)}" if hidden else ""
        about = f"{one.standing}{told}: {one.action} {shown(one.scope)}{value}{why}"
        click.echo(f"{shown(one.id[:8])}  {one.made_at[:10]}  {about}, by {shown(one.who)}")
    return 0


def _lift(archive: Archive, what: str, who: str | None, note: str | None, *, as_json: bool) -> int:
    from archive.withholding.decide import lift

    found = lift(archive, what, who, note)
    if as_json:
        print_json([_row(one) for one in found])
    else:
        for one in found:
            click.echo(f"{one.action} {one.id} of {shown(one.scope)}: {one.standing}")
    return _complain([one for one in found if one.standing == "in force"])


def _counted(what: str, hidden: Hides, *, would: bool) -> str:
    verb = "would hide" if would else "hides"
    told = f"{counted(capture=hidden.captures)} of {counted(URL=hidden.urls)} ({counted(page=hidden.pages)})"
    return f"{what} {verb} {told}, {counted(fact=hidden.facts)} and {counted(image=hidden.images)} that only they show"


def _told(scope: str, hidden: Hides, *, would: bool) -> list[str]:
    lines = [_counted(shown(scope), hidden, would=would)]
    lines += [f"  {shown(url)}" for url in hidden.examples]
    if hidden.urls > len(hidden.examples):
        lines.append(f"  and {hidden.urls - len(hidden.examples)} more")
    if hidden.elsewhere:
        lines.append("the same page or the same bytes stay to be seen at")
        lines += [f"  {shown(url)}" for url in hidden.elsewhere]
    return lines


def _complain(wrong: list[Withholding]) -> int:
    for one in wrong:
        click.echo(
            f"bewaar: the decision is kept, and does not hold: a line about {shown(one.scope)} with a later date says"
            " otherwise; see `bewaar withhold --list`",
            err=True,
        )
    return 1 if wrong else 0


def _row(one: Withholding) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name != "rule"} | {"reason": one.reason}


def shown(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
