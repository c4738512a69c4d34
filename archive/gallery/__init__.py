"""Logos side by side, and what they suggest. Nothing here changes a row: a person decides."""
