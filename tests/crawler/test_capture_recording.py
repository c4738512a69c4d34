"""The parts of the tee that need no network: spool, recording, and what failures are called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, DownloadTimeoutError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError, ResponseNeverReceived

from archive.errors import ArchiveFault
from crawler.capture.failures import MAX_CHARACTERS, explain, reason
from crawler.capture.recording import Limits, Recording
from crawler.capture.spool import MEMORY_BYTES, Spool


def recording(tmp_path) -> Recording:
    limits = Limits(tmp_path, feed_bytes=100, response_bytes=1000)
    return Recording(limits, "http://wire.test/", secure=False, ip_address=None)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, MEMORY_BYTES), max_size=6), data=st.data())
def test_spool_gives_back_what_it_took(tmp_path_factory, sizes, data):
    spool = Spool(tmp_path_factory.getbasetemp())
    parts = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    for part in parts:
        spool.write(part)
    whole = b"".join(parts)
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    held = spool.range(start, stop)
    # What was handed out stays, whatever comes after it.
    spool.write(b"more")
    spool.close()
    assert held.size == stop - start
    assert b"".join(held.chunks()) == whole[start:stop]


def test_spool_leaves_no_file_behind(tmp_path):
    spool = Spool(tmp_path)
    spool.write(b"x" * (MEMORY_BYTES + 1))
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_spool_that_cannot_be_written_is_a_fault_of_the_archive(tmp_path):
    spool = Spool(tmp_path / "gone")
    with pytest.raises(ArchiveFault, match="gone"):
        spool.write(b"x" * (MEMORY_BYTES + 1))


def test_nothing_received_is_no_response(tmp_path):
    exchange = recording(tmp_path)
    exchange.sent(b"GET / HTTP/1.1\r\n\r\n")
    exchange.lost(Failure(ConnectionDone()))
    kept = exchange.exchange(DownloadFailedError(), None, "L")
    assert kept.response is None
    assert kept.payload_digest is None
    assert kept.error.startswith("disconnect: ")


@given(st.text(), st.binary())
def test_an_explanation_is_one_short_line_whatever_a_server_sent(text, data):
    said = explain(ParseError(text, data))
    assert said.startswith("malformed: ")
    assert len(said) <= MAX_CHARACTERS
    assert said.isprintable()


def test_the_cause_is_named_and_not_its_wrapping():
    wrapped = ResponseNeverReceived([Failure(SSL.Error([("SSL routines", "", "certificate verify failed")]))])
    outer = DownloadFailedError("x")
    outer.__cause__ = wrapped
    assert explain(outer) == "tls: certificate verify failed"
    assert explain(CannotResolveHostError("no results for a.test")) == "dns: no results for a.test"
    assert reason(DownloadTimeoutError("slow")) == "time"
    assert reason(outer) == "unspecified"
    assert reason(ConnectionLost()) == "disconnect"
