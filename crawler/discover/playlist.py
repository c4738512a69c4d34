"""References in HTTP Live Streaming playlists (RFC 8216): variants, segments, keys, subtitles."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: a playlist is read this far, characters
LONGEST = 4 << 20

_URI = re.compile(r'[:,]URI="([^"\r\n]{1,4000})"')


def references(text: str) -> Iterator[str]:
    r"""Nothing for what has no tag of HLS: other playlists name stations, which send without end.

    >>> list(references('#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:9,\n1.m4s\n'))
    ['init.mp4', '1.m4s']
    >>> list(references("http://a.nl:8000/live"))
    []
    """
    if "#EXT-X-" not in text[:LONGEST]:
        return
    for line in text[:LONGEST].splitlines():
        if not line.startswith("#"):
            yield line
        elif found := _URI.search(line):
            yield found[1]
