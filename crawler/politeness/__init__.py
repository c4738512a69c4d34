"""Manners towards a host: how often it is asked, and for what."""
