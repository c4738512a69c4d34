from __future__ import annotations

import doctest
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archive.configuration
import archive.layout
from archive.errors import ArchiveFault, Locked, NotAnArchive, WrongUse
from archive.layout import FORMAT, Archive, check_site_name


@pytest.fixture
def kept(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "kept", operator='Ans "de" Vries', contact="ans@example.org")


@pytest.mark.parametrize("module", [archive.configuration, archive.layout], ids=lambda m: m.__name__)
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


def test_archive_made_is_archive_opened(kept: Archive):
    assert Archive.open(kept.root) == kept
    assert Archive.create(kept.root, operator="someone else") == kept
    for folder in (kept.warcs, kept.sites, kept.decisions, kept.exports, kept.reports, kept.state, kept.logs):
        assert folder.is_dir()
        assert folder.is_relative_to(kept.root)
    assert kept.database == kept.root / "archive.db"
    assert kept.manifest.parent == kept.root


def test_state_is_for_its_owner_only(kept: Archive):
    assert kept.state.stat().st_mode & 0o777 == 0o700
    kept.state.chmod(0o755)
    kept.make_folders()
    assert kept.state.stat().st_mode & 0o777 == 0o700


def test_missing_folders_come_back(kept: Archive):
    kept.exports.rmdir()
    kept.logs.rmdir()
    kept.state.rmdir()
    with kept.lock_site("a"):
        assert kept.exports.is_dir()


def test_opening_writes_nothing(kept: Archive):
    kept.exports.rmdir()
    Archive.open(kept.root)
    assert not kept.exports.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "{root}: not an archive: it holds no bewaar.toml"),
        (f"format = {FORMAT + 1}\nfuture = 1", f"{{toml}}: archive format {FORMAT + 1} is newer"),
        ('operator = "x"\n', "{toml}: format: is missing, and needed, as in: format = 1"),
        ("format = 0", "{toml} line 1: format: "),
        ("format = 1\n\ncontakt = 'a@b'", "{toml} line 3: contakt: no such key; did you mean contact?"),
        ("format = 1\ncontact = 'nobody'", "{toml} line 2: contact: 'nobody' is neither a mail address nor"),
        ("format = 1\ncontact = 'a@b\\nX: y'", "{toml} line 2: contact: "),
        ("format = 1\noperator = = 2", "{toml} line 2: not TOML: Invalid value"),
        (b"format = 1\noperator = '\xff'", "{toml} line 2: not UTF-8"),
        (b"a = " + b"[" * 100_000, "{toml}"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path: Path, text, message):
    toml = tmp_path / "bewaar.toml"
    if text is not None:
        toml.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(NotAnArchive) as caught:
        Archive.open(tmp_path)
    assert str(caught.value).startswith(message.format(root=tmp_path, toml=toml))
    assert "\n" not in str(caught.value)


def test_missing_directory_and_file_are_no_archives(tmp_path: Path):
    with pytest.raises(NotAnArchive, match="no such directory"):
        Archive.open(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotAnArchive, match="not a directory"):
        Archive.open(file)
    with pytest.raises(NotAnArchive, match="not a directory"):
        Archive.create(file)


