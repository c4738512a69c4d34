"""WACZ 1.1.1: WARC files, their index and their pages in one ZIP that replay opens over HTTP ranges. Written and
checked here."""

from archive.wacz.check import Checked, check_wacz
from archive.wacz.pack import Packed, Wanted, default_output, pack
from archive.wacz.signatures import Expected

__all__ = ["Checked", "Expected", "Packed", "Wanted", "check_wacz", "default_output", "pack"]
