"""Our own pages: rendering, the menu, and what every template knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasette.utils.asgi import Forbidden, NotFound, Response

from archive.browse import access, cells, evidence, home, vocabulary
from archive.browse.language import gettext
from archive.browse.safe import OURS


async def page(
    datasette: Any,
    request: Any,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Any:
    html = await datasette.render_template(template, dict(context), request=request)
    return Response.html(html, status=status, headers={"Content-Security-Policy": OURS, **(headers or {})})


async def notice(datasette: Any, request: Any, status: int, title: str, text: str, *, spoken: str | None = None) -> Any:
    """A page that says what is not here and why; *spoken* is the language of *text* where it is not the visitor's.
    Raising NotFound instead would send the visitor of an address with a ``%`` in it elsewhere: Datasette takes that for
    an old spelling of its own."""
    headers = {"X-Robots-Tag": "noindex", "Cache-Control": "no-store"}
    context = {"heading": title, "text": text, "spoken": spoken}
    return await page(datasette, request, "bewaar_notice.html", context, status=status, headers=headers)


async def template_vars(datasette: Any, request: Any, template: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "bewaar_badge": lambda value: cells.badge(value, vocabulary.say(value)),
        "bewaar_public": access.is_public(datasette),
        "bewaar_logo": lambda record_id, name: cells.logo(datasette, record_id, name),
        "bewaar_columns": columns,
        "bewaar_organisation": lambda key: cells.organisation_path(datasette, key),
        "bewaar_fact": evidence.anchor,
        "bewaar_name": await access.title(datasette),
    }
    if template == "index.html":
        found["bewaar"] = await read_home(datasette, request)
        if access.is_unwritten(datasette):
            text = gettext(
                "Its database has no tables yet: a crawl, ingest or rebuild writes them. Load this page again then."
            )
            found |= {"bewaar_unwritten": True, "heading": gettext("This archive is empty"), "text": text}
    return found


async def read_home(datasette: Any, request: Any) -> dict[str, Any] | None:
    """None where there is no archive that this visitor may see: Datasette's own front page is shown then."""
    try:
        name = access.archive_name(datasette)
    except NotFound:
        return None
    actor = request.actor if request else None
    try:
        await access.check_view(datasette, actor, name, "site", "crawl", "capture")
    except Forbidden:
        return None
    return await home.read(datasette, actor, name)


def menu(datasette: Any) -> list[dict[str, str]]:
    try:
        name = access.archive_name(datasette)
    except NotFound:
        return []
    urls = datasette.urls
    return [
        {"href": urls.path("/-/search"), "label": gettext("Search")},
        {"href": urls.path("/-/organisations"), "label": gettext("Organisations")},
        {"href": urls.path("/-/changes"), "label": gettext("Changes")},
        {"href": urls.path("/-/crawl/latest"), "label": gettext("Last crawl")},
        {"href": urls.table(name, "capture"), "label": gettext("Captures")},
        {"href": urls.database(name), "label": gettext("All tables and questions")},
        {"href": urls.path("/-/about"), "label": gettext("About")},
    ]


_FIRST = (
    "name", "logo_url", "value", "changed_by", "resource_id", "url", "captured_at", "state", "status", "mime", "kind",
    "role", "organisation_id", "before", "after",
)  # fmt: skip
_LAST = {
    "id", "digest", "sha256", "declared_digest", "payload_digest", "record_id", "fact_id", "observation_id",
    "presence_id", "payload_id", "capture_id", "original_id", "subject", "urlkey", "xpath", "refers_to",
    "refers_to_url", "refers_to_date", "warc_id", "warc_date", "warc_offset", "warc_length", "organisation_key",
    "beneficiary_key", "extra", "page_version_id", "section_version_id", "source_version_id",
}  # fmt: skip


#: views whose columns stand as a person reads them
_AS_THEY_STAND = {"review", "decided"}


def columns(names: list[str], table: str | None = None) -> list[int]:
    """In which order columns are shown: what people look for first; digests, ids and places in files last.

    >>> columns(["id", "digest", "size", "status"])
    [3, 2, 0, 1]
    """
    if table in _AS_THEY_STAND:
        return list(range(len(names)))

    def rank(at: int) -> tuple[int, int]:
        name = names[at]
        if (table, name) in (("logo", "capture_id"), ("capture", "record_id")):  # the picture; the way to the page
            return 0, -1
        if name in _FIRST:
            return 0, _FIRST.index(name)
        return (2 if name in _LAST or name.endswith("_capture_id") else 1), at

    return sorted(range(len(names)), key=rank)
