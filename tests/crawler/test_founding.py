"""`bewaar init`: what it asks, what it writes, and that it leaves alone what is there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import tomllib
from pathlib import Path

import pytest

from archive.errors import NotAnArchive, WrongUse
from archive.founding import check_free
from archive.layout import Archive
from crawler.look.founding import check_answer, found_archive
from tests.front_door import COMMAND, CONTACT, bewaar, environment


def test_flags_make_an_archive_whose_file_teaches(tmp_path: Path) -> None:
    done = bewaar("init", "--archive", tmp_path / "a", "--operator", 'Town "Archive" \\ Härwick', "--contact", CONTACT)
    assert "bewaar.toml: made" in done.stdout
    text = (tmp_path / "a" / "bewaar.toml").read_text("utf-8")
    assert tomllib.loads(text) == {"format": 1, "operator": 'Town "Archive" \\ Härwick', "contact": CONTACT}
    for taught in ("# Who keeps this archive.", "a webmaster reaches you", "`bewaar sites add URL` writes one"):
        assert taught in text
    found = Archive.open(tmp_path / "a")
    assert (found.operator, found.contact) == ('Town "Archive" \\ Härwick', CONTACT)
    assert found.sites.is_dir()


def test_again_is_harmless_and_says_what_is_there(tmp_path: Path) -> None:
    found_archive(tmp_path, operator="Town", contact=CONTACT)
    marker, site = tmp_path / "bewaar.toml", tmp_path / "sites" / "choirs.toml"
    site.write_text('seeds = ["http://a.test/"]\n')
    before = marker.read_bytes()
    done = found_archive(tmp_path, operator="Village", contact=None)
    assert (done.is_new, done.archive.operator, done.sites) == (False, "Town", ("choirs",))
    (remark,) = done.remarks
    assert remark == (
        f"{marker}: operator stays 'Town', and does not become 'Village': change it in the file if you want to"
    )
    assert found_archive(tmp_path, operator="Town", contact=CONTACT).remarks == ()
    assert marker.read_bytes() == before


def test_an_archive_that_says_nobody_is_told_which_line_to_write(tmp_path: Path) -> None:
    Archive.create(tmp_path)
    (remark,) = found_archive(tmp_path, operator=None, contact=CONTACT).remarks
    assert remark.endswith(f'says no contact; write it into the file: contact = "{CONTACT}"')


@pytest.mark.parametrize(
    ("operator", "contact", "said"),
    [
        (None, None, 'give --operator "WHO KEEPS IT" and --contact MAIL-OR-WEB-ADDRESS; on a terminal'),
        ("Town", None, "give --contact MAIL-OR-WEB-ADDRESS; on a terminal `bewaar init` asks for what is missing"),
        ("Town", "call me", "--contact: 'call me' is neither a mail address nor an http(s) URL"),
        ("two\nlines", CONTACT, "--operator: must be one line of text"),
        ("", CONTACT, "--operator: must be one line of text"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_makes_nothing(
    tmp_path: Path, operator: str | None, contact: str | None, said: str
) -> None:
    with pytest.raises(WrongUse) as caught:
        found_archive(tmp_path / "a", operator=operator, contact=contact)
    assert said in str(caught.value)
    assert not (tmp_path / "a").exists()


def test_a_place_of_something_else_is_no_place_for_an_archive(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"x")
    for place, said in (("photos", "not empty (it holds holiday.jpg)"), ("photos/holiday.jpg", "not a directory")):
        with pytest.raises(NotAnArchive) as caught:
            check_free(tmp_path / place)
        assert said in str(caught.value)
    check_free(tmp_path / "new" / "deep")


def test_answers_are_trimmed_and_checked() -> None:
    assert check_answer("contact", "  you@example.org ") == "you@example.org"
    with pytest.raises(WrongUse, match=r"^'nobody' is neither"):
        check_answer("contact", "nobody")


def test_on_a_terminal_it_asks_and_asks_again(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "init", "--archive", str(tmp_path / "a")], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        env=environment(), text=True,
    )  # fmt: skip
    os.close(theirs)
    answers = [b"Town Archive\n", b"phone me\n", f"{CONTACT}\n".encode(), b"ftp://a/\n", b"\n"]
    shown = b""
    try:
        while answers:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, shown.decode()
            shown += os.read(ours, 4096)
            if shown.endswith(b": "):
                os.write(ours, answers.pop(0))
                shown += b"|"
        printed, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()
    assert process.returncode == 0, shown.decode()
    said = shown.decode()
    assert "'phone me' is neither a mail address nor an http(s) URL" in said
    assert "'ftp://a/' is not a web address" in said
    assert "operator  Town Archive\n" in printed
    assert Archive.open(tmp_path / "a").contact == CONTACT
