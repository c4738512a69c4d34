"""The deflate that reads and writes members: ISA-L's where there is a wheel of it, else zlib's."""

from __future__ import annotations

import zlib
from contextlib import suppress
from types import ModuleType

__all__ = ["fast_zlib"]

fast_zlib: ModuleType = zlib
with suppress(ImportError):  # no wheel for this platform: zlib is five times slower, the format is the same
    from isal import isal_zlib as fast_zlib
