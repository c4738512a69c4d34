"""Why something may be withheld: the words a decision begins with, and what whoever asks for it is told."""

from __future__ import annotations

from collections.abc import Mapping

#: category -> what is said of it
REASONS: Mapping[str, str] = {
    "privacy": "to protect somebody's privacy",
    "copyright": "because of somebody's copyright",
    "law": "because a law or an authority demands it",
    "agreement": "as agreed with those whose it is",
    "safety": "because it may do harm",
    "other": "for a reason the operator keeps",
}
