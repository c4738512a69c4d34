"""How a static site is cited, in the visitor's language."""

from __future__ import annotations

from collections.abc import Sequence

from archive.browse.language import gettext, ngettext


def cite_site(
    operator: str | None, sites: Sequence[str], days: tuple[str, str] | None, address: str, digest: str
) -> str:
    """*days*: those of the first and the last capture. The day it was made on is not in it: the same data is the same
    site."""
    several = ngettext("Web archive of %(count)s site", "Web archive of %(count)s sites", len(sites))
    one = gettext("Web archive of %(site)s")
    title = one % {"site": sites[0]} if len(sites) == 1 else several % {"count": len(sites)}
    period = ""
    if days:
        period = gettext(": captures from %(first)s to %(last)s") % {"first": days[0], "last": days[1]}
    return gettext("%(operator)s. %(title)s [web archive]%(period)s.%(where)s Dataset digest %(digest)s") % {
        "operator": operator or gettext("Unnamed operator"),
        "title": title,
        "period": period,
        "where": f" {address}" if address else "",
        "digest": digest,
    }
