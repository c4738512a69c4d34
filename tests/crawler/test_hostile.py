"""A crawl of a site that attacks its crawler: every attack ends as a record that says so, and every real page is kept."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.warc.reader import read_records
from crawler.bounds import MEMORY_BYTES
from crawler.events import Event, events
from crawler.reading import Reader
from tests.archive.warc_samples import exchange_of, warc_writer
from tests.crash import readers
from tests.front_door import COMMAND, CONTACT, bewaar, crawl, environment
from tests.hostile_site import ATTACKS, IDLE_S, INSIDE, MOST_BYTES, TOTAL_S, Attack, sent, site
from tests.wire_server import MIB, Step, WireServer, drip, ok

#: of the crawler, whatever comes: an idle one has 75 MiB
CRAWLER_BYTES = 384 * MIB


class Watch:
    """The most memory that a crawl's two processes had."""

    def __init__(self, process: subprocess.Popen[str], archive: Path) -> None:
        self.crawler_bytes = self.reader_bytes = 0
        self._process = process
        self._archive = archive
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._thread.join()

    def _watch(self) -> None:
        while self._process.poll() is None:
            self.crawler_bytes = max(self.crawler_bytes, _peak_bytes(self._process.pid))
            self.reader_bytes = max(self.reader_bytes, 0, *map(_peak_bytes, readers(self._archive)))
            time.sleep(0.1)


