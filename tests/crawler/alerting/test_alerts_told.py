"""What people are told: what is not well, once, again when it is new or over, and not too often."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import timedelta
from threading import Thread

from click.testing import CliRunner

from archive import times
from archive.fixity import audit
from archive.manifest import write_manifest
from archive.store import Store
from crawler.alerting.cli import alerts
from crawler.alerting.digest import Told
from crawler.alerting.gather import Alert, gather
from crawler.alerting.tell import tell, tell_after_crawl, tell_held
from crawler.items import KINDS
from crawler.schedule.attempts import Attempts, Memory
from tests.archive.store_builders import SITE, reading, write
from tests.crawler.alerting.ways import mail_to, settings


def test_a_digest_is_told_once_and_again_when_something_is_new_or_over(archive):
    found = settings(archive, "pause_hours = 1")
    told, now = Told(archive), times.now()
    one, two = Alert("one", "1"), Alert("two", "2")

    def said(standing: list[Alert], after: timedelta) -> tuple[list[str], list[str]] | None:
        digest = told.digest(standing, found, now + after)
        if digest:
            told.note(standing, digest, now + after)
            told.__init__(archive)  # type: ignore[misc]  # as another process reads it
        return digest and ([alert.key for alert in digest.new], list(digest.over))

    assert said([one], timedelta()) == (["one"], [])
    assert said([one, two], timedelta(minutes=59)) is None
    assert said([one, two], timedelta(hours=7)) == (["two"], [])
    assert said([one, two], timedelta(days=6)) is None
    assert said([one, two], timedelta(days=7, minutes=1)) == (["one"], [])
    assert said([two], timedelta(days=8, hours=2)) == (["two"], ["one"])
    assert said([], timedelta(days=9)) == ([], ["two"])
    assert said([], timedelta(days=30)) is None
    (archive.state / "alerts.json").write_text("{ not json")
    told.__init__(archive)  # type: ignore[misc]
    assert said([one], timedelta(days=31)) == (["one"], [])


def test_what_is_not_well_is_gathered(archive, monkeypatch):
    found = settings(archive, "nothing_new = 2\ndisk_free = 1000")
    assert [one.key for one in gather(archive, found)] == [f"{SITE} nothing new"]
    with Store(archive.database, KINDS) as store:
        write(store, 5, reading(5, status=503, text=None))
        store.derive(SITE)
    usage = shutil.disk_usage(archive.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=999))
    keys = [one.key for one in gather(archive, found)]
    assert {"disk", f"{SITE} no page", f"{SITE} failed pages"} <= set(keys)
    warc = archive.warcs / "sha256-x.warc"
    warc.write_bytes(b"WARC/1.1\r\nWARC-Type: respo")
    assert "fixity sha256-x.warc" in [one.key for one in gather(archive, found, verify=True)]


def test_a_crawl_that_was_missed_is_told_and_one_that_is_merely_due_is_not(archive):
    found = settings(archive, "missed_hours = 6")
    (archive.sites / "choirs.toml").write_text(
        'seeds = ["http://choirs.test/"]\n[schedule]\ncron = "30 2 * * *"\njitter = "0m"\n'
    )
    memory = Memory.read(archive)
    memory.sites["choirs"] = Attempts(seen="2026-01-01T12:00:00Z")
    memory.write(archive, flush=True)

    def told(at: str) -> list[Alert]:
        return [one for one in gather(archive, found, now=times.parse(at)) if one.key == "choirs missed"]

    assert told("2026-01-02T02:00:00Z") == told("2026-01-02T06:00:00Z") == []
    (missed,) = told("2026-01-02T09:00:00Z")
    assert "was due at 2026-01-02 02:30" in missed.text
    assert missed.command == f"bewaar due --archive {archive.root}"
    (archive.sites / "choirs.toml").write_text("seeds = 3\n")
    assert "choirs profile" in [one.key for one in gather(archive, found)]


def test_a_crawl_that_could_not_begin_is_told_until_one_did(archive):
    found = settings(archive, "")
    (archive.sites / "choirs.toml").write_text('seeds = ["http://choirs.test/"]\n[schedule]\nfrequency = "once"\n')
    memory, now = Memory.read(archive), times.seconds(times.now())
    memory.sites["choirs"] = Attempts(
        seen=now, began=now, ended=now, failures=1, wrong="the archive could not be written"
    )  # fmt: skip
    memory.write(archive, flush=True)
    assert [(one.key, one.text) for one in gather(archive, found)] == [
        ("choirs attempt", "choirs: its crawl failed: the archive could not be written.")
    ]
    # The report tells this one.
    memory.sites["choirs"].wrong = "no seed answered: HTTP status 503"
    memory.write(archive, flush=True)
    assert gather(archive, found) == []


def test_on_a_full_disk_it_is_told_and_no_more_than_once_a_day(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'pause_hours = 0\ndisk_free = "1 EiB"\n' + mail_to(place))
    # Where a folder lies in the way of the draft it cannot be written, as on a full disk.
    (in_the_way := archive.state / ".alerts.json.tmp").mkdir()
    for _ in range(2):
        tell_after_crawl(archive)
    assert len(mailbox.mails) == 1
    yesterday = (times.now() - timedelta(days=1, minutes=1)).timestamp()
    os.utime(archive.state / "alerts.json", (yesterday, yesterday))
    (fault,) = tell_after_crawl(archive)
    assert "cannot be noted" in fault
    in_the_way.rmdir()
    # There is room again: it is noted once more what is told.
    assert tell_after_crawl(archive) == tell_after_crawl(archive) == []
    assert len(mailbox.mails) == 3


def test_what_an_audit_found_is_told_until_it_is_mended(archive):
    found = settings(archive, "")
    file = archive.warcs / "sha256-x.warc"
    file.write_bytes(b"WARC/1.1\r\n")
    write_manifest(archive.root, {"warcs/sha256-x.warc": hashlib.sha256(b"other").hexdigest()})
    audit(archive, days=1, now=times.now())
    assert [one.key for one in gather(archive, found)] == ["fixity sha256-x.warc"]
    file.write_bytes(b"other")
    audit(archive, days=1, now=times.now(), everything=True)
    assert gather(archive, found) == []


def test_what_could_not_be_told_is_told_the_next_time(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to("127.0.0.1:1"))
    assert tell_after_crawl(archive)
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to(place))
    assert tell(archive).faults == []
    assert tell(archive).digest is None
    assert len(mailbox.mails) == 1


def test_what_comes_too_soon_after_a_digest_is_told_when_the_pause_is_over(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to(place))
    assert tell_after_crawl(archive) == []
    assert tell_held(archive) == []
    settings(archive, 'nothing_new = 2\ndisk_free = "1 EiB"\n' + mail_to(place))
    assert tell_after_crawl(archive) == []
    assert tell_held(archive) == []
    assert len(mailbox.mails) == 1
    settings(archive, 'nothing_new = 2\npause_hours = 0\ndisk_free = "1 EiB"\n' + mail_to(place))
    assert tell_held(archive) == []
    assert "nothing new in 2 crawls" in mailbox.mails[1].get_content()
    assert "disk" not in mailbox.mails[1].get_content()
    assert tell_held(archive) == []
    assert len(mailbox.mails) == 2


def test_what_waits_for_the_pause_is_said_and_a_file_that_changed_does_not_wait(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to(place))
    assert tell(archive).held is None
    settings(archive, 'nothing_new = 2\ndisk_free = "1 EiB"\n' + mail_to(place))
    tell(archive)
    said = CliRunner().invoke(alerts, ["tell", "--archive", str(archive.root)], standalone_mode=False)
    until = json.loads((archive.state / "alerts.json").read_text())["sent_at"]
    assert (
        said.output == f"1 new; told after {times.parse(until) + timedelta(hours=1):%Y-%m-%d %H:%M} UTC (pause_hours)\n"
    )
    assert len(mailbox.mails) == 1
    file = archive.warcs / "sha256-x.warc"
    file.write_bytes(b"WARC/1.1\r\n")
    write_manifest(archive.root, {"warcs/sha256-x.warc": hashlib.sha256(b"other").hexdigest()})
    audit(archive, days=1, now=times.now())
    assert tell_after_crawl(archive) == []
    assert "sha256-x.warc" in mailbox.mails[1].get_content()
    assert "nothing new in 2 crawls" in mailbox.mails[1].get_content()
    # Once told it does not let others through.
    file.write_bytes(b"other")
    audit(archive, days=1, now=times.now(), everything=True)
    held = tell(archive).held
    assert held is not None
    assert (held.new, held.over) == (0, 1)
    assert len(mailbox.mails) == 2


def test_a_way_that_failed_says_that_it_is_not_tried_again(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to(place) + '[alerts.command]\nrun = ["false"]\n')
    (fault,) = tell_after_crawl(archive)
    assert fault == "command: false: exit code 1; the other ways told it, and it is not sent this way again"
    assert tell_after_crawl(archive) == []
    settings(archive, 'pause_hours = 0\nnothing_new = 2\ndisk_free = "1 EiB"\n[alerts.command]\nrun = ["false"]\n')
    (fault,) = tell_after_crawl(archive)
    assert "not sent this way again" not in fault


def test_two_that_tell_at_once_send_one_message(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    settings(archive, 'disk_free = "1 EiB"\n' + mail_to(place))
    both = [Thread(target=tell_after_crawl, args=(archive,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(mailbox.mails) == 1
