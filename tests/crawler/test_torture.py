"""A site with one resource behind every mechanism, named for it: a default crawl must find them all, and nothing else."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

from archive.layout import Archive
from crawler.replica.pdf import pdf
from tests.front_door import CONTACT, crawl
from tests.site_server import Answer, Site

#: hop and name of what is to be found -> where the link graph says it stood, and the markup it stands in
PAGE = {
    ("L", "a"): ("a@href", "<a href=?>a</a>"),
    ("L", "area"): ("area@href", "<map><area href=?></map>"),
    ("E", "img"): ("img@src", "<img src=?>"),
    ("E", "img-srcset-2x.png"): ("img@srcset", '<img srcset="/found/img 1x, ? 2x">'),
    ("E", "picture-source"): ("source@srcset", '<picture><source srcset="? 100w" sizes=50vw><img></picture>'),
    ("E", "video"): ("video@src", "<video src=?></video>"),
    ("E", "video-poster"): ("video@poster", "<video poster=?></video>"),
    ("E", "audio"): ("audio@src", "<audio src=?></audio>"),
    ("E", "track"): ("track@src", "<video><track src=?></video>"),
    ("E", "iframe"): ("iframe@src", "<iframe src=?></iframe>"),
    ("E", "iframe-srcdoc"): ("img@src", "<iframe srcdoc='&lt;img src=?&gt;'></iframe>"),
    ("E", "object"): ("object@data", "<object data=?></object>"),
    ("E", "embed"): ("embed@src", "<embed src=?>"),
    ("E", "object-codebase"): ("object@data", "<object codebase=/found/ data=object-codebase></object>"),
    ("E", "object-archive"): ("object@archive", "<object archive='/found/object ?'></object>"),
    ("E", "applet.class"): ("applet@code", "<applet codebase=/found code=applet.class archive=applet.jar></applet>"),
    ("E", "applet.jar"): ("applet@archive", "<!-- with its code -->"),
    ("E", "param.swf"): ("param@value", "<object><param name=movie value=?></object>"),
    ("E", "input-image"): ("input@src", "<input type=image src=?>"),
    ("E", "background"): ("table@background", "<table background=?></table>"),
    ("E", "bgsound"): ("bgsound@src", "<bgsound src=?>"),
    ("L", "longdesc"): ("img@longdesc", "<img src=/found/img longdesc=?>"),
    ("L", "cite-blockquote"): ("blockquote@cite", "<blockquote cite=?></blockquote>"),
    ("L", "cite-q"): ("q@cite", "<q cite=?></q>"),
    ("L", "cite-ins"): ("ins@cite", "<ins cite=?></ins>"),
    ("L", "cite-del"): ("del@cite", "<del cite=?></del>"),
    ("L", "option.html"): ("option@value", "<select><option value=?></select>"),
    ("L", "iframe-srcdoc-base"): (
        "a@href",
        "<iframe srcdoc='&lt;base href=/found/&gt;&lt;a href=iframe-srcdoc-base&gt;x'></iframe>",
    ),
    ("L", "form-get"): ("form@action", "<form action=?></form>"),
    ("L", "form-method-get"): ("form@action", "<form method=GET action=?></form>"),
    ("L", "formaction"): ("button@formaction", "<form><p><button formaction=?>x</button></p></form>"),
    ("L", "formaction-input"): ("input@formaction", "<form><input type=submit formaction=?></form>"),
    ("L", "formmethod-get"): (
        "button@formaction",
        "<form method=post><button formmethod=get formaction=?>x</button></form>",
    ),
    ("R", "meta-refresh"): ("meta[http-equiv=refresh]@content", "<meta http-equiv=refresh content='9;url=?'>"),
    ("E", "style-attribute"): ("p@style/url", "<p style='background:url(?)'>"),
    ("E", "style-element"): ("style/url", "<style>a{background:url(?)}</style>"),
    ("E", "style-import"): ("style/@import", "<style>@import '?';</style>"),
    ("E", "image-element"): ("img@src", "<image src=?>"),
    ("E", "svg-href"): ("image@href", "<svg><image href='?'/></svg>"),
    ("E", "svg-xlink"): ("image@xlink:href", "<svg><image xlink:href='?'/></svg>"),
    ("E", "svg-use"): ("use@href", "<svg><use href='?#part'/></svg>"),
    ("E", "svg-use-xlink"): ("use@xlink:href", "<svg><use xlink:href='?#part'/></svg>"),
    ("E", "svg-feimage"): ("feImage@href", "<svg><filter><feImage href='?'/></filter></svg>"),
    ("E", "svg-pattern"): ("pattern@xlink:href", "<svg><pattern xlink:href='?#part'/></svg>"),
    ("E", "svg-fill"): ("path@fill/url", "<svg><path fill='url(?#part)'/></svg>"),
    ("E", "svg-mask"): ("path@mask/url", "<svg><path mask='url(?#part)'/></svg>"),
    ("L", "svg-a"): ("a@xlink:href", "<svg><a xlink:href='?'>x</a></svg>"),
    ("E", "amp-video"): ("amp-video@src", "<amp-video src=?></amp-video>"),
    ("E", "amp-iframe"): ("amp-iframe@src", "<amp-iframe src=?></amp-iframe>"),
    ("E", "data-src"): ("img@data-src", "<img data-src=?>"),
    ("E", "data-lazy-src"): ("img@data-lazy-src", "<img data-lazy-src=?>"),
    ("E", "data-srcset"): ("img@data-srcset", '<img data-srcset="? 2x">'),
    ("E", "data-bg"): ("p@data-bg", "<p data-bg=?>"),
    ("E", "gallery-photoswipe"): ("a@data-pswp-src", "<a data-pswp-src=? data-pswp-width=1>x</a>"),
    ("E", "gallery-photoswipe-set"): ("a@data-pswp-srcset", '<a data-pswp-srcset="? 400w">x</a>'),
    ("E", "gallery-lightgallery-responsive"): ("a@data-responsive", '<a data-responsive="? 375, ? 800">x</a>'),
    ("E", "gallery-fancybox"): ("a@data-fancybox-href", "<a data-fancybox-href=?>x</a>"),
    ("E", "gallery-galleria"): ("img@data-big", "<img data-big=?>"),
    ("E", "gallery-jetpack"): ("img@data-orig-file", "<img data-orig-file=? data-large-file=?>"),
    ("E", "gallery-zoom"): ("img@data-zoom-image", "<img data-zoom-image=?>"),
    ("E", "gallery-cloudzoom.png"): ("a@data-cloudzoom", """<a data-cloudzoom="zoomImage: '?', x: 1">x</a>"""),
    ("E", "gallery-json-src"): ("p@data-items", """<p data-items='[{"src":"?"}]'>"""),
    ("E", "gallery-json-srcset"): ("p@data-items", """<p data-items='{"srcset":"? 600w"}'>"""),
    ("E", "gallery-json-file.jpg"): (
        "p@data-settings",
        r"""<p data-settings='{"a":[{"b":"\/found\/gallery-json-file.jpg"}]}'>""",
    ),
    ("L", "gallery-json-href"): ("p@data-items", """<p data-items='[{"href":"?"}]'>"""),
    ("E", "noscript"): ("img@src", "<noscript><img src=?></noscript>"),
    ("E", "template"): ("img@src", "<template><img src=?></template>"),
    ("E", "json-ld-logo"): (
        "script[application/ld+json]/logo",
        '<script type="application/ld+json">{"logo": "?"}</script>',
    ),
    ("L", "json-ld-url"): (
        "script[application/ld+json]/url",
        '<script type="application/ld+json">{"url": "?"}</script>',
    ),
    ("E", "json-ld-thumbnail"): (
        "script[application/ld+json]/thumbnailUrl",
        '<script type="application/ld+json">//<![CDATA[\n{"@graph":[{"thumbnailUrl":["?"]}]};\n//]]></script>',
    ),
    ("L", "json-ld-download"): (
        "script[application/ld+json]/downloadUrl",
        '<script type="application/ld+json">{"downloadUrl": "?"}</script>',
    ),
    ("L", "speculation-rules"): (
        "script[speculationrules]",
        '<script type="speculationrules">{"prefetch":[{"urls":["?"]}]}</script>',
    ),
    ("E", "stylesheet"): ("link[rel=stylesheet]@href", "<link rel=stylesheet href=?>"),
    ("E", "icon"): ("link[rel=icon]@href", "<link rel=icon href=?>"),
    ("E", "preload"): ("link[rel=preload]@href", "<link rel=preload as=font href=?>"),
    ("E", "preload-imagesrcset"): ("link@imagesrcset", '<link rel=preload as=image imagesrcset="? 2x">'),
    ("E", "modulepreload"): ("link[rel=modulepreload]@href", "<link rel=modulepreload href=?>"),
    ("E", "mask-icon"): ("link[rel=mask-icon]@href", "<link rel=mask-icon href=?>"),
    ("E", "og-image"): ("meta[og:image]@content", "<meta property=og:image content=?>"),
    ("E", "tile-image"): ("meta[msapplication-tileimage]@content", "<meta name=msapplication-TileImage content=?>"),
    ("E", "tile-square"): (
        "meta[msapplication-square70x70logo]@content",
        "<meta name=msapplication-square70x70logo content=?>",
    ),
    ("L", "tile-start"): ("meta[msapplication-starturl]@content", "<meta name=msapplication-starturl content=?>"),
    ("L", "tile-task"): (
        "meta[msapplication-task]@content/action-uri",
        "<meta name=msapplication-task content='name=x;action-uri=?'>",
    ),
    ("E", "tile-task-icon"): (
        "meta[msapplication-task]@content/icon-uri",
        "<meta name=msapplication-task content='name=x; icon-uri=?'>",
    ),
    ("L", "canonical"): ("link[rel=canonical]@href", "<link rel=canonical href=?>"),
    ("L", "hreflang"): ("link[rel=alternate]@href", "<link rel=alternate hreflang=de href=?>"),
    ("L", "amp"): ("link[rel=amphtml]@href", "<link rel=amphtml href=?>"),
    ("E", "script"): ("script@src", "<script src=?></script>"),
    ("E", "script-literal.png"): ("script", '<script>a={b:"1",c:d("2"),e:"?"}</script>'),
    ("E", "script-template.png"): ("script", "<script>a(`?`)</script>"),
    ("E", "script-json-html.png"): (
        "script",
        r'<script type="application/json">{"a":"<img src=\"?\">"}</script>',
    ),
    ("L", "entity"): ("a@href", "<a href='&#x2f;found/entity'>x</a>"),
    ("L", "tab-and-newline"): ("a@href", "<a href='/found/tab-\tand-\nnewline'>x</a>"),
    ("L", "backslash"): ("a@href", "<a href='\\found\\backslash'>x</a>"),
    ("L", "a%20space"): ("a@href", "<a href='/found/a space'>x</a>"),
    ("L", "%C3%A9"): ("a@href", "<a href=/found/é>x</a>"),
    ("L", "unclosed"): ("a@href", "<a href=?><p><b><a"),
}
#: what a browser without scripts would not ask for either
NEVER = """<form method=post action=/never/post><button formaction=/never/button>x</button></form>
<form><button formmethod=post formaction=/never/formmethod>x</button></form><button formaction=/never/no-form>x</button>
<meta name=msapplication-config content=none><form method=dialog action=/never/dialog></form><a href="javascript:never('x')">x</a><a href=mailto:never@a.example>x</a>
<img src="data:image/gif;base64,AAAA"><a href=blob:http://never/x>x</a><!-- <img src=/never/comment> -->
<a href=http://out-of-scope.test/never/>x</a><textarea><img src=/never/textarea></textarea>"""
#: documents of other kinds, and how they are sent
OTHERS: dict[str, tuple[str, bytes]] = {
    "/o/page-with-base.html": (
        "text/html",
        b"<a href=before-base>x</a><base href=/found/><base href=/never/><a href=after-base>x</a>",
    ),
    "/o/wrong-charset.html": ("text/html; charset=nonsense", "<meta charset=utf-8><a href=/found/ü>x</a>".encode()),
    "/o/s.css": (
        "text/css",
        (
            b'@import "/found/css-import";@import url(/found/css-import-url) screen;a{b:url(/found/css-\\75rl)}/*url(/never/c)*/'
            b"@font-face{src:url('/found/font')}a{b:image-set('/found/image-set' 1x)}"
        ),
    ),
    "/o/unlabelled.css": ("application/octet-stream", b"a{b:url(/found/css-octet-stream)}"),
    "/o/unknown": ("unknown/unknown", b"<!doctype html><a href=/found/unknown-type>x</a>"),
    "/o/anything": ("*/*", b"<html><a href=/found/any-type>x</a>"),
    "/o/m.js": ("text/javascript", rb'import "/found/module.mjs";f("\/found\/escaped.png")'),
    "/o/rss": (
        "application/rss+xml",
        (
            b"<rss><channel><item><link>/found/rss-link?a=1&b=2</link><enclosure url='/found/enclosure'/>"
            b"<content:encoded><![CDATA[<img src=/found/content-encoded>]]></content:encoded></item></channel></rss>"
        ),
    ),
    "/o/atom": ("application/atom+xml", b"<feed><link href='/found/atom-link'/><logo>/found/atom-logo</logo></feed>"),
    "/o/feed.json": ("application/feed+json", rb'{"items":[{"image":"\/found\/json-feed.png"}]}'),
    "/o/m.webmanifest": (
        "application/manifest+json",
        (
            b'{"start_url":"/found/manifest-start","icons":[{"src":"/found/manifest-icon"}],"screenshots":[{"src":"/found/manifest-screenshot"}],'
            b'"shortcuts":[{"url":"/found/manifest-shortcut","icons":[{"src":"/found/manifest-shortcut-icon"}]}],'
            b'"share_target":{"action":"/never/share"},"protocol_handlers":[{"protocol":"x","url":"/never/%s"}]}'
        ),
    ),
    "/o/manifest.json": (
        "application/json",
        b'{"display":"standalone","start_url":"/found/json-start","icons":[{"src":"/found/json-icon"}]}',
    ),
    "/o/opensearch.xml": (
        "application/opensearchdescription+xml",
        (
            b'<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"><Image width="16">/found/opensearch-image</Image>'
            b'<Url type="text/html" template="/never/?q={searchTerms}"/><Url type="text/html" template="/found/opensearch-url"/>'
            b"<moz:SearchForm>/found/opensearch-form</moz:SearchForm></OpenSearchDescription>"
        ),
    ),
    "/o/browserconfig.xml": (
        "text/xml",
        (
            b'<browserconfig><msapplication><tile><square150x150logo src="/found/tile-config"/><TileImage src="/found/tile-config-image"/></tile>'
            b'<notification><polling-uri src="/found/tile-polling"/></notification></msapplication></browserconfig>'
        ),
    ),
    "/o/drawing.svg": (
        "image/svg+xml",
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"><use xlink:href="/found/svg-file-use#a"/><path fill="url(/found/svg-file-fill#a)"/>'
            b'<pattern href="/found/svg-file-pattern#a"/><a href="/found/svg-file-a"/></svg>'
        ),
    ),
    "/o/video.m3u8": (
        "application/vnd.apple.mpegurl",
        b'#EXTM3U\n#EXT-X-MAP:URI="/found/hls-init.mp4"\n#EXTINF:9,\n/found/hls-1.m4s\n',
    ),
    "/o/video.mpd": (
        "application/dash+xml",
        (
            b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT7S"><BaseURL>/found/</BaseURL><Period>'
            b'<AdaptationSet><SegmentTemplate initialization="dash-$RepresentationID$-init" media="dash-$RepresentationID$-$Number%02d$" '
            b'duration="4000" timescale="1000"/><Representation id="v1" bandwidth="100"/></AdaptationSet>'
            b'<AdaptationSet><SegmentTemplate media="dash-time-$Time$"><SegmentTimeline><S t="10" d="5" r="1"/></SegmentTimeline>'
            b'</SegmentTemplate><Representation id="v2"/></AdaptationSet>'
            b'<AdaptationSet><Representation id="v3"><BaseURL>dash-base-url</BaseURL></Representation><Representation id="v4"><SegmentList>'
            b'<Initialization sourceURL="dash-list-init"/><SegmentURL media="dash-list-1"/></SegmentList></Representation>'
            b'<Representation id="v5"><SegmentTemplate media="/never/$Number$"/></Representation></AdaptationSet></Period></MPD>'
        ),
    ),
    "/o/report.pdf": ("application/pdf", pdf("Report", ["of the year"], ("a link", "/found/pdf-link"))),
    "/o/sitemap-index.xml": (
        "text/xml",
        (
            b"<sitemapindex><sitemap><loc>$/o/sitemap.xml.gz</loc></sitemap><sitemap><loc>$/o/wrong-sitemap.xml.gz</loc></sitemap>"
            b"<sitemap><loc>$/o/sitemap.txt</loc></sitemap></sitemapindex>"
        ),
    ),
    "/o/sitemap.xml.gz": (
        "application/gzip",
        (
            b"<urlset><url><loc>$/found/sitemap-gz</loc><image:image><image:loc>$/found/sitemap-image</image:loc></image:image>"
            b"<video:video><video:thumbnail_loc>$/found/sitemap-video</video:thumbnail_loc></video:video></url></urlset>"
        ),
    ),
    "/o/wrong-sitemap.xml.gz": ("text/plain", b"<urlset><url><loc>$/found/sitemap-gz-text</loc></url></urlset>"),
    "/o/sitemap.txt": ("text/plain", b"$/found/sitemap-text\n"),
}
OTHERS_HOLD = set(
    "before-base after-base %C3%BC css-import css-import-url css-url font image-set css-octet-stream module.mjs "
    "escaped.png rss-link?a=1&b=2 enclosure content-encoded atom-link atom-logo json-feed.png manifest-icon sitemap-gz "
    "sitemap-image sitemap-video sitemap-gz-text sitemap-text location link-header refresh-header pdf-link idn idn-encoded "
    "unknown-type any-type manifest-start manifest-screenshot manifest-shortcut manifest-shortcut-icon json-start json-icon opensearch-image "
    "opensearch-url opensearch-form tile-config tile-config-image tile-polling svg-file-use svg-file-fill svg-file-pattern "
    "svg-file-a hls-init.mp4 hls-1.m4s dash-v1-init dash-v1-01 dash-v1-02 dash-time-10 dash-time-15 dash-base-url dash-list-init "
    "dash-list-1".split()
)


