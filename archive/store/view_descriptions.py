"""Every view in a sentence, and those of its columns that mean something else there than in a table."""

from __future__ import annotations

from archive.store import curation_descriptions as curation
from archive.store import style_tables as styles

VIEWS: dict[str, str] = {
    "fact_source": "Each fact with each capture that shows it: quote, byte range, WARC file, offset, length, digest.",
    "shown": "What each capture of a page showed of each section; revisits show what their originals did.",
    "listed": "Each fact on each capture of a page, as it was read.",
    "same_logo": "For a logo's payload (digest) every file that shows the same picture: URL, size, site, subject.",
    **curation.VIEWS,
    **styles.VIEWS,
    "edge": "The link graph: out of page versions, and out of what is no page.",
    "broken_link": "Links, as they stand in a page's newest crawl, whose target's newest capture failed or is an"
    " error.",
    "disappeared_document": "Documents and media that were kept once, and answer no more, or were not asked for in the"
    " site's newest finished crawl.",
    "unanswered_list": "Pages that listed something and did not answer as pages in the site's newest crawl, nor in the"
    " last before it that asked: nobody knows whether it is still listed.",
}

#: columns of views that say something else than the table's column of that name
VIEW_COLUMNS: dict[str, dict[str, str]] = {
    **curation.VIEW_COLUMNS,
    **styles.VIEW_COLUMNS,
    "edge": {"source_url": "The URL it stands on, where that is no page.", "page_version_id": "The page version."},
    "broken_link": {
        "page_key": "The page it stands on; empty where it stands on what is no page.",
        "title": "The title of what it stands on.",
        "source_url": "The URL it stands on, where that is no page.",
        "target_status": "What the target answered last; empty when there was no answer.",
        "target_error": "Why there was no answer.",
        "failed_at": "When it was asked last.",
        "last_good_at": "When it last answered well; empty where it never did.",
        "page_version_id": "The page version it stands on.",
        "target_capture_id": "The capture that shows it.",
    },
    "disappeared_document": {
        "kind": "document or media.",
        "state": "gone (404 or 410), failing (another error, or no answer), or not asked for in the site's newest"
        " finished crawl.",
        "first_seen": "When it was first captured.",
        "last_seen": "When it was last captured whole.",
        "gone_by": "The first time after that it did not answer; empty where it was not asked for.",
        "status": "What it answered last.",
        "error": "Why there was no answer.",
        "mime": "Media type, when it was last there.",
        "size": "Bytes, when it was last there.",
        "digest": "Our sha256 of the bytes, when it was last there.",
        "last_capture_id": "The capture that holds it.",
        "gone_capture_id": "The newest capture, where that shows it is gone.",
    },
    "unanswered_list": {
        "names": "How many that were listed there last have been seen nowhere since.",
        "last_listed": "When the last of them was.",
        "status": "What the page answered.",
        "error": "Why there was no answer.",
        "redirect_to": "Where it leads.",
        "crawls": "In how many crawls it did not answer since it last did.",
        "crawl_id": "The site's newest crawl.",
        "capture_id": "The capture that shows it.",
    },
}
