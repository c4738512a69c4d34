from __future__ import annotations

import time
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from crawler.discover import discover
from crawler.discover.pdf import LONGEST, references
from crawler.replica.pdf import pdf

URL = "http://a.example/docs/report.pdf"


def written(*targets: str, base: str = "", password: str | None = None, pages: int = 1) -> bytes:
    writer = PdfWriter()
    for number in range(pages):
        writer.add_blank_page(100, 100)
        for target in targets:
            writer.add_annotation(number, Link(rect=(0, 0, 9, 9), url=target))
    if base:
        writer.root_object[NameObject("/URI")] = DictionaryObject({NameObject("/Base"): TextStringObject(base)})
    if password is not None:
        writer.encrypt(password, "owner", algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def in_object_streams() -> bytes:
    """PDF 1.5 as today's programs write it: objects in a compressed stream, the cross-references in another."""
    inner = [
        (1, b"<</Type/Catalog/Pages 2 0 R>>"),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[<</Type/Annot/Subtype/Link/A<</S/URI/URI(/packed)>>>>]>>"),
    ]  # fmt: skip
    index, data = b"", b""
    for number, text in inner:
        index += b"%d %d " % (number, len(data))
        data += text + b" "
    packed = zlib.compress(index + data)
    out = b"%PDF-1.5\n"
    at_stream = len(out)
    out += b"4 0 obj<</Type/ObjStm/N 3/First %d/Length %d/Filter/FlateDecode>>stream\n" % (len(index), len(packed))
    out += packed + b"\nendstream\nendobj\n"
    at_table = len(out)
    rows = [(0, 0, 0), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, at_stream, 0), (1, at_table, 0)]
    table = zlib.compress(b"".join(bytes([kind]) + at.to_bytes(2, "big") + bytes([index]) for kind, at, index in rows))
    out += b"5 0 obj<</Type/XRef/Size 6/Root 1 0 R/W[1 2 1]/Length %d/Filter/FlateDecode>>stream\n" % len(table)
    return out + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at_table


def test_targets_of_annotations_are_links() -> None:
    body = written("http://b.example/1", "mailto:a@b.example", "../x y.html#top")
    found = [(link.hop, link.url, link.context) for link in discover(URL, "application/pdf", (), body)]
    assert found == [("L", "http://b.example/1", "pdf/link"), ("L", "http://a.example/x%20y.html", "pdf/link")]


def test_a_pdf_is_known_by_its_bytes_where_no_type_is_given() -> None:
    assert [link.url for link in discover(URL, "", (), written("/1"))] == ["http://a.example/1"]


def test_a_document_may_have_a_base_of_its_own() -> None:
    assert list(references(written("page", base="http://c.example/d/"))) == ["http://c.example/d/page"]


def test_objects_in_streams_are_read() -> None:
    assert list(references(in_object_streams())) == ["/packed"]


def test_an_encrypted_document_that_opens_without_a_password_is_read() -> None:
    assert list(references(written("/1", password=""))) == ["/1"]
    assert list(references(written("/1", password="secret"))) == []


def test_a_document_whose_table_is_elsewhere_than_it_says_is_read() -> None:
    whole = pdf("Report", ["text"], ("a link", "/found"))
    assert list(references(whole.replace(b"startxref\n", b"startxref\n9"))) == ["/found"]
    assert list(references(b"HTTP junk\n" * 50 + whole)) == ["/found"]


def test_a_page_tree_that_is_a_loop_ends() -> None:
    looped = pdf("Report", ["text"], ("a link", "/found")).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    began = time.monotonic()
    assert list(references(looped)) == []
    assert time.monotonic() - began < 10


def test_of_a_book_so_many_pages_are_read() -> None:
    assert len(list(references(written("/1", pages=LONGEST + 5)))) == LONGEST


def test_annotations_that_are_none_are_passed_over() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(9, 9)
    page[NameObject("/Annots")] = ArrayObject([TextStringObject("x"), DictionaryObject()])
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="/after"))
    out = BytesIO()
    writer.write(out)
    assert list(references(out.getvalue())) == ["/after"]


WHOLE = in_object_streams()


@settings(deadline=None)
@given(st.data())
def test_no_bytes_raise(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([WHOLE, pdf("Report", ["text"], ("a link", "/found"))])))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    list(references(bytes(body[: data.draw(st.integers(0, len(body)))])))


@pytest.mark.parametrize(
    "piece", [b"[", b"<<", b"(", b"1 0 obj ", b"%PDF-1.4\n", b"xref\n0 1\n", b"stream\n", b"startxref\n0\n"]
)
def test_no_document_takes_long(piece: bytes) -> None:
    began = time.monotonic()
    list(references(b"%PDF-1.7\n" + piece * (2_000_000 // len(piece))))
    assert time.monotonic() - began < 20