def build(site: Site) -> set[str]:
    """Put the pages on *site*; the paths that are to be found."""
    told = {"a%20space", "%C3%A9", "entity", "backslash", "tab-and-newline"}
    markup = "".join(
        mark if name in told else mark.replace("?", f"/found/{name}") for (_, name), (_, mark) in PAGE.items()
    )
    links = "".join(
        f'<a href="{path}">x</a><link rel=stylesheet href="{path}">' for path in OTHERS if "sitemap" not in path
    )
    links += "<a href=/o/moved>x</a><a href=/o/headers>x</a>"
    # One host, as people write it and as the network does (RFC 5891; UTS 46).
    links += f"<img src=http://BÜCHER.test:{site.port}/found/idn><img src=//xn--bcher-kva.test:{site.port}/found/idn-encoded>"
    html = {"Content-Type": "text/html; charset=utf-8"}
    pages: dict[str, Answer] = {
        "/": (200, html, f"<!doctype html><title>t</title>{links}{NEVER}{markup}".encode()),
        "/robots.txt": (200, {"Content-Type": "text/plain"}, f"Sitemap: {site.url('/o/sitemap-index.xml')}\n".encode()),
        "/o/moved": (302, {"Location": "/found/location"}, b""),
        "/o/headers": (200, html | {"Link": '</found/link-header>; rel="preload"', "Refresh": "9; url=/found/refresh-header"}, b"x"),
    }  # fmt: skip
    for path, (mime, body) in OTHERS.items():
        filled = body.replace(b"$/", site.url("/").encode())
        pages[path] = (200, {"Content-Type": mime}, gzip.compress(filled) if path.endswith(".gz") else filled)
    found = {f"/found/{name}" for _, name in PAGE} | {f"/found/{name}" for name in OTHERS_HOLD}
    site.pages |= pages | {path: (200, {"Content-Type": "image/png"}, path.encode()) for path in found}
    return found


def test_a_default_crawl_finds_what_stands_behind_every_mechanism(tmp_path: Path) -> None:
    with Site({}) as site:
        wanted = build(site)
        archive = Archive.create(tmp_path / "a", contact=CONTACT)
        (archive.sites / "torture.toml").write_text(
            f'seeds = ["{site.url()}"]\nconnect_to = ["xn--bcher-kva.test:{site.port}:127.0.0.1:{site.port}"]\n'
        )
        crawl("torture", archive.root)
        asked = set(site.paths())
        edges = set(sqlite3.connect(tmp_path / "a" / "archive.db").execute("SELECT target_url, hop, context FROM edge"))
        missed = sorted(wanted - asked)
        print(f"found {len(wanted) - len(missed)} of {len(wanted)} resources")
        assert not missed, f"found {len(wanted) - len(missed)} of {len(wanted)}; not {', '.join(missed)}"
        assert {path for path in asked if "never" in path} == set()
        # The link graph says of each how it follows and where it stood.
        stated = {(site.url(f"/found/{name}"), hop, context) for (hop, name), (context, _) in PAGE.items()}
        assert stated - edges == set()
        targets = {url.partition(f":{site.port}")[2] for url, _, _ in edges}
        assert wanted <= targets
