"""What a site is made with, by the traces that content management systems leave in addresses and headers. What a page
says of itself (its generator) is the identity extractor's business, and goes before."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: a trace, over one URL
_IN_URLS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("WordPress", re.compile(r"/wp-(?:content|includes|json)/")),
    ("Drupal", re.compile(r"/sites/(?:default|all)/(?:files|themes|modules)/|/core/misc/drupal")),
    ("Joomla", re.compile(r"/media/(?:jui|system/js|vendor/joomla)|/components/com_\w+/|[?&]option=com_\w+")),
    ("TYPO3", re.compile(r"/typo3(?:conf|temp)/|/fileadmin/|/_assets/[0-9a-f]{32}/")),
    ("Plone", re.compile(r"/\+\+(?:resource|plone|theme)\+\+")),
    ("SiteSpirit", re.compile(r"/p/\d+/\d+/mo\d+")),
    ("Umbraco", re.compile(r"/umbraco/|/App_Plugins/")),
    ("Squarespace", re.compile(r"//(?:(?:static1|assets)\.squarespace\.com|images\.squarespace-cdn\.com)/")),
    ("Wix", re.compile(r"//(?:static\.wixstatic\.com|static\.parastorage\.com)/")),
    ("Webflow", re.compile(r"//(?:assets|cdn\.prod|uploads-ssl)\.website-files\.com/|//uploads-ssl\.webflow\.com/")),
    ("Jimdo", re.compile(r"//(?:[\w-]+\.)?jimdo(?:free)?\.com/|//(?:image|assets)\.jimcdn\.com/")),
    ("Shopify", re.compile(r"//cdn\.shopify\.com/")),
    ("Weebly", re.compile(r"//cdn\d*\.editmysite\.com/")),
    ("Next.js", re.compile(r"/_next/static/")),
)  # fmt: skip
_IN_HEADERS = re.compile(r"(?:x-generator|x-powered-cms|x-powered-by-plesk)", re.IGNORECASE)
_VERSION = re.compile(r"[\s/]+v?\d.*$|\s*\(.*\)\s*$")


def platform(urls: Iterable[str], headers: Iterable[tuple[str, str]]) -> str | None:
    """The system most of these speak of; None where none does.

    >>> platform(["https://a.example/wp-content/themes/x/style.css"], [])
    'WordPress'
    >>> platform([], [("X-Generator", "Drupal 10 (https://www.drupal.org)")])
    'Drupal'
    """
    for name, value in headers:
        if _IN_HEADERS.fullmatch(name) and (told := _VERSION.sub("", value).strip()):
            return told[:60]
    traces: dict[str, int] = {}
    for url in urls:
        for name, trace in _IN_URLS:
            if trace.search(url):
                traces[name] = traces.get(name, 0) + 1
    return max(traces, key=traces.__getitem__) if traces else None
