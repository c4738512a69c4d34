"""Which byte of a body a character of its text came from, and back, in any charset."""

from __future__ import annotations

import codecs
from bisect import bisect_left, bisect_right

from archive.decoding import bom_of, codec_of, encoding_of

#: characters, or bytes where the charset hides its characters' length, between two known places
_STEP = 1024
#: these have more bytes than characters in ways that only decoding tells
_MULTIBYTE = frozenset(
    ("utf-8", "utf-16le", "utf-16be", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr")
)


class ByteMap:
    """Between byte offsets of *body* and character offsets of *text*, which is `archive.decoding.decode_as` of it."""

    def __init__(self, body: bytes, charset: str, text: str) -> None:
        name = encoding_of(charset)
        length, marked = bom_of(body)
        self._bom = length if marked == name else 0
        self._size = len(body)
        self._text = text
        self._body = body
        self._charset = charset
        #: known places: character offsets, and the byte offsets they stand at
        self._chars: list[int] = [0]
        self._bytes: list[int] = [self._bom]
        #: per known place the decoder's state there; empty where none is needed
        self._states: list[tuple[bytes, int]] = []
        self._same = name not in _MULTIBYTE or (text.isascii() and len(text) == len(body) - self._bom)
        if self._same:
            return
        if name == "utf-8" and text.encode() == body[self._bom :]:
            for at in range(0, len(text), _STEP):
                self._chars.append(min(at + _STEP, len(text)))
                self._bytes.append(self._bytes[-1] + len(text[at : at + _STEP].encode()))
        else:
            self._decode_in_steps()

    def _decoder(self) -> codecs.IncrementalDecoder:
        codec, errors = codec_of(self._charset)
        return codecs.getincrementaldecoder(codec)(errors)

    def _decode_in_steps(self) -> None:
        decoder = self._decoder()
        self._states.append(decoder.getstate())
        for at in range(self._bom, self._size, _STEP):
            self._chars.append(self._chars[-1] + len(decoder.decode(self._body[at : at + _STEP])))
            self._bytes.append(min(at + _STEP, self._size))
            self._states.append(decoder.getstate())

    def byte_at(self, char: int) -> int:
        """Offset of the byte at which the character begins; for the text's length, the body's."""
        if self._same:
            return min(char + self._bom, self._size)
        if not self._states:
            nth = bisect_right(self._chars, char) - 1
            return self._bytes[nth] + len(self._text[self._chars[nth] : char].encode())
        # A character begins where the one before it ended; so from the last known place before that.
        nth = max(bisect_left(self._chars, char) - 1, 0)
        count, at = self._chars[nth], self._bytes[nth]
        decoder = self._decoder()
        decoder.setstate(self._states[nth])
        while count < char and at < self._size:
            given = len(decoder.decode(self._body[at : at + 1]))
            # A byte that ends what cannot be decoded gives U+FFFD and a character of its own, which begins at it.
            if given > 1 and count + given - 1 >= char:
                return at
            count += given
            at += 1
        return at

    def char_at(self, byte: int) -> int:
        """Offset of the first character that begins at the byte or behind it."""
        if self._same:
            return max(min(byte, self._size) - self._bom, 0)
        nth = max(bisect_right(self._bytes, byte) - 1, 0)
        start, count = self._bytes[nth], self._chars[nth]
        if not self._states:
            # A place within a character counts as behind it: its lead byte alone says that there is one.
            before = self._body[start:byte]
            whole = before.decode("utf-8", "ignore")
            return count + len(whole) + (len(whole.encode()) < len(before))
        decoder = self._decoder()
        decoder.setstate(self._states[nth])
        count += len(decoder.decode(self._body[start:byte]))
        return count + bool(decoder.getstate()[0])
