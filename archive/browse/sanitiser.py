"""The sanitiser in a process of its own, with little time and little memory.

HTML's rules make some short pages cost minutes and gigabytes (formatting elements are made anew in every paragraph
that they stand open around; every tag walks up the elements it stands in), and no parser of them can be stopped.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from archive.browse import markup
from archive.errors import BewaarError

CPU_S = 3
MEMORY_BYTES = 1 << 30
#: of a machine that is busy with other things, seconds
_WAIT_S = 20


class CostsTooMuch(BewaarError):
    """The page cannot be made into a snapshot within the limits."""


def sanitise(html: str, base: str, prefix: str) -> str:
    """`markup.sanitise`, with every address leading to *prefix*. Blocks. Raises CostsTooMuch."""
    if len(html) > markup.MAX_CHARS:
        raise CostsTooMuch(f"a page of {len(html)} characters; snapshots are made of {markup.MAX_CHARS} at most")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, base, prefix],
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            timeout=_WAIT_S,
            check=True,
        )
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise CostsTooMuch("its markup takes more time or memory than a snapshot may cost; see its source") from error
    return done.stdout.decode()


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "darwin":  # which does not know it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    base, prefix = sys.argv[1:]
    html = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(markup.sanitise(html, base, markup.into(prefix)).encode())


if __name__ == "__main__":
    _main()
