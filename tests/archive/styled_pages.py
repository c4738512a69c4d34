"""Pages and the style sheets that show logos on them, in rows of the store."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

from archive.decoding import decode
from archive.model import Page, Reading
from archive.store import Store
from crawler.extract import Hints, extract_styled, read_sheet
from crawler.extract.cascade import logos_shown
from crawler.tree import parse
from tests.archive.store_builders import HOME, SITE, crawl, reading, rows

SHOWS = {"sponsor": partial(logos_shown, hints=Hints())}
MAIN, MORE, OLD = (f"http://example.test/css/{name}.css" for name in ("main", "more", "old"))
LOGO = "http://example.test/css/{}.png"

SHEETS = (
    "@import 'more.css'; .s-plan { background: url(plan.png) } .s-zon { background: url(zon.png) }",
    "@import 'more.css'; @import 'main.css'; .s-plan { background: url(plan-2.png) no-repeat }",
    ".s-maan { background: url(maan.png) } .s-zon { background: url(andere-zon.png) }",
    ".s { color: red }",
)
BODIES = (
    '<a class="s s-plan"></a><a class="s s-zon"></a>',
    '<a class="s s-plan" title="Plan Nederland"></a><a class="s s-maan"></a><img src=/lamp.png>',
    '<ul><li><a class="s s-zon">Stichting Zon</a><li><a class="s s-plan">Stichting Plan</a><li>Stichting Berg</ul>',
    "<img src=/lamp.png><img src=/zon.png>",
)


@cache
def page_of(body: int) -> Reading:
    html = f"<title>T</title><link rel=stylesheet href={MAIN}><h2>Onze sponsors</h2><div>{BODIES[body]}</div>"
    text, charset = decode(html.encode(), "text/html")
    page = Page(HOME, html.encode(), text, charset)
    sections, style = extract_styled(page, parse(text), Hints())
    return replace(reading(0, *sections), style=style)


def page(day: int, body: int = 0, *, second: int = 0, **more) -> Reading:
    of = page_of(body)
    return replace(reading(day, *of.sections, second=second, text=f"body {body}", **more), style=of.style)


def sheet(day: int, url: str, text: str | None, *, second: int, **more) -> Reading:
    """None for one whose server failed, with 503 where *more* does not say otherwise."""
    status = {"status": 503} if text is None else {}
    made = reading(
        day, url=url, key=None, text=None, mime="text/css", second=second, payload=text or "", **status | more
    )
    return replace(
        made, style=read_sheet(text.encode(), "utf-8") if text is not None and made.capture.type != "revisit" else None
    )


def shown(store: Store, day: int = 0) -> list[tuple]:
    """Sponsors as the capture of that day's page has them."""
    return rows(
        store,
        "SELECT name, logo_url FROM listed WHERE role = 'sponsor' AND crawl_id = ? AND fact_id IS NOT NULL"
        " ORDER BY position",
        crawl(day).id,
    )


def derived(store: Store) -> Store:
    store.derive(SITE, anchors=["home"], shows=SHOWS)
    return store


def state(store: Store, day: int = 0) -> tuple:
    return rows(
        store,
        "SELECT o.state, o.read_state, o.sheets_missing FROM observation o JOIN capture c ON c.id = o.capture_id"
        " WHERE o.role = 'sponsor' AND c.crawl_id = ?",
        crawl(day).id,
    )[0]


def revisit(day: int, of: Reading, second: int) -> Reading:
    capture = of.capture
    made = reading(
        day, url=capture.url, key=capture.page_key, second=second, text=None, mime=capture.mime, type="revisit",
        payload_digest=None, refers_to=capture.record_id, declared_digest=capture.payload_digest,
    )  # fmt: skip
    return replace(made, capture=replace(made.capture, payload_bytes=None))
