"""How much of somebody's file is read before it is given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one record may cost. A bomb is a TooLarge, and the record after it can be read."""

    header_bytes: int = 1 << 20
    block_bytes: int = 4 << 30
    #: decompressed bytes for each compressed one, counted from *ratio_from_bytes* on
    #:
    #: Real bodies compress without measure: an image of one colour, a sparse file, a stream of zeros cut at our own
    #: limit of 256 MiB. What is below this costs a second and, spooled to disk past a few MiB, no memory; a block above
    #: it is stored uncompressed by `archive.warc.writer`, so that no file of ours can be taken for a bomb.
    ratio: int = 250
    ratio_from_bytes: int = 1 << 30
    #: after so many records that cannot be read, the rest of the file is given up
    damages: int = 10_000
    #: a file of more is given up there
    records: int = 100_000_000
