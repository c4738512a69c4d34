"""Archived pages as they were, scripts and all: pywb, in an environment of its own, on an origin of its own.

pywb is GPL and brings a brotli that breaks Scrapy, so it is neither shipped nor installed beside us: `set_up` makes it
an environment, once. Archived pages run their scripts; they must not do so on the origin of `bewaar serve`, nor of
anything else that knows who is looking.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.announcement import announce
from archive.cdxj import index_files, write_index
from archive.errors import ArchiveFault, BadRecord, BewaarError, WrongUse
from archive.layout import Archive
from archive.store.rules import Rule, is_withheld, rules_in
from archive.times import digits14
from crawler.reading import Reader
from crawler.warcinfo import opening

REQUIREMENT = "pywb>=2.10,<3"
#: one collection holds all sites of the archive
COLLECTION = "archive"
#: how often new WARC files are looked for
REFRESH_S = 5.0
START_S = 30.0

_CONFIGURATION = """\
# Written by bewaar replay; it is written anew at every start.
collections:
  {collection}:
    index_paths: {index}
    archive_paths: {warcs}
enable_memento: true
framed_replay: false
"""
# pywb knows no more than that it is not in the index, and who asks has a language that it does not ask for.
_NOT_FOUND = """\
{# Written by bewaar replay; it is written anew at every start. #}
{% extends "base.html" %}
{% block title %}404{% endblock %}
{% block body %}<div class="container">
<h4>{{ url|e }}</h4>
<p lang="en">Not replayed here: it was never captured, or it is withheld or was erased. A page of
<code>bewaar serve</code> for the same address says which.</p>
<p lang="nl">Wordt hier niet afgespeeld: het is nooit vastgelegd, of het wordt niet getoond of is gewist. Een pagina van
<code>bewaar serve</code> voor hetzelfde adres zegt welk van de drie.</p>
</div>{% endblock %}
"""


def environment() -> Path:
    """Where pywb lives: BEWAAR_REPLAY_HOME, else ``bewaar/replay`` in the user's data directory (XDG)."""
    if own := os.environ.get("BEWAAR_REPLAY_HOME"):
        return Path(own).absolute()
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "bewaar" / "replay"


def set_up(say: Callable[[str], None]) -> None:
    """Make the environment, or bring it up to date. Raises BewaarError with pip's last line when that fails."""
    place = environment()
    say(f"setting up {REQUIREMENT} in {place}")
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT],
    ):
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise BewaarError(f"{command[0]}: {error.strerror}") from error
        if done.returncode:
            said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            raise BewaarError(f"{place}: not set up: {said[-1] if said else f'exit code {done.returncode}'}")


def replay(archive: Archive, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve *archive* until Ctrl-C or SIGTERM. What is sealed meanwhile is replayed soon after; what is withheld is
    replayed no more.

    Raises WrongUse where pywb is not set up, the port is taken or there is nothing to replay.
    """
    program = environment() / "bin" / "wayback"
    if not program.exists():
        raise WrongUse(
            "pywb is not set up here: run `bewaar replay --setup` once (it installs it, in a place of its own)"
        )
    if not _files(archive):
        raise WrongUse(f"{archive.root}: no finished WARC file here: nothing to replay")
    port = _check_port(host, port)
    with _working_directory(archive) as directory:
        index = _Index(archive, directory / "index.cdxj", say)
        index.refresh()
        configuration = _CONFIGURATION.format(
            collection=COLLECTION,
            index=json.dumps(str(index.path)),
            warcs=json.dumps(f"{archive.warcs.absolute()}{os.sep}"),
        )
        (directory / "config.yaml").write_text(configuration, encoding="utf-8")
        (directory / "templates").mkdir(exist_ok=True)
        (directory / "templates" / "not_found.html").write_text(_NOT_FOUND, encoding="utf-8")
        with (directory / "pywb.log").open("wb") as log:
            process = subprocess.Popen(
                [str(program), "--bind", host, "--port", str(port), "--directory", str(directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                process_group=0,  # Ctrl-C is ours to hand on
            )
        with _ended(process):
            _await(process, host, port, directory / "pywb.log")
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}/{COLLECTION}"
            try:
                with announce(archive, address):
                    say(f"{address}/*/URL lists the captures of URL, {address}/2026/URL shows it as it was then")
                    for site, home in _homes(archive).items():
                        say(f"{site}: {address}/{home}")
                    while process.poll() is None:
                        time.sleep(REFRESH_S)
                        index.refresh()
            except KeyboardInterrupt:
                return
    raise BewaarError(f"pywb ended by itself, with exit code {process.returncode}; see {directory / 'pywb.log'}")


def _files(archive: Archive) -> list[Path]:
    return [*archive.sealed_warcs(), *archive.arcs(), *archive.waczs()]


def _homes(archive: Archive) -> dict[str, str]:
    """``time/URL`` of the first seed of each site's last crawl."""
    homes = {}
    for path in archive.sealed_warcs():
        reader = Reader(facts=False)
        try:
            for record in opening(path):
                reader.learn(record)
        except BadRecord:
            continue
        if reader.crawl and reader.profile:
            homes[reader.crawl.site] = f"{digits14(reader.crawl.started_at)}/{reader.profile.seeds[0]}"
    return homes


class _Index:
    """The CDXJ that pywb reads at each request; made again, and replaced whole, when there are other files or other
    things are withheld."""

    def __init__(self, archive: Archive, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        self._archive = archive
        self._say = say
        self._known: tuple[list[tuple[Path, int, int]], list[Rule] | None] | None = None

    def refresh(self) -> None:
        # What was erased moves what stands behind it, in a file of the same name.
        files = [(path, path.stat().st_size, path.stat().st_mtime_ns) for path in _files(self._archive)]
        try:
            rules = rules_in(self._archive.decisions)
        except WrongUse as error:
            if self._known != (files, None):
                self._say(f"nothing is replayed: {error}")
                write_index(self.path, ())
            self._known = files, None
            return
        if (files, rules) == self._known:
            return
        damage: list[BadRecord] = []
        lines = index_files(
            [path for path, _, _ in files],
            on_damage=damage.append,
            through_zips=True,
            shown=lambda capture: not is_withheld(rules, capture.url, capture.warc_date),
        )
        write_index(self.path, (f"{line}\n" for line in lines))
        for bad in damage:
            self._say(f"not replayed: {bad}")
        self._known = files, rules


@contextmanager
def _working_directory(archive: Archive) -> Iterator[Path]:
    """In the archive where it can be written, else a temporary one: an archive on read-only media is replayed too."""
    if archive.writable:
        archive.make_folders()
        place = archive.state.absolute() / "replay"
        try:
            place.mkdir(exist_ok=True)
        except OSError as error:
            raise ArchiveFault(f"{place}: {error.strerror}") from error
        yield place
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bewaar-replay-") as made:
        yield Path(made)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """pywb ends when we do, however that comes."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _check_port(host: str, port: int) -> int:
    """*port*, or a free one for 0. Raises WrongUse."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            found: int = listener.getsockname()[1]
            return found
    except OSError as error:
        raise WrongUse(f"{host}, port {port}: {error.strerror}; --port takes another") from error


def _await(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise BewaarError(f"pywb did not start: {said[-1] if said else 'it said nothing'}; see {log}")
