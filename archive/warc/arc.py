"""ARC 1.0 and 1.1, the format before WARC: one line, then a block. Records read as if they were WARC's.

A line is ``URL IP-address Archive-date Content-type Archive-length``, in version 2 with result code, checksum,
location, offset and file name before the length. There are no record ids: one is made of file, offset and line, the
same at every reading. What the line says is handed on as it stands.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from archive.model import Headers

#: longest line that is looked at; URLs stop at a few KiB
MAX_LINE_BYTES = 1 << 16
FILEDESC = "filedesc:"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BEGINS = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:[!-~]")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}|-")
_VERSION_2_FIELDS = 10


@dataclass(frozen=True, slots=True)
class ArcLine:
    url: str
    address: str
    #: as it stands: fourteen digits where it is right
    date: str
    content_type: str
    #: as it stands
    length: str


def may_begin(data: bytes) -> bool:
    """Whether a record, of which *data* is the beginning, could begin here."""
    return _BEGINS.match(data) is not None


def begins_file(head: bytes) -> bool:
    """Whether a file with this beginning is an ARC file."""
    head = head.lstrip(b"\r\n")
    if head.startswith(FILEDESC.encode()):
        return True
    line, end, _ = head.partition(b"\n")
    found = parse_line(line) if end else None
    return found is not None and is_sound(found)


def is_sound(line: ArcLine) -> bool:
    """Whether it is so much like a record's line that it is taken for one after damage."""
    return bool(re.fullmatch(r"\d{14}", line.date) and line.length.isdecimal() and _ADDRESS.fullmatch(line.address))


def parse_line(raw: bytes) -> ArcLine | None:
    """None when it is no record's line. A URL may hold spaces: old crawlers wrote them as they came.

    >>> parse_line(b"http://a.test/b c 192.0.2.1 20080430204826 text/html 680").url
    'http://a.test/b c'
    """
    if len(raw) > MAX_LINE_BYTES:
        return None
    words = raw.removesuffix(b"\r").decode("utf-8", "surrogateescape").split(" ")
    if len(words) < 5 or not _URL.match(words[0]):
        return None
    at = next(
        (n for n in range(2, len(words) - 1) if words[n].isdecimal() and _ADDRESS.fullmatch(words[n - 1])),
        len(words) - 3,
    )
    rest = words[at + 1 : -1]
    if len(words) - at + 2 == _VERSION_2_FIELDS and re.fullmatch(r"\d{3}|-", words[at + 2]):
        rest = rest[:1]
    url = " ".join(words[: at - 1]).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    content_type = " ".join(rest).encode("utf-8", "surrogateescape").decode("latin-1")
    return ArcLine(url, words[at - 1], words[at], content_type, words[-1])


def warc_type(line: ArcLine) -> str:
    scheme = line.url.partition(":")[0].lower()
    if scheme == "filedesc":
        return "warcinfo"
    return "response" if scheme in {"http", "https", "dns"} else "resource"


def warc_date(digits: str) -> str:
    """
    >>> warc_date("20080430204826")
    '2008-04-30T20:48:26Z'
    """
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", digits)
    return "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else digits


def warc_fields(line: ArcLine, raw: bytes, file: str, offset: int) -> Headers:
    """The fields a WARC record of the same capture would carry."""
    kind = warc_type(line)
    is_http = kind == "response" and line.url[:4].lower() == "http"
    name = f"{file} {offset} {raw.decode('utf-8', 'backslashreplace')}"
    return (
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"),
        *(() if kind == "warcinfo" else (("WARC-Target-URI", line.url),)),
        ("WARC-Date", warc_date(line.date)),
        ("WARC-IP-Address", line.address),
        ("Content-Type", "application/http; msgtype=response" if is_http else line.content_type),
        ("Content-Length", line.length),
    )
