"""The way from a capture to its replay, which runs scripts: only while something replays, and only on another origin."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal

import pytest

from archive.announcement import announce, announced
from archive.browse.serve import build as build_datasette
from archive.browse.serve import serve
from archive.errors import WrongUse
from tests.archive.browse_archive import HOME
from tests.archive.browse_server import running

AT = "http://127.0.0.1:8002/archive"


def replays(client, built, name: str = "home") -> list[str]:
    """Where the pages of a capture and of its versions lead to be replayed."""
    pages = (client.get(built.path(name)).text, client.get(f"/-/page/{built.ids[name]}").text)
    return [link for html in pages for link in re.findall(r'href="([^"]*)" rel="noreferrer noopener"', html)]


def test_a_capture_leads_to_its_replay_while_one_runs(built, client):
    assert replays(client, built) == []
    with announce(built.archive, AT) as said:
        assert said
        first, second = f"{AT}/20160501120001/{HOME}", f"{AT}/20180501120001/{HOME}"
        assert replays(client, built) == [first, second, first]
        assert "static snapshot" in client.get(built.path("home")).text
        assert "is withheld or was erased the replay says that it is not found" in client.get(built.path("home")).text
        assert replays(client, built, "home2") == [second, second, first]
        assert 'rel="noreferrer noopener"' not in client.get(built.path("pdf")).text
    assert replays(client, built) == []


def test_else_it_leads_to_a_snapshot_that_says_so(built, client):
    html = client.get(built.path("home")).text
    assert f'<a class="bw-button" href="{built.path("home", "snapshot")}">See a static snapshot</a>' in html
    versions = client.get(f"/-/page/{built.ids['home']}").text
    assert f'<a href="{built.path("home", "snapshot")}">static snapshot</a>' in versions
    assert "Archived copy of" in client.get(built.path("home", "snapshot")).text


def _announcing(archive, ready) -> None:
    with announce(archive, AT):
        ready.send(announced(archive))
        signal.pause()


def test_what_a_killed_replay_said_is_believed_no_more(built, client):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_announcing, args=(built.archive, theirs))
    process.start()
    assert ours.recv() == AT
    assert announced(built.archive) == AT
    assert len(replays(client, built)) == 3
    with announce(built.archive, "http://127.0.0.1:9999/archive") as said:
        assert not said  # the other says so already
    assert announced(built.archive) == AT
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)
    assert announced(built.archive) is None
    assert replays(client, built) == []


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"address": 5}', b'{"address": "javascript:alert(1)"}'])
def test_a_file_that_says_nothing_is_not_believed(built, client, text):
    with announce(built.archive, AT):
        (built.archive.state / "replay.json").write_bytes(text)
        assert announced(built.archive) is None


def test_the_public_is_led_only_where_the_operator_says(built):
    with announce(built.archive, AT), running(build_datasette(built.archive, public=True)) as client:
        assert replays(client, built) == []
    given = {"public": True, "replay": "https://replay.museum.test/archive/"}
    with running(build_datasette(built.archive, **given)) as client:
        assert replays(client, built)[0] == f"https://replay.museum.test/archive/20160501120001/{HOME}"


def test_nothing_is_replayed_on_this_origin(built, client):
    here = str(client.base_url)
    with announce(built.archive, f"{here}/archive"):
        assert replays(client, built) == []
    with announce(built.archive, "http://0.0.0.0:8002/archive"):
        assert replays(client, built)[0] == f"{AT}/20160501120001/{HOME}"


def test_an_address_that_is_none_is_refused(built):
    for wrong in ("replay.museum.test", "javascript:x", "http://", "http://a b/", "http://u@h/"):
        with pytest.raises(WrongUse, match="--replay"):
            serve(built.archive, port=0, replay=wrong)
    for wrong in ("archive", "/archive", "/a b/", "//x/", "/../"):
        with pytest.raises(WrongUse, match="--base-path"):
            serve(built.archive, port=0, base_path=wrong)
