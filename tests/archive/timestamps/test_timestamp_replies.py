"""Replies of an authority that are none, or to something else: they cost the stamp and not the package."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import timestamps
from archive.errors import NoAnswer
from archive.layout import Archive
from crawler.authority import ask
from tests.archive.timestamps.signatures import signed_data
from tests.authority import Authority, openssl
from tests.front_door import bewaar, start


def refusal(authority: Authority) -> bytes:
    """openssl's own, to a request for a digest that the authority does not take."""
    (authority.place / "any").write_bytes(b"any")
    openssl(authority.place, "ts", "-query", "-data", "any", "-sha384", "-cert", "-out", "refused.tsq")
    return authority.reply((authority.place / "refused.tsq").read_bytes())


def other_signature(authority: Authority) -> bytes:
    (authority.place / "any").write_bytes(b"any")
    openssl(authority.place, "ts", "-query", "-data", "any", "-sha256", "-cert", "-no_nonce", "-out", "other.tsq")
    return authority.reply((authority.place / "other.tsq").read_bytes())


def bent(reply: bytes) -> bytes:
    return reply[:-5] + bytes([reply[-5] ^ 1]) + reply[-4:]


GRANTED = "application/timestamp-reply"
BAD: dict[str, tuple[Callable[[Authority, bytes], tuple[int, str, bytes]], str]] = {
    "rejection": (lambda a, q: (200, GRANTED, refusal(a)), "the authority gave no time stamp: status 2, rejection"),
    "wrong nonce": (
        lambda a, q: (200, GRANTED, a.reply(timestamps.make_query({"signature": "x"}, nonce=True).data)),
        "the reply is to another request: nonce",
    ),
    "no nonce": (lambda a, q: (200, GRANTED, other_signature(a)), "the reply is to another request: nonce"),
    "bent": (lambda a, q: (200, GRANTED, bent(a.reply(q))), "was not signed by its certificate, CN=tsa,O=Test"),
    "cut short": (lambda a, q: (200, GRANTED, a.reply(q)[:-9]), "not a time stamp, or not one that can be read"),
    "html": (lambda a, q: (200, "text/html", b"<h1>Welcome</h1>"), "answered with text/html of 16 bytes, which is not"),
    "empty": (lambda a, q: (200, GRANTED, b""), "of 0 bytes, which is not a time-stamp reply"),
    "error": (lambda a, q: (500, "text/html", b"<h1>Oh</h1>"), "answered 500 Internal Server Error"),
    "redirect": (lambda a, q: (302, "text/html", b""), "answered 302 Found, and points to https://elsewhere.test/"),
    "huge": (lambda a, q: (200, GRANTED, b"0" * (2 << 20)), "a reply of more than 1048576 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_reply_costs_the_stamp_and_not_the_package(
    name: str, archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    answer, what = BAD[name]
    authority.answer = lambda query: answer(authority, query)
    output = tmp_path / "x.wacz"
    done = bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key,
                  "--timestamp-authority", authority.url, code=1)  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"bewaar: {authority.url}: ")
    assert what in line
    assert "is packed and signed without a time stamp" in line
    assert "timeSignature" not in signed_data(output)
    bewaar("pack", "--verify", output, "--by", key)
    # Nor does it change a package that is there, which can be stamped afterwards.
    before = output.read_bytes()
    done = bewaar("pack", "--timestamp", output, "--timestamp-authority", authority.url, code=1)
    assert what in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert output.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.wacz"]


def test_who_is_tired_of_waiting_keeps_the_package(
    archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    authority.wait_s = 20
    output = tmp_path / "x.wacz"
    running = start("pack", "--archive", archive.root, "--output", output, "--sign", key,
                    "--timestamp-authority", authority.url)  # fmt: skip
    until = time.monotonic() + 60
    while not authority.queries:
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=15)
    assert running.returncode == 1
    assert "interrupted while waiting for its reply" in said
    bewaar("pack", "--verify", output, "--by", key)


def test_a_reply_to_another_signature_is_not_taken_in(package: Path, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "x.tsr").write_bytes(other_signature(authority))
    done = bewaar("pack", "--timestamp", package, "--timestamp-reply", tmp_path / "x.tsr", code=1)
    assert "x.tsr: the time stamp is over something else than this signature" in done.stderr


def test_an_authority_that_does_not_answer(authority: Authority) -> None:
    query = timestamps.make_query({"signature": "x"}, nonce=True).data
    authority.wait_s = 5
    with pytest.raises(NoAnswer, match=r"no reply within 0\.2 s"):
        ask(authority.url, query, timeout_s=0.2)
    with pytest.raises(NoAnswer, match="Connection refused"):
        ask("http://127.0.0.1:9/", query)
    with pytest.raises(NoAnswer, match=r"(?i)wrong.version.number|record.layer"):  # https asked of what speaks http
        ask(authority.url.replace("http:", "https:"), query)
    with pytest.raises(NoAnswer, match=r"nowhere\.invalid"):
        ask("http://nowhere.invalid/", query)
