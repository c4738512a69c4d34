"""``bewaar erase``: parses, calls one function, prints."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive import times
from archive.cli import archive_option, json_option, print_json, since_option
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.outcome import DONE, PROBLEMS

if TYPE_CHECKING:
    from archive.erasure.selection import Selection
    from crawler.erasing.erase import Outcome

#: URLs that are named before they go
_NAMED = 20


@click.command()
@click.argument("urls", metavar="[URL...]", nargs=-1)
@archive_option
@click.option("--prefix", "prefixes", metavar="URL", multiple=True, help="All addresses that begin with it.")
@click.option("--record", "records", metavar="ID", multiple=True, help="One record, by its WARC-Record-ID.")
@click.option("--text", "texts", metavar="TEXT", multiple=True, help="Every capture that holds these words, anywhere.")
@click.option("--reason", default="", help="Why: it stands in place of every record that goes.")
@click.option("--by", "who", default="", help="Who erases: it stands there too.")
@click.option("--order", "reference", metavar="REF", help="The court's or authority's own number.")
@click.option("--site", help="Look for what is named in this site's files alone.")
@since_option
@click.option("--to", "until", metavar="DATE", help="Only captures made until the end of that day.")
@click.option("--this-url-only", is_flag=True, help="The same bytes under another address stay.")
@click.option("--without-url", is_flag=True, help="The address must not be told any more either: it is masked.")
@click.option("--without-digest", is_flag=True, help="Digests of what goes are not kept.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--finish", "finishing", is_flag=True, help="Go on with an erasure that was stopped.")
@json_option
def erase(
    urls: tuple[str, ...],
    archive: Path,
    prefixes: tuple[str, ...],
    records: tuple[str, ...],
    texts: tuple[str, ...],
    reason: str,
    who: str,
    reference: str | None,
    site: str | None,
    since: str | None,
    until: str | None,
    this_url_only: bool,
    without_url: bool,
    without_digest: bool,
    dry_run: bool,
    yes: bool,
    finishing: bool,
    as_json: bool,
) -> int:
    """Destroy what was captured at URL, on a legal order: in every WARC file, and in all that the archive's directory
    holds of it. NOTHING BRINGS IT BACK. To hide it is `bewaar withhold`, which can be undone.

    Each record of it is replaced by one that says what stood there, when it was erased, why, by whom and on which
    order; all other records stay, byte for byte. Its requests, the revisits of it and the same bytes under any other
    address go too: all of it is named first. The database is derived again; exports and reports go. Stopped in the
    middle, the next `bewaar erase` goes on. docs/withholding.md tells what it cannot reach: backups, and copies
    elsewhere.

    \b
    Examples
      bewaar erase http://example.org/people/jan --reason "court order" --by "A. Keeper" --order C/16/2027 --dry-run
      bewaar erase http://example.org/people/jan --reason "court order" --by "A. Keeper" --order C/16/2027
      bewaar erase --text "Jan Jansen, 12 May 1980" --without-url --reason "court order" --by "A. Keeper" --yes
      bewaar erase --finish
    \b
    Exit codes
      0 it is gone   1 gone, and something is left to be seen to by hand, as told   2 wrong use: nothing was changed
      4 the archive could not be written: go on with --finish
    """
    from archive.erasure.order import Order, targets_of
    from crawler.erasing import erase as room

    _check_period(since, until)
    opened = Archive.open(archive, erasing=True)
    order = Order(
        reason, who, urls, prefixes, records, texts, reference, site, since, until,
        this_url_only=this_url_only, without_url=without_url, without_digest=without_digest,
    )  # fmt: skip

    def say(line: str) -> None:
        click.echo(line, err=True)

    if finishing:
        if urls or prefixes or records or texts:
            raise WrongUse("--finish stands alone: what was being erased is known")
        with room.holding(opened):
            finished = room.finish(opened, say)
        if finished is None:
            click.echo("nothing is being erased", err=True)
            return DONE
        return _report(finished, [], as_json=as_json)
    targets_of(order)
    if opened.is_erasing and dry_run:
        raise WrongUse(f"{opened.root}: something is being erased; `bewaar erase --finish` first")
    # Until it is answered: what a crawl wrote meanwhile nobody would have looked through.
    with room.holding(opened):
        if opened.is_erasing:
            say("an erasure was stopped here: first it is finished")
            room.finish(opened, say)
        room.check_whole(opened) if dry_run else room.make_whole(opened)
        selection = room.plan(opened, order, say)
        elsewhere = room.read_elsewhere(opened, order, selection)
        if not selection.erased:
            found = f"; but it is read in the {elsewhere[0]}: erase that address" if elsewhere else ""
            raise WrongUse(
                f"nothing of it was found in {counted(record=selection.records)}: nothing was changed{found}"
            )
        for line in elsewhere:
            click.echo(f"is read there, and stays; erase the address: {_shown(line)}", err=as_json)
        for line in plan_lines(selection, room.would_go(opened, selection)):
            click.echo(line, err=as_json)
        if dry_run:
            return DONE
        if not yes:
            if not sys.stdin.isatty():
                raise WrongUse("nobody is there to be asked: --yes erases it")
            click.confirm(
                f"Erase {counted(record=len(selection.erased))}? Nothing brings them back.", abort=True, err=True
            )
        done = room.erase(opened, order, selection, say)
    return _report(done, selection.named_in + selection.damage, as_json=as_json)


def _check_period(since: str | None, until: str | None) -> None:
    """In the words of the options."""
    begins = times.read_since(since) if since else ""
    if until and times.read_until(until) < begins:
        raise WrongUse(f"--from {since} is later than --to {until}: no capture is of such a period")


def plan_lines(selection: Selection, derived: list[str]) -> list[str]:
    """What would go, for a person."""
    erased = selection.erased
    kinds = Counter(one.type for one in erased)
    files = {one.file for one in selection.chosen}
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    go = "goes" if len(erased) == 1 else "go"
    lines = [f"{counted(record=len(erased))} of {counted(file=len(files))} {go} ({told})"]
    for why in dict.fromkeys(one.why for one in erased):
        found = dict.fromkeys(_shown(one.url or one.record_id) for one in erased if one.why == why)
        if why == "its event":
            continue
        lines.append(f"{why}:")
        lines += [f"  {url}" for url in list(found)[:_NAMED]]
        if len(found) > _NAMED:
            lines.append(f"  and {len(found) - _NAMED} more")
    if masked := len(selection.chosen) - len(erased):
        lines.append(f"the words are masked in {counted(record=masked)} that stay: logs, reports, requests, metadata")
    lines += [f"goes too, and can be made again: {_shown(name)}" for name in derived]
    lines += [f"stays, and names it; --text erases it too: {_shown(one)}" for one in selection.named_in[:_NAMED]]
    lines += [f"cannot be read, so nobody knows what it holds: {one}" for one in selection.damage[:_NAMED]]
    return lines


def _report(outcome: Outcome, left: list[str], *, as_json: bool) -> int:
    left = [*outcome.remains.told, *left]
    if as_json:
        print_json(asdict(outcome) | {"left": left})
        return PROBLEMS if left else DONE
    click.echo(
        f"erased {counted(record=outcome.records)} in {counted(file=len(outcome.files))}, masked {outcome.masked}: "
        f"{outcome.erasure}"
    )
    for name in outcome.remains.removed:
        click.echo(f"gone: {_shown(name)}")
    for name in outcome.remains.masked:
        click.echo(f"masked: {_shown(name)}")
    for name in outcome.signatures:
        click.echo(
            f"holds no more, and is kept beside the manifest it was made of: {_shown(name)}; sign the new one again"
        )
    for line in left:
        click.echo(f"see to it: {_shown(line)}")
    click.echo(
        "not reached: backups, packages and copies outside of this directory; bring backups up to date, and look in"
    )
    click.echo("them for exports, reports, logs and *.torn files. Crawled again, it is captured again: exclude it.")
    return PROBLEMS if left else DONE


def _shown(text: str) -> str:
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
