r"""From a body's bytes to text, as browsers do it: WHATWG Encoding and the encoding sniffing of HTML 13.2.3.

>>> decode(b"caf\xe9", "text/html; charset=ISO-8859-1")
('café', 'windows-1252')
>>> decode(b'<meta charset="utf-8">\xc3\xa9', None)
('<meta charset="utf-8">é', 'utf-8')
"""

from __future__ import annotations

import codecs
import re

#: WHATWG Encoding, 4.2: every encoding's labels, and the codec of ours that decodes as the standard does
_ENCODINGS: dict[str, tuple[str, str]] = {
    "utf-8": ("utf-8", "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"),
    "ibm866": ("cp866", "866 cp866 csibm866 ibm866"),
    "iso-8859-2": (
        "iso8859-2",
        "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    ),
    "iso-8859-3": (
        "iso8859-3",
        "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    ),
    "iso-8859-4": (
        "iso8859-4",
        "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    ),
    "iso-8859-5": (
        "iso8859-5",
        "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    ),
    "iso-8859-6": (
        "iso8859-6",
        (
            "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i "
            "iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
        ),
    ),
    "iso-8859-7": (
        "iso8859-7",
        (
            "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
            "iso_8859-7:1987 sun_eu_greek"
        ),
    ),
    "iso-8859-8": (
        "iso8859-8",
        (
            "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 "
            "iso_8859-8:1988 visual"
        ),
    ),
    "iso-8859-8-i": ("iso8859-8", "csiso88598i iso-8859-8-i logical"),
    "iso-8859-10": ("iso8859-10", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"),
    "iso-8859-13": ("iso8859-13", "iso-8859-13 iso8859-13 iso885913"),
    "iso-8859-14": ("iso8859-14", "iso-8859-14 iso8859-14 iso885914"),
    "iso-8859-15": ("iso8859-15", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"),
    "iso-8859-16": ("iso8859-16", "iso-8859-16"),
    "koi8-r": ("koi8-r", "cskoi8r koi koi8 koi8-r koi8_r"),
    "koi8-u": ("koi8-u", "koi8-ru koi8-u"),
    "macintosh": ("mac-roman", "csmacintosh mac macintosh x-mac-roman"),
    "windows-874": ("cp874", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"),
    "windows-1250": ("cp1250", "cp1250 windows-1250 x-cp1250"),
    "windows-1251": ("cp1251", "cp1251 windows-1251 x-cp1251"),
    "windows-1252": (
        "cp1252",
        (
            "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
            "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
        ),
    ),
    "windows-1253": ("cp1253", "cp1253 windows-1253 x-cp1253"),
    "windows-1254": (
        "cp1254",
        (
            "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
            "windows-1254 x-cp1254"
        ),
    ),
    "windows-1255": ("cp1255", "cp1255 windows-1255 x-cp1255"),
    "windows-1256": ("cp1256", "cp1256 windows-1256 x-cp1256"),
    "windows-1257": ("cp1257", "cp1257 windows-1257 x-cp1257"),
    "windows-1258": ("cp1258", "cp1258 windows-1258 x-cp1258"),
    "x-mac-cyrillic": ("mac-cyrillic", "x-mac-cyrillic x-mac-ukrainian"),
    "gbk": (
        "gb18030",
        "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    ),
    "gb18030": ("gb18030", "gb18030"),
    "big5": ("big5hkscs", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"),
    "euc-jp": ("euc-jp", "cseucpkdfmtjapanese euc-jp x-euc-jp"),
    "iso-2022-jp": ("iso2022-jp", "csiso2022jp iso-2022-jp"),
    "shift_jis": ("cp932", "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"),
    "euc-kr": (
        "cp949",
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
    ),
    "utf-16be": ("utf-16-be", "unicodefffe utf-16be"),
    "utf-16le": (
        "utf-16-le",
        "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    ),
    # Decoders kept out of browsers on purpose: the whole body is one U+FFFD.
    "replacement": ("", "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement"),
    "x-user-defined": ("latin-1", "x-user-defined"),
}
_BY_LABEL = {label: name for name, (_codec, labels) in _ENCODINGS.items() for label in labels.split()}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))
#: HTML 13.2.3.2 lets the prescan end here
_PRESCAN_BYTES = 1024
_WHITE = " \t\n\f\r"

_CHARSET_PARAMETER = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")
_TAG_NAME = re.compile(rb"</?[A-Za-z][^\s/>]*")


def _c1_controls(error: UnicodeError) -> tuple[str, int]:
    """What WHATWG's single-byte indexes hold where Python's code pages have nothing: 0x80-0x9F are themselves."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    return (chr(byte) if 0x80 <= byte < 0xA0 else "\ufffd"), error.start + 1


codecs.register_error("bewaar.c1", _c1_controls)


def encoding_of(label: str) -> str | None:
    """The encoding a label names (WHATWG Encoding, 4.2); None for a label that names none.

    >>> encoding_of(" Latin1 ")
    'windows-1252'
    """
    return _BY_LABEL.get(label.strip(_WHITE).lower())


def codec_of(charset: str) -> tuple[str, str]:
    """Python's codec and error handler for an encoding or label; for one that nobody knows, latin-1."""
    name = encoding_of(charset)
    codec = _ENCODINGS[name][0] if name else "latin-1"
    return codec, "bewaar.c1" if codec.startswith(("cp125", "cp874")) else "replace"


def bom_of(body: bytes) -> tuple[int, str | None]:
    """Length of the byte order mark and the encoding it tells; ``(0, None)`` without one."""
    return next(((len(mark), name) for mark, name in _BOMS if body.startswith(mark)), (0, None))


def decode_as(body: bytes, charset: str) -> str:
    """Text of *body* in *charset*, without its byte order mark. Never raises: what cannot be decoded is U+FFFD."""
    if encoding_of(charset) == "replacement":
        return "\ufffd" if body else ""
    codec, errors = codec_of(charset)
    length, marked = bom_of(body)
    text = (body[length:] if marked == encoding_of(charset) else body).decode(codec, errors)
    if encoding_of(charset) == "x-user-defined":
        return "".join(chr(0xF700 + ord(c)) if c > "\x7f" else c for c in text)
    # A lone surrogate would fail at every later encode; only UTF-8 is certain never to give one.
    return text if codec == "utf-8" else re.sub("[\ud800-\udfff]", "\ufffd", text)


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """Text of a body and the WHATWG name of the encoding it was read with.

    In the order of HTML 13.2.3.1: byte order mark, the charset of the HTTP header, a ``meta`` within the first 1024
    bytes; then UTF-8 when the whole body is, else windows-1252. Never raises.
    """
    charset = bom_of(body)[1] or _declared_by_header(content_type) or _declared_by_meta(body[:_PRESCAN_BYTES])
    if charset is None:
        try:
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            charset = "windows-1252"
    return decode_as(body, charset), charset


def _declared_by_header(content_type: str | None) -> str | None:
    found = _CHARSET_PARAMETER.search((content_type or "")[:1000])
    return encoding_of(found[1] or found[2] or found[3] or "") if found else None


def _declared_by_meta(head: bytes) -> str | None:
    """HTML 13.2.3.2, "prescan a byte stream to determine its encoding"."""
    at = 0
    while (at := head.find(b"<", at)) >= 0:
        if head.startswith(b"<!--", at):
            # "<!-->" is a whole comment: its dashes may be the opening ones
            end = head.find(b"-->", at + 2)
            at = len(head) if end < 0 else end + 3
            continue
        name = _TAG_NAME.match(head, at)
        if name is None:
            if head[at + 1 : at + 2] in (b"!", b"/", b"?"):
                end = head.find(b">", at)
                at = len(head) if end < 0 else end
            at += 1
            continue
        at = name.end()
        attributes: dict[bytes, str] = {}
        while found := _ATTRIBUTE.match(head, at):
            value = found[2] or found[3] or found[4] or b""
            attributes.setdefault(found[1].lower(), value.decode("latin-1"))
            at = found.end()
        if name[0].lower() == b"<meta" and (charset := _of_meta(attributes)):
            return charset
    return None


def _of_meta(attributes: dict[bytes, str]) -> str | None:
    charset = encoding_of(attributes.get(b"charset", ""))
    if charset is None and attributes.get(b"http-equiv", "").strip(_WHITE).lower() == "content-type":
        charset = _declared_by_header(attributes.get(b"content"))
    # A document whose meta could be read as ASCII is neither of these.
    return {"utf-16be": "utf-8", "utf-16le": "utf-8", "x-user-defined": "windows-1252"}.get(charset or "", charset)
