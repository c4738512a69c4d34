"""``/-/crawl/ID``: the crawl's report, out of the rows that are served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from archive import times
from archive.browse import access
from archive.browse.answering import Refusal, answering
from archive.browse.language import current, gettext
from archive.browse.pages import page
from archive.errors import WrongUse
from archive.report.crawl import CrawlReport, find_crawl, read_report
from archive.report.style import STYLE
from archive.report.words import Words
from archive.report.written import fragment

#: what a report tells of is read from these
READS = ("crawl", "capture", "resource", "warc", "payload", "page_version", "drift", "unanswered_list", "site")
#: not in the public's database, whoever serves that
LEFT_OUT = ("url_list", "closing", "problem", "expectation")
#: read where those are
OPERATORS = (*LEFT_OUT, "observation", "fact")
_OTHERS = "SELECT id, status FROM crawl WHERE site_id = ? ORDER BY started_at DESC, id DESC LIMIT 30"


@answering
async def crawl_page(datasette: Any, request: Any) -> Any:
    await access.check_instance(datasette, request.actor)
    name = access.archive_name(datasette)
    existing = access.tables(datasette, name).keys()
    public = existing.isdisjoint(LEFT_OUT)
    reads = READS if public else (*READS, *OPERATORS)
    await access.check_view(datasette, request.actor, name, *reads)
    if not existing >= set(reads):
        older = gettext("The database is of an older version of Bewaar: any command that writes brings it up to date.")
        raise Refusal(404, gettext("No report"), older)
    given = request.url_vars["id"]

    def read(connection: Any) -> tuple[CrawlReport, list[dict[str, str]]]:
        report = read_report(connection, find_crawl(connection, given), public=public)
        others = connection.execute(_OTHERS, (report.site,)).fetchall()
        return report, [{"id": id_, "status": status} for id_, status in others]

    try:
        report, others = await datasette.get_database(name).execute_fn(read)
    except WrongUse as error:
        text = gettext("No crawl is called %(name)s.") % {"name": given}
        raise Refusal(404, gettext("Not in this archive"), text) from error
    words = Words(current())
    kept: str = datasette.urls.path(f"/-/web/{times.digits14(report.finished_at or report.started_at)}/")

    def capture_of(url: str) -> str:
        return kept + quote(url, safe="%:/?&=+@!$,;()*~'[]")

    context = {
        "report": Markup("\n".join(fragment(report, words, capture_of, public=public))),  # noqa: S704  # escaped where it is made
        "style": Markup(STYLE),  # noqa: S704  # ours
        "crawl": report.crawl,
        "title": words("title"),
        "others": others,
        "path": datasette.urls.path("/-/crawl/"),
    }
    return await page(datasette, request, "bewaar_crawl.html", context, headers={"X-Robots-Tag": "noindex"})


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = ((r"^/-/crawl/(?P<id>[A-Za-z0-9_.-]{1,150})$", crawl_page),)
