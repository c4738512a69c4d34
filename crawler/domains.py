"""Whose a host name is: the part of it that somebody registered."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tldextract import TLDExtract


@lru_cache(maxsize=8192)
def registered_domain(host: str) -> str | None:
    """The part of *host* somebody registered (Public Suffix List, private section included); None for an address.

    >>> registered_domain("www.example.co.uk"), registered_domain("127.0.0.1")
    ('example.co.uk', None)
    """
    if ":" in host or host.rpartition(".")[2].isdigit():
        return None
    found = _suffixes().extract_str(host)
    # A suffix the list does not know, such as .test, is one label (the list's own rule "*").
    return found.top_domain_under_public_suffix or ".".join(host.split(".")[-2:])


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    import tldextract  # brings an HTTP client: much to load for a site whose scope is its host

    # Bundled snapshot only: fetching the list would be traffic that nobody asked for and no WARC holds.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
