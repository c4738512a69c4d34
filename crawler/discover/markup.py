"""What HTML's attributes mean to a crawler, as tables: which hold a URL, followed or fetched with the page."""

from __future__ import annotations

#: element -> attribute -> Heritrix' letter. What needs more than a lookup (link, meta, form, script) is in `html`.
URLS: dict[str, dict[str, str]] = {
    "a": {"href": "L", "xlink:href": "L"},
    "area": {"href": "L"},
    "img": {"src": "E", "lowsrc": "E", "dynsrc": "E", "longdesc": "L"},
    "source": {"src": "E"},
    "video": {"src": "E", "poster": "E"},
    "audio": {"src": "E"},
    "track": {"src": "E"},
    "iframe": {"src": "E", "longdesc": "L"},
    "frame": {"src": "E", "longdesc": "L"},
    "embed": {"src": "E"},
    "object": {"data": "E"},
    "applet": {"code": "E", "archive": "E"},
    "bgsound": {"src": "E"},
    "input": {"src": "E"},
    "script": {"src": "E", "href": "E", "xlink:href": "E"},
    "html": {"manifest": "E"},
    "blockquote": {"cite": "L"},
    "q": {"cite": "L"},
    "ins": {"cite": "L"},
    "del": {"cite": "L"},
    "image": {"href": "E", "xlink:href": "E"},
    "feImage": {"href": "E", "xlink:href": "E"},
    "use": {"href": "E", "xlink:href": "E"},
    "model-viewer": {"src": "E", "poster": "E"},
    "amp-img": {"src": "E"},
}

#: on whatever element it stands
ANYWHERE: dict[str, str] = {"background": "E", "poster": "E"}

SOURCE_SETS = frozenset(("srcset", "imagesrcset", "data-srcset", "data-lazy-srcset", "data-original-set", "data-bgset"))

#: Where scripts that load images late keep their addresses; any other data- attribute must look like a file's.
LAZY = frozenset(
    "data-src data-lazy-src data-lazy data-original data-original-src data-bg data-bg-image data-background "
    "data-background-image data-poster data-img data-image data-image-src data-img-src data-img-url data-echo "
    "data-hi-res-src data-large_image data-full data-thumb data-thumbnail data-desktop-src data-mobile-src "
    "data-video-src".split()
)

#: names of <meta> (name, property or itemprop) whose content is a URL
META: dict[str, str] = {
    "og:image": "E",
    "og:image:url": "E",
    "og:image:secure_url": "E",
    "og:video": "E",
    "og:video:url": "E",
    "og:audio": "E",
    "og:url": "L",
    "twitter:image": "E",
    "twitter:image:src": "E",
    "twitter:player:stream": "E",
    "msapplication-tileimage": "E",
    "msapplication-config": "E",
    "image": "E",
    "thumbnailurl": "E",
    "logo": "E",
    "url": "L",
}

#: names of <param> of a plug-in whose value is a file
PARAMETERS = frozenset(("movie", "src", "url", "filename", "file", "flashvars"))

#: types of <script> that hold JSON or code, and so literals
JSON_LD = "application/ld+json"
CODE = frozenset(
    (
        *("", "module", "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"),
        *("application/ecmascript", "text/jscript", "text/babel", "importmap", "speculationrules", "application/json"),
    )
)

#: most attributes there are; passing them by first makes a page a third quicker
SILENT = frozenset(
    (
        *("class", "id", "alt", "title", "width", "height", "role", "type", "rel", "target", "name", "content", "lang"),
        *("dir", "align", "valign", "border", "colspan", "rowspan", "property", "charset", "media", "sizes", "loading"),
        *("value", "for", "method", "aria-label", "aria-hidden", "tabindex", "hreflang", "itemprop", "itemtype"),
        *("decoding", "data-id", "data-toggle", "d", "fill", "stroke", "viewbox", "xmlns", "placeholder", "maxlength"),
    )
)
