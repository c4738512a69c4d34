"""``bewaar pack``: parses, calls one function, prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive import times
from archive.cli import ExistingFile, OutputFile, OutputFolder, archive_option, finding_line, json_option, print_json
from archive.counted import counted
from archive.errors import WrongUse
from archive.layout import Archive

if TYPE_CHECKING:
    from archive.timestamps import Stamp
    from archive.wacz import Checked, Packed
    from archive.wacz.stamping import Ask, Stamper


@click.command()
@archive_option
@click.option("--site", help="Only this site's files.")
@click.option("--since", metavar="DATE", help="Only files with a capture made then or later, such as 2026-01-31.")
@click.option("--output", type=OutputFile, help="The new file.  [default: exports/SITE-TIME.wacz in the archive]")
@click.option("--title", help="What the package is called.")
@click.option("--description", help="What it is.")
@click.option("--originals/--no-originals", default=True, help="Copy what revisits refer to in other files [yes].")
@click.option("--include-withheld", is_flag=True, help="Pack also what takedowns and embargoes withhold.")
@click.option("--bag", type=OutputFolder, help="Make a BagIt bag in this new directory instead of a WACZ.")
@click.option("--sign", "key", type=ExistingFile, help="Sign with this private key: P-384, PEM.")
@click.option(
    "--timestamp", "stamped", type=ExistingFile, metavar="WACZ",
    help="Put a time stamp into this signed package, and pack nothing.",
)  # fmt: skip
@click.option(
    "--timestamp-authority", "authority", metavar="URL",
    help="Have the signature stamped by this RFC 3161 authority, now, over the network.",
)  # fmt: skip
@click.option(
    "--timestamp-query", "query", type=OutputFile,
    help="Write the request to this new file, for an authority that is asked by other means.",
)  # fmt: skip
@click.option(
    "--timestamp-reply", "reply", type=ExistingFile, help="With --timestamp: take in what the authority replied."
)
@click.option("--verify", "package", type=ExistingFile, help="Check this WACZ, ours or others', and pack nothing.")
@click.option(
    "--by", "signer", type=ExistingFile, help="With --verify: it must be signed by this key, public or private."
)
@click.option(
    "--trust", "trusted", type=ExistingFile, multiple=True,
    help="Root certificates, PEM: its time stamp, and a domain's signature, must lead to one. May be repeated.",
)  # fmt: skip
@json_option
@click.pass_obj
def pack(
    ask: Ask,
    archive: Path,
    site: str | None,
    since: str | None,
    output: Path | None,
    title: str | None,
    description: str | None,
    originals: bool,
    include_withheld: bool,
    bag: Path | None,
    key: Path | None,
    stamped: Path | None,
    authority: str | None,
    query: Path | None,
    reply: Path | None,
    package: Path | None,
    signer: Path | None,
    trusted: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Pack WARC files into one WACZ 1.1.1, which replays anywhere, or into a BagIt bag; or check a WACZ.

    It holds sealed WARC files as they are, their index, their pages with title and text, and digests of all. What a
    revisit refers to in a file that is not packed is copied along, so that the package replays on its own. A crawl
    may run meanwhile. A bag's data/ is an archive of its own: WARC files, profiles, decisions.

    What a takedown or an embargo withholds is left out of a WACZ: of its WARC files, its index and its pages. A bag
    holds files whole, so none is made with such a file in it. --include-withheld packs all, for an archive of yours.

    A signature says who, a time stamp over it since when: an authority that others trust vouches with its own clock
    that the package existed. It is sent a digest, nothing else. Where no network is, the request is written to a
    file, and the reply taken in later.

    \b
    Examples
      bewaar pack --site better_care_network --since 2026-01-01
      bewaar pack --bag /media/usb/network-2026
    \b
    Sign, and check whose signature it is
      openssl ecparam -name secp384r1 -genkey -noout -out key.pem
      bewaar pack --output network.wacz --title "Better Care Network" --sign key.pem
      bewaar pack --verify network.wacz --by key.pem
    \b
    Have it stamped: at once, afterwards, or without a network
      bewaar pack --output network.wacz --sign key.pem --timestamp-authority http://tsa.example.org/tsr
      bewaar pack --timestamp network.wacz --timestamp-authority http://tsa.example.org/tsr
      bewaar pack --timestamp network.wacz --timestamp-query network.tsq      take it to the authority, then
      bewaar pack --timestamp network.wacz --timestamp-reply network.tsr
      bewaar pack --verify network.wacz --trust authority-root.pem
    \b
    Exit codes
      0 done   1 a revisit without its original, a damaged record, no time stamp, or with --verify anything wrong
      2 wrong use   4 it could not be written
    """
    from archive.wacz import Wanted, default_output
    from archive.wacz import pack as run
    from archive.wacz.stamping import write_query

    if package:
        if stamped or authority or query or reply:
            raise WrongUse("--verify checks a package as it is: no --timestamp option goes with it")
        return _verify_package(package, signer, trusted, as_json=as_json)
    if signer:
        raise WrongUse("--by says whose signature --verify must find; to sign, give --sign KEY")
    stamper = _stamper(ask, authority, reply, trusted)
    if stamped:
        return _stamp_package(stamped, stamper, query, as_json=as_json)
    if (authority or query) and not key:
        raise WrongUse("a time stamp is over the signature: give --sign KEY too, or --timestamp WACZ for a signed one")
    if reply:
        raise WrongUse("--timestamp-reply goes into a package that is there: say which with --timestamp WACZ")
    held = Archive.open(archive)
    wanted = Wanted(
        site, times.read_since(since) if since else None, originals, title, description, _private_key(key), stamper,
        include_withheld,
    )  # fmt: skip
    if bag:
        if output or key:
            raise WrongUse("--bag DIR makes a bag and no WACZ: --output and --sign do not go with it")
        return _make_bag(held, bag, wanted, as_json=as_json)
    _check_new(query)
    packed = run(held, output or default_output(held, site), wanted)
    if query:
        write_query(Path(packed.file), query)
    for line in packed.problems:
        click.echo(f"bewaar: {line}", err=True)
    if as_json:
        print_json(asdict(packed))
    else:
        click.echo(
            f"{packed.file}: {packed.size} bytes, {counted(WARC_file=packed.warcs, capture=packed.captures)},"
            f" {counted(page=packed.pages, original=packed.originals)} copied{_left_out(packed)}{_said(packed.stamp)}"
        )
    return 1 if packed.problems else 0


