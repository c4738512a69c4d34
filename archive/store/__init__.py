"""The database: evidence, extraction, timelines. `Store` writes it; `open_read_only` and the views read it."""

import sys

# sqlite-utils imports pandas and numpy where they are installed, to store their types. We have none to store, and each
# of our processes would pay half a second and 60 MB.
_hidden = [name for name in ("pandas", "numpy") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_hidden))  # type: ignore[arg-type]  # None stands for "there is no such module"
import sqlite_utils.db  # noqa: F401

for _name in _hidden:
    del sys.modules[_name]

# ruff: noqa: E402
from archive.store.counts import Counts
from archive.store.derivation import Derived
from archive.store.payloads import payloads_in
from archive.store.schema import open_read_only
from archive.store.store import Store

__all__ = ["Counts", "Derived", "Store", "open_read_only", "payloads_in"]
