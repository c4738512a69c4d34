"""Profiles: the shipped ones lie here, an archive's own in its ``sites/``."""
