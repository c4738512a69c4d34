"""What HTML's attributes mean to a crawler, as tables: which hold a URL, followed or fetched with the page."""

from __future__ import annotations

#: elements of SVG that draw what stands elsewhere, in the document or in another
DRAWN = (
    *("feImage", "use", "pattern", "linearGradient", "radialGradient", "filter", "textPath", "tref", "mpath", "cursor"),
    *("font-face-uri", "glyphRef", "altGlyph", "color-profile"),
)

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
    "bgsound": {"src": "E"},
    "input": {"src": "E"},
    "script": {"src": "E", "href": "E", "xlink:href": "E"},
    "html": {"manifest": "E"},
    "blockquote": {"cite": "L"},
    "q": {"cite": "L"},
    "ins": {"cite": "L"},
    "del": {"cite": "L"},
    "image": {"href": "E", "xlink:href": "E"},
    **{element: {"href": "E", "xlink:href": "E"} for element in DRAWN},
    "model-viewer": {"src": "E", "poster": "E"},
    **{element: {"src": "E"} for element in ("amp-img", "amp-anim", "amp-video", "amp-audio", "amp-iframe")},
    "layer": {"src": "E"},
    "ilayer": {"src": "E"},
    "menuitem": {"icon": "E"},
    "command": {"icon": "E"},
}

#: on whatever element it stands
ANYWHERE: dict[str, str] = {"background": "E", "poster": "E"}

#: SVG's own, in which ``url()`` stands as in CSS
PAINTED = frozenset(
    "fill stroke filter mask clip-path cursor marker marker-start marker-mid marker-end color-profile".split()
)

SOURCE_SETS = frozenset(
    "srcset imagesrcset data-srcset data-lazy-srcset data-original-set data-bgset data-src-set data-lazyload-srcset "
    "data-flickity-lazyload-srcset".split()
)

#: Where scripts that load images late keep their addresses; any other data- attribute must look like a file's.
LAZY = frozenset(
    "data-src data-lazy-src data-lazy data-original data-original-src data-bg data-bg-image data-background "
    "data-background-image data-poster data-img data-image data-image-src data-img-src data-img-url data-echo "
    "data-hi-res-src data-large_image data-full data-thumb data-thumbnail data-desktop-src data-mobile-src "
    "data-video-src data-lazyload data-b-src data-blazy-src data-bg-src data-background-src data-parallax-image "
    "data-flickity-lazyload data-flickity-lazyload-src data-flickity-bg-lazyload data-lazy-background data-lazy-bg "
    "data-slide-bg data-src-retina".split()
)
#: where galleries keep what they show after a click
CLICKED = frozenset(
    "data-pswp-src data-fancybox-href data-mfp-src data-lightbox-src data-big data-orig-file data-medium-file "
    "data-large-file data-zoom data-zoom-image data-full-src data-full-image data-large-src data-large-image "
    "data-thumb-src data-high-res-src data-highres data-hover-src".split()
)
CLICKED_SETS = frozenset("data-pswp-srcset data-responsive".split())

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
    "og:audio:url": "E",
    "og:audio:secure_url": "E",
    "og:video:secure_url": "E",
    "og:see_also": "L",
    "twitter:player": "L",
    "msapplication-tileimage": "E",
    **{f"msapplication-{size}logo": "E" for size in ("square70x70", "square150x150", "wide310x150", "square310x310")},
    "msapplication-config": "E",
    "msapplication-starturl": "L",
    # parts of the content of TILES
    "action-uri": "L",
    "icon-uri": "E",
    **{f"polling-uri{number}": "L" for number in ("", 2, 3, 4, 5)},
    "image": "E",
    "thumbnailurl": "E",
    "contenturl": "E",
    "embedurl": "L",
    "logo": "E",
    "url": "L",
}

#: names of <meta> that hold several, as ``key=value;key=value``: pinned sites and their tiles
TILES = ("msapplication-task", "msapplication-notification", "msapplication-badge")

#: names of <param> of a plug-in whose value is a file
PARAMETERS = frozenset(("movie", "src", "url", "filename", "file", "flashvars"))

#: types of <script> that hold JSON or code, and so literals
JSON_LD = "application/ld+json"
CODE = frozenset(
    (
        *("", "module", "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"),
        *("application/ecmascript", "text/jscript", "text/babel", "importmap", "application/json"),
    )
)
RULES = "speculationrules"

#: most attributes there are; passing them by first makes a page a third quicker
SILENT = frozenset(
    (
        *("class", "id", "alt", "title", "width", "height", "role", "type", "rel", "target", "name", "content", "lang"),
        *("dir", "align", "valign", "border", "colspan", "rowspan", "property", "charset", "media", "sizes", "loading"),
        *("value", "for", "method", "aria-label", "aria-hidden", "tabindex", "hreflang", "itemprop", "itemtype"),
        *("decoding", "data-id", "data-toggle", "d", "viewbox", "xmlns", "placeholder", "maxlength"),
    )
)
