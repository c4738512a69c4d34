"""What a link relation means to a crawler: fetched with the page, followed, or only a hint to browsers."""

from __future__ import annotations

_EMBEDS = frozenset(
    "stylesheet icon apple-touch-icon apple-touch-icon-precomposed apple-touch-startup-image mask-icon fluid-icon "
    "manifest preload modulepreload prefetch image_src import".split()
)
#: others (dns-prefetch, preconnect, pingback, EditURI, profile) name hosts and interfaces, not documents
_LINKS = frozenset(
    "alternate amphtml appendix archives author bookmark canonical chapter contents copyright first glossary help home "
    "index last license me next prerender prev previous privacy-policy search section shortlink start subsection "
    "terms-of-service toc top up".split()
)


def hop_of(relations: str) -> str | None:
    """Heritrix' letter for a ``rel`` value; None for what is neither fetched nor followed.

    >>> hop_of("alternate stylesheet"), hop_of("shortcut icon"), hop_of("Canonical"), hop_of("preconnect")
    ('E', 'E', 'L', None)
    """
    names = relations.lower().split()
    if any(name in _EMBEDS for name in names):
        return "E"
    return "L" if any(name in _LINKS for name in names) else None
