"""The database: evidence, extraction, timelines. `Store` writes it; `open_read_only` and the views read it."""

from archive.store.derivation import Derived
from archive.store.payloads import payloads_in
from archive.store.schema import open_read_only
from archive.store.store import Counts, Store

__all__ = ["Counts", "Derived", "Store", "open_read_only", "payloads_in"]