def test_foreign_directory_is_left_alone(tmp_path: Path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(NotAnArchive, match=r"not empty \(it holds holiday.jpg\)"):
        Archive.create(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_start_killed_halfway_is_no_hindrance(tmp_path: Path):
    (tmp_path / ".bewaar.toml.123").write_text("form")
    assert Archive.create(tmp_path).writable


def test_wrong_contact_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(WrongUse, match="contact"):
        Archive.create(tmp_path / "new", contact="nobody")
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_a_fault():
    with pytest.raises(ArchiveFault):
        Archive.create("/proc/nowhere/archive")


@pytest.mark.parametrize("name", ["", "..", "a/b", "../a", "A", "a b", "é", "a\n", "a" * 101, "a.b"])
def test_site_names_stay_inside(kept: Archive, name: str):
    with pytest.raises(WrongUse, match="not a site name"), kept.lock_site(name):
        pass


@given(st.text())
def test_accepted_site_name_is_a_plain_file_name(name: str):
    try:
        check_site_name(name)
    except WrongUse:
        return
    assert Path("a", name).parent == Path("a")
    assert Path(name).name == name


HOLD = """
import sys, time
from archive.layout import Archive
with Archive.open(sys.argv[1]).lock_site("a"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_site_is_crawled_once_at_a_time_and_a_dead_owner_is_replaced(kept: Archive):
    owner = subprocess.Popen([sys.executable, "-c", HOLD, str(kept.root)], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(Locked) as caught, kept.lock_site("a"):
            pass
        assert re.fullmatch(
            rf"a is being crawled already by process {owner.pid}, since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ",
            str(caught.value),
        )
        with kept.lock_site("b"):
            pass
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
        assert str(owner.pid) in (kept.state / "a.lock").read_text()
        with kept.lock_site("a"):
            assert str(os.getpid()) in (kept.state / "a.lock").read_text()
    finally:
        owner.kill()
        owner.wait(10)
        assert owner.stdout is not None
        owner.stdout.close()


def test_site_lock_holds_within_one_process_and_ends_with_it(kept: Archive):
    with kept.lock_site("a"), pytest.raises(Locked), kept.lock_site("a"):
        pass
    with pytest.raises(ZeroDivisionError), kept.lock_site("a"):
        1 / 0  # noqa: B018 -- any exception will do
    with kept.lock_site("a"):
        pass


def test_lock_does_not_follow_a_planted_link(kept: Archive, tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (kept.state / "a.lock").symlink_to(victim)
    with pytest.raises(ArchiveFault), kept.lock_site("a"):
        pass
    assert victim.read_text() == "precious"


def _count(root: Path, times: int) -> None:
    kept = Archive.open(root)
    for _ in range(times):
        with kept.lock_database(), kept.lock_database():
            file = kept.root / "count"
            value = int(file.read_text())
            time.sleep(0.0005)
            file.write_text(str(value + 1))


def test_database_lock_keeps_threads_and_processes_apart(kept: Archive):
    (kept.root / "count").write_text("0")
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_count, args=(kept.root, 20)) for _ in range(2)]
    threads = [threading.Thread(target=_count, args=(kept.root, 20)) for _ in range(3)]
    for worker in [*workers, *threads]:
        worker.start()
    for worker in [*workers, *threads]:
        worker.join(30)
    assert (kept.root / "count").read_text() == "100"


def _refuses_locks(root: Path) -> None:
    """In a process of its own: root writes everywhere, so it becomes nobody first."""
    if os.geteuid() == 0:
        os.setuid(65534)
    found = Archive.open(root)
    assert not found.writable
    with pytest.raises(WrongUse, match="read-only"), found.lock_site("a"):
        pass
    with pytest.raises(WrongUse, match="read-only"), found.lock_database():
        pass


def test_read_only_archive_opens_and_refuses_locks():
    # Not below pytest's own directories, which nobody else may enter.
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        kept = Archive.create(Path(directory) / "a", contact="a@example.org")
        kept.root.chmod(0o555)
        reader = multiprocessing.get_context("fork").Process(target=_refuses_locks, args=(kept.root,))
        reader.start()
        reader.join(30)
        kept.root.chmod(0o755)
        assert reader.exitcode == 0


def test_the_marker_teaches_its_keys_and_is_read_as_it_was_meant(tmp_path: Path) -> None:
    Archive.create(tmp_path / "a", operator='Town "Archive" \\ Härwick', contact="a@example.org")
    text = (tmp_path / "a" / "bewaar.toml").read_text("utf-8")
    assert "# Who keeps this archive." in text
    found = Archive.open(tmp_path / "a")
    assert (found.operator, found.contact) == ('Town "Archive" \\ Härwick', "a@example.org")
    Archive.create(tmp_path / "b")
    assert '# contact = "you@example.org"' in (tmp_path / "b" / "bewaar.toml").read_text("utf-8")
    assert Archive.open(tmp_path / "b").contact is None