def _peak_bytes(process: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


def ends(attack: Attack) -> set[tuple[str, str | None]]:
    """The records an attack may end as: of interim responses it hangs on chance whether the next had begun."""
    if attack.failure is None:
        return {("response", attack.truncated)}
    return {("failure", None), ("response", attack.truncated)} if attack.failure == "length" else {("failure", None)}


def test_every_attack_is_recorded_and_the_crawl_goes_on(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with WireServer(own=site()) as server, WireServer(own={"see.gif": sent(b"image/gif", b"GIF89a")}) as other:
        origin = f"http://127.0.0.1:{server.port}/"
        # Defaults, but for what would make the test wait.
        (archive.sites / "hostile.toml").write_text(
            f'seeds = ["{origin}"]\ndelay_s = 0\nidle_s = {IDLE_S}\ntimeout_s = {TOTAL_S}\n'
            f'max_response_bytes = {MOST_BYTES}\nexclude = ["/never-excluded/"]\n'
            f'connect_to = ["other.test:80:127.0.0.1:{other.port}"]\n'
        )
        process = subprocess.Popen(
            [*COMMAND, "crawl", "hostile", "--archive", archive.root, "--json"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        watch = Watch(process, archive.root)
        said, errors = process.communicate(timeout=400)
        watch.end()
        asked = Counter(turn.name for turn in server.turns)
        requests = [turn.received for turn in (*server.turns, *other.turns)]
        seen_elsewhere = [turn.received for turn in other.turns]
    assert "Traceback" not in errors
    report = json.loads(said)
    assert (report["status"], process.returncode) == ("finished", 1), errors

    # The crawl goes on: every real page, and no attack more often than an answer is worth.
    assert {name for name in ATTACKS if asked[f"real/{name}"] != 1} == set()
    assert {name: asked[name] for name, attack in ATTACKS.items() if not 0 < asked[name] <= attack.most} == {}
    assert [name for name in asked if name.startswith("never/") or "passwd" in name] == []
    assert watch.crawler_bytes < CRAWLER_BYTES, f"{watch.crawler_bytes / MIB:.0f} MiB"
    assert 0 < watch.reader_bytes < MEMORY_BYTES

    # Every attack has its record, marked where it falls short.
    db = sqlite3.connect(archive.database)
    kept = {
        url.removeprefix(origin): (kind, truncated, (error or "").partition(":")[0] or None)
        for url, kind, truncated, error in db.execute(
            "SELECT r.url, c.record_type, c.truncated, c.error FROM capture c "
            "JOIN resource r ON r.id = c.resource_id ORDER BY c.warc_date"
        )
    }
    wrong = {
        name: kept.get(name) for name, attack in ATTACKS.items() if kept.get(name, (None, None))[:2] not in ends(attack)
    }
    assert wrong == {}
    assert {
        name: kept[name][2] for name, attack in ATTACKS.items() if attack.failure and kept[name][2] != attack.failure
    } == {}
    problems = {problem["url"].removeprefix(origin) for problem in report["problems"]}
    assert problems <= {name for name, attack in ATTACKS.items() if attack.may_give_up}
    assert {"bomb-gzip", "bomb-css"} <= problems

    # Nothing inside is connected to: each address is refused, and recorded.
    inside = [url.decode() for url in INSIDE if url.startswith(b"http")]
    refused = db.execute("SELECT count(*) FROM capture WHERE error LIKE 'address:%'").fetchone()[0]
    assert refused >= len(inside)

    # No header of ours is theirs to write, and no other host learns which page named it.
    assert max(map(len, requests)) < 8192
    assert not any(b"\r\nX-Injected" in request or b"passwd" in request for request in requests)
    assert len(seen_elsewhere) == 3  # robots.txt and two images
    assert not any(b"Referer" in request or b"evil" in request or b"Cookie" in request for request in seen_elsewhere)

    # (warcio check gives up at payloads whose gzip is damaged, so it is no judge here.)
    bewaar("verify", "--rows", "--archive", archive.root)


def test_an_answer_that_keeps_coming_is_waited_for(tmp_path: Path) -> None:
    parts = [b"%d<p>" % part for part in range(24)]

    def slowly() -> Iterator[Step]:
        yield ok(b"Content-Type: text/html", b"Content-Length: %d" % sum(map(len, parts)))
        for part in parts:
            yield 0.5
            yield part

    with WireServer(own={"": lambda _: slowly()}) as server:  # type: ignore[dict-item, return-value]
        report = crawl(f"http://127.0.0.1:{server.port}/", tmp_path / "a")
    assert report["failed"] == 0
    db = sqlite3.connect(tmp_path / "a" / "archive.db")
    assert db.execute("SELECT truncated FROM capture WHERE status = 200").fetchall() == [(None,)]


def test_a_server_that_lets_nobody_in_is_not_waited_for_long(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # Nobody accepts these; whoever comes then gets no answer to his SYN.
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        (archive.sites / "full.toml").write_text(f'seeds = ["http://127.0.0.1:{port}/"]\ndelay_s = 0\nidle_s = 1\n')
        bewaar("crawl", "full", "--archive", archive.root, code=1)
        for each in held:
            each.close()
    errors = sqlite3.connect(archive.database).execute("SELECT DISTINCT error FROM capture").fetchall()
    assert errors == [("timeout: no connection after 1 s",)]


def test_a_limit_on_time_does_not_wait_for_an_answer_without_end(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with WireServer(own={"robots.txt": sent(b"text/plain", b""), "": lambda _: drip(3000)}) as server:  # type: ignore[dict-item, return-value]
        seed = f"http://127.0.0.1:{server.port}/"
        (archive.sites / "drip.toml").write_text(f'seeds = ["{seed}"]\nidle_s = 3\nmax_time_s = 2\n')
        bewaar("crawl", "drip", "--archive", archive.root, code=3)
    db = sqlite3.connect(archive.database)
    assert db.execute("SELECT truncated FROM capture WHERE status = 200 ORDER BY id DESC LIMIT 1").fetchone() == (
        "time",
    )


@pytest.mark.parametrize(("answer", "problems"), [(b"HTTP/1", []), (b"SMTP ready\n", ["not HTTP"])])
def test_what_was_cut_off_in_its_status_line_is_cut_and_no_problem(
    tmp_path: Path, answer: bytes, problems: list[str]
) -> None:
    writer = warc_writer(tmp_path)
    file = writer.write_exchange(exchange_of(answer, truncated="length", header_bytes=None)).place.file
    writer.seal()
    reader = Reader()
    readings = [reader.read(found) for found in events(read_records(tmp_path / file)) if isinstance(found, Event)]
    assert [(each.capture.truncated, [said.what for said in each.problems]) for each in readings] == [
        ("length", problems)
    ]
