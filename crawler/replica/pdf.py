"""One page of PDF 1.4 (ISO 32000-1, 7.5): text, a link annotation, a cross-reference table that fits."""

from __future__ import annotations


def pdf(title: str, lines: list[str], link: tuple[str, str]) -> bytes:
    """*link* is text and URL. Text is written in WinAnsi; what that cannot hold becomes ``?``."""
    shown = [title, "", *lines, "", link[0]]
    last = 780 - 20 * (len(shown) - 1)
    content = b"BT /F1 13 Tf 20 TL 72 780 Td\n" + b"".join(b"(%b) Tj T*\n" % _escaped(line) for line in shown) + b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (nl) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [6 0 R] "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Annot /Subtype /Link /Rect [72 %d 400 %d] /Border [0 0 0] /A << /S /URI /URI (%b) >> >>"
        % (last - 4, last + 14, _escaped(link[1])),
        b"<< /Title (%b) /Producer (Bewaar, demonstratie) >>" % _escaped(title),
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _escaped(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
