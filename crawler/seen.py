"""Whether a URL is one that was seen before. The URL that is fetched stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from w3lib.url import canonicalize_url

#: Query parameters that name a visit, not a resource; a name that ends in ``*`` stands for all that begin so.
VISIT_PARAMETERS = (
    *("utm_*", "mtm_*", "pk_campaign", "pk_kwd", "pk_source", "pk_medium", "pk_content"),
    *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "igshid", "li_fat_id"),
    *("mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "oly_anon_id", "oly_enc_id", "vero_id"),
    *("jsessionid", "phpsessid", "aspsessionid*", "asp.net_sessionid", "cfid", "cftoken", "oscsid", "zenid"),
)


#: A URL `seen_key` leaves as it is, told without taking it apart.
_PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::(?!80/|443/)[1-9][0-9]{0,4})?/[A-Za-z0-9/_~.-]*")
#: the same of a query, but for the order of its parameters
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]*(?:&[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]*)*")
_DEFAULT_PORT = re.compile(r"^(?:(http://[^/?]*):80|(https://[^/?]*):443)(?=[/?]|$)")
_PATH_SESSION = re.compile(
    r";(?:jsessionid|phpsessid|sid|session_?id|cfid|cftoken)=[^/?;]*"
    # ASP.NET's without cookies: one or several of these in a segment, and in its first version 24 letters and digits.
    r"|/(?:\(|%28)(?:[ASFX](?:\(|%28)[A-Za-z0-9_-]+(?:\)|%29))+(?:\)|%29)(?=/)|/\((?=[a-z]*[0-9])[a-z0-9]{24}\)(?=/)",
    re.IGNORECASE,
)
_VISIT = re.compile(
    "(?:" + "|".join(re.escape(name).replace(r"\*", "[^=]*") for name in VISIT_PARAMETERS) + ")(?:=|$)"
    # Names that may be a visit's or a resource's: a visit's are long and random.
    "|(?:s|sid|session|sess|session_?id)=(?=[^&]*[0-9])[0-9a-z]{16,}(?:&|$)"
    # What keeps caches out: a time in milliseconds, or as long a number by chance.
    r"|(?:_|no_?cache|cache_?buster|rnd|rand|random)=(?:0?\.)?[0-9]{9,}(?:&|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def seen_key(url: str) -> str:
    """What two URLs share that need fetching once: query sorted, visit parameters, fragment and default port gone.

    >>> seen_key("HTTP://Example.org:80/a/../b?z=1&utm_source=x&a=2#top")
    'http://example.org/b?a=2&z=1'
    """
    head, mark, query = url.partition("?")
    if _PLAIN.fullmatch(head) and "/." not in head:
        if not mark:
            return url
        if _PLAIN_QUERY.fullmatch(query):
            return _with_query(head, sorted(_pairs(query)))
    try:
        key = canonicalize_url(url)
    except ValueError:
        return url
    key = _DEFAULT_PORT.sub(r"\1\2", key)
    if ";" in key or "/(" in key or "/%28" in key:
        key = _PATH_SESSION.sub("", key)
    head, mark, query = key.partition("?")
    if mark:
        key = _with_query(head, _pairs(query))
    return key


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        yield name, value


def _with_query(head: str, pairs: Iterable[tuple[str, str]]) -> str:
    kept = [pair for name, value in pairs if not _VISIT.match(pair := f"{name}={value}")]
    return f"{head}?{'&'.join(kept)}" if kept else head
