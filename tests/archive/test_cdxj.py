from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from archive.cdxj import cdxj_index, cdxj_line
from archive.model import Capture, Place
from archive.urls import urlkey

CAPTURE = Capture(
    record_id="<urn:uuid:1>",
    type="response",
    url="http://www.example.test/Één?b&a",
    urlkey=urlkey("http://www.example.test/Één?b&a"),
    warc_date="2026-01-02T03:04:05.678901Z",
    status=200,
    mime="text/html",
    place=Place("demo.warc.gz", 306, 370),
    declared_digest="sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
    payload_digest="sha256:00",
)


def test_a_capture_is_one_line() -> None:
    assert cdxj_line(CAPTURE) == (
        'test,example)/%c3%89%c3%a9n?a&b 20260102030405 {"url": "http://www.example.test/\\u00c9\\u00e9n?b&a", '
        '"mime": "text/html", "status": "200", "digest": "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N", '
        '"length": "370", "offset": "306", "filename": "demo.warc.gz"}'
    )


def test_what_a_record_does_not_have_is_left_out() -> None:
    bare = replace(
        CAPTURE, url="http://e.nl/", urlkey="nl,e)/", status=None, mime=None, declared_digest=None, payload_digest=None
    )
    assert cdxj_line(bare, record_digest="sha256:aa") == (
        'nl,e)/ 20260102030405 {"url": "http://e.nl/", '
        '"length": "370", "offset": "306", "filename": "demo.warc.gz", "recordDigest": "sha256:aa"}'
    )


def test_a_revisit_has_the_digest_of_its_original_and_the_type_of_none() -> None:
    line = cdxj_line(replace(CAPTURE, type="revisit", payload_digest=None))
    assert '"mime": "warc/revisit", "status": "200", "digest": "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N"' in line


def test_an_index_is_sorted_as_sort_does_and_without_failures() -> None:
    urls = [
        "http://e.nl/~a",
        "http://e.nl/",
        "http://e.nl/a",
        "http://e.nl/A?x",
        "http://z.e.nl/",
        "http://e.nl:8080/",
        "http://é.nl/",
    ]
    captures = [replace(CAPTURE, url=url, urlkey=urlkey(url)) for url in urls]
    captures.append(replace(CAPTURE, warc_date="2025-01-01T00:00:00Z"))
    lines = list(cdxj_index([*captures, replace(CAPTURE, type="failure")]))
    by_sort = subprocess.run(
        ["sort"], input="\n".join(map(cdxj_line, captures)) + "\n", env={**os.environ, "LC_ALL": "C"},
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    assert lines == by_sort
