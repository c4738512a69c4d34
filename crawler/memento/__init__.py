"""Captures of a site that is gone, out of other archives: through the Memento protocol (RFC 7089) and the CDX API."""