def _stamper(ask: Ask, authority: str | None, reply: Path | None, trusted: tuple[Path, ...]) -> Stamper | None:
    from archive.timestamps import check_installed
    from archive.trust import load_roots
    from archive.wacz.stamping import by_asking, by_reply

    if authority and reply:
        raise WrongUse("--timestamp-authority asks now, --timestamp-reply takes in what was asked before: give one")
    if not authority and not reply:
        if trusted:
            raise WrongUse("--trust says what --verify, --timestamp-authority or --timestamp-reply is to believe")
        return None
    check_installed()
    roots = load_roots(trusted)
    return by_asking(ask, authority, roots) if authority else by_reply(reply, roots) if reply else None


def _stamp_package(package: Path, stamper: Stamper | None, query: Path | None, *, as_json: bool) -> int:
    from archive.wacz.stamping import stamp_package, write_query

    if bool(stamper) == bool(query):
        raise WrongUse(
            "--timestamp WACZ takes one of --timestamp-authority URL, --timestamp-query FILE, --timestamp-reply FILE"
        )
    if query:
        _check_new(query)
        write_query(package, query)
        if as_json:
            print_json({"file": str(package), "query": str(query)})
        else:
            click.echo(f"{query}: the request; take in the reply with bewaar pack --timestamp {package}"
                       " --timestamp-reply FILE")  # fmt: skip
    elif stamper:
        stamp = stamp_package(package, stamper)
        if as_json:
            print_json({"file": str(package), "stamp": asdict(stamp)})
        else:
            click.echo(f"{package}{_said(stamp)}")
    return 0


def _check_new(query: Path | None) -> None:
    from archive.timestamps import check_installed

    if query:
        check_installed()
        if query.exists():
            raise WrongUse(f"{query}: exists already")


def _left_out(packed: Packed) -> str:
    return f", {packed.withheld} withheld captures left out" if packed.withheld else ""


def _said(stamp: Stamp | None) -> str:
    if stamp is None:
        return ""
    return f", stamped {times.seconds(stamp.at)} by {stamp.authority} ({_vouched(stamp.trusted)})"


def _vouched(trusted: bool | None) -> str:
    if trusted is None:
        return "no root was given to hold that against: --trust FILE"
    return f"{'a' if trusted else 'no'} root you trust vouches for it"


def _make_bag(held: Archive, directory: Path, wanted: Any, *, as_json: bool) -> int:
    from archive.bag import make_bag

    bagged = make_bag(held, directory, wanted)
    for line in bagged.problems:
        click.echo(f"bewaar: {line}", err=True)
    if as_json:
        print_json(asdict(bagged))
    else:
        along = f", {bagged.originals} more that their revisits refer to" if bagged.originals else ""
        click.echo(
            f"{bagged.directory}: {bagged.size} bytes in {counted(file=bagged.files, WARC_file=bagged.warcs)}{along}"
        )
    return 1 if bagged.problems else 0


def _private_key(path: Path | None) -> Any:
    from archive.signing import load_private_key

    return path and load_private_key(path)


def _verify_package(package: Path, signer: Path | None, trusted: tuple[Path, ...], *, as_json: bool) -> int:
    from archive.signing import load_fingerprint
    from archive.timestamps import check_installed
    from archive.trust import load_roots
    from archive.wacz import Checked, Expected, check_wacz

    if trusted:
        check_installed()
    checked = Checked()
    expected = Expected(load_fingerprint(signer) if signer else None, load_roots(trusted))
    findings = []
    wrong = 0
    for finding in check_wacz(package, checked, expected):
        wrong += finding.severity == "failure"
        findings.append(asdict(finding))
        if not as_json:
            click.echo(finding_line(finding))
    if as_json:
        print_json({**asdict(checked), "findings": findings})
    else:
        click.echo(
            f"{counted(file=checked.resources, index_line=checked.lines)} checked, {_who(checked)}: {wrong} wrong, "
            f"{counted(warning=len(findings) - wrong)}",
            err=True,
        )
    return 1 if wrong else 0


def _who(checked: Checked) -> str:
    found = checked.signer
    who = f"signed by key {found.fingerprint}" if found else "not signed"
    if found and found.domain:
        who += f", whose certificate says {found.domain!a} ({_vouched(found.trusted)})"
    if checked.stamp_unchecked:
        who += f", time stamp not checked ({checked.stamp_unchecked})"
    return who + _said(checked.stamp)
