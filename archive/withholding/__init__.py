"""Takedowns and embargoes as an archivist makes, lists and lifts them."""
