"""The errors of both packages.

BewaarError
├── WrongUse                 the command or its input is wrong: exit 2
│   ├── NotAnArchive         the directory is not one, or is newer than we are
│   │   └── OlderSchema      a database of an earlier version of Bewaar, opened only for reading
│   ├── Locked               another process crawls this site
│   └── BadProfile           a profile or bewaar.toml does not validate
├── ArchiveFault             the archive could not be written: exit 4
│   └── DiskFull
├── NoAnswer                 another machine did not answer, or not what it was asked
└── Damaged                  bytes that are not what they should be; names file and offset
    ├── BadRecord            a WARC record cannot be read
    │   └── TooLarge         past a limit on size, ratio or count
    ├── BadHttp              a block that is no HTTP response (a ValueError too)
    └── DigestMismatch
"""

from __future__ import annotations


class BewaarError(Exception):
    """Carries one line for a person, naming the file, offset or URL it is about."""


class WrongUse(BewaarError):
    #: where several things are wrong, a line for each
    faults: tuple[str, ...] = ()


class NotAnArchive(WrongUse):
    pass


class OlderSchema(NotAnArchive):
    pass


class Locked(WrongUse):
    pass


class BadProfile(WrongUse):
    pass


class ArchiveFault(BewaarError):
    pass


class DiskFull(ArchiveFault):
    pass


class NoAnswer(BewaarError):
    pass


class Damaged(BewaarError):
    pass


class BadRecord(Damaged):
    def __init__(self, file: str, offset: int, what: str) -> None:
        super().__init__(f"{file} at {offset}: {what}")
        self.file = file
        self.offset = offset


class TooLarge(BadRecord):
    pass


class BadHttp(Damaged, ValueError):
    pass


class DigestMismatch(Damaged):
    def __init__(self, file: str, offset: int, which: str, expected: str, found: str) -> None:
        super().__init__(f"{file} at {offset}: {which} digest {expected}, computed {found}")
