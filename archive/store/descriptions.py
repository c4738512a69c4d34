"""Every table and column in a sentence: ``docs/schema.md`` is made of them, and Datasette shows them."""

from __future__ import annotations

from archive.store import capture_descriptions as captures
from archive.store import curation_descriptions as curation
from archive.store import style_tables as styles
from archive.store import timeline_descriptions as timelines

#: the tables in the order they are explained, layer by layer
LAYERS: dict[str, tuple[str, ...]] = {
    "Evidence: from WARC records alone": (
        "site",
        "permission",
        "crawl",
        "warc",
        "resource",
        "payload",
        "capture",
        "closing",
        "erased",
    ),
    "Extraction: what was read off the captures": (
        "page_version",
        "section_version",
        "fact",
        "observation",
        *("evidence", "style", "style_evidence"),
        "link",
        "resource_link",
        "url_list",
        "problem",
    ),
    "Organisations": ("organisation", "organisation_alias", "profile_name"),
    "Timelines: derived per site": (
        *("presence", "logo", "logo_file", "picture", "alike", "change", "drift"),
        "expectation",
    ),
    "Decisions and events: loaded from decisions/*.jsonl": ("decision", "withdrawn", "event"),
    "Curation: what decisions do, and what is asked": ("correction", "decision_use", "doubt", "suggestion"),
    "Search": ("page_version_fts", "name_trigram"),
}

TABLES: dict[str, str] = {
    **captures.TABLES,
    "page_version": "A distinct text of a page. Pages are told apart by page key, not by URL.",
    "section_version": "A distinct list of facts of one kind, stored once however many pages show it.",
    "fact": "One thing in a section: one member, one goal, one sponsor.",
    "observation": "What one capture showed of one section.",
    "evidence": "Where in one capture's body a fact stands.",
    "link": "An edge of the link graph out of a page version.",
    "resource_link": "An edge out of what is no page: a stylesheet, a sitemap, a redirect, an error answer.",
    "url_list": "What a page or style sheet needs to be shown, or a sitemap lists: each list once.",
    "problem": "Something on a capture that could not be read.",
    "organisation": "An organisation that some fact names, or that owns a site.",
    "organisation_alias": "Another name under which an organisation was listed.",
    "profile_name": "The name a site's profile gives an organisation.",
    "presence": "From when to when a page listed a subject. A subject that was gone and is listed again has two.",
    "logo": "A picture beside a subject, over consecutive crawls, whatever the file and its size.",
    "logo_file": "A file that showed a logo, over consecutive crawls.",
    "picture": "What the logo URLs of a site's facts ever showed: the payloads that are looked at.",
    "alike": "Two payloads that look the same: their hashes differ in 6 bits of 64 at most. Each pair both ways round.",
    "change": "What differs between one crawl and the next.",
    "drift": "Where a site changed so that a page is no longer read as it was, and where it is again.",
    "expectation": "How many facts of a kind a page of the site holds, as its profile says.",
    "decision": "What a person decided.",
    "withdrawn": "A decision that no longer stands, because a later line says so.",
    "event": "What happened to the archive, in PREMIS words.",
    **curation.TABLES,
    **styles.TABLES,
    "page_version_fts": "Full-text index over titles and texts; accents and case do not matter.",
    "name_trigram": "Index over parts of words in names, titles and URLs: zorg finds pleegzorg.",
}

_SITE = "The site."
_ROLE = "The kind of section, such as member, goal, sponsor."
_PAGE_KEY = "Says which captures are the same page, whatever their URL; the site's profile makes it."
_HOP = "How the target follows: L link, E embed, R redirect, M sitemap."
_ORGANISATION = "The organisation, aliases applied; empty where nobody knows it."

DESCRIPTIONS: dict[str, dict[str, str]] = {
    **captures.COLUMNS,
    "url_list": {
        "id": "Number in this database.",
        "digest": "sha256 of kind and URLs.",
        "kind": "needs or sitemap.",
        "urls": "JSON array of URLs; an array in it holds URLs of which one will do, such as sizes of a picture.",
    },
    "expectation": {"site_id": _SITE, "role": _ROLE, "facts": "How many."},
    "page_version": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "page_key": _PAGE_KEY,
        "digest": "sha256 over title and text.",
        "title": "The page's title.",
        "text": "The readable text.",
        "lang": "Language of the text.",
        "words": "Number of words.",
    },
    "section_version": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "role": _ROLE,
        "digest": "sha256 over its facts' values.",
    },
    "fact": {
        "id": "Number in this database.",
        "section_version_id": "The section it belongs to.",
        "position": "Place in the section, from 0.",
        "kind": "What kind of its role it is, such as host for a member, statement for a goal.",
        "raw": "As it stands on the page.",
        "value": "Normalised.",
        "organisation_key": "Organisation key the extractor gave it.",
        "organisation_id": _ORGANISATION,
        "beneficiary_key": "Organisation key of whom it benefits, as extracted.",
        "beneficiary_id": "Whom it benefits: the one a sponsor supports.",
        "year": "The year it names.",
        "href": "Where it links.",
        "logo_url": "URL of its image.",
        "name_source": "Where the name was found: title, alt, file, host, caption or text.",
        "tier": "confirmed (a labelled list, a cue, the profile) or candidate (by shape only, for review).",
        "confidence": "From 0 to 1.",
        "rule": "The rule that found it.",
        "extra": "What its kind adds, as JSON; the kind's view shows it as columns.",
    },
    "observation": {
        "id": "Number in this database.",
        "capture_id": "The capture.",
        "role": _ROLE,
        "state": "found, empty (the list is there with nothing in it), absent (no such list), failed (not readable).",
        "section_version_id": "What was found.",
        "extractor_version": "Version of the extractor that read it; 0 where that was not kept.",
        **styles.OF_OBSERVATION,
    },
    "evidence": {
        "observation_id": "The observation, and through it the capture.",
        "fact_id": "The fact.",
        "quote": "The words on the page.",
        "byte_start": "First byte of the quote in the body, Content-Encoding undone.",
        "byte_end": "The byte after it.",
        "xpath": "The element, for people.",
    },
    "link": {
        "source_version_id": "The page version.",
        "target_url": "Where it leads, as an absolute URL.",
        "hop": _HOP,
        "context": "Where it stood, such as a@href.",
        "anchor": "Its text.",
    },
    "resource_link": {
        "source_id": "The URL it stands on.",
        "target_url": "Where it leads, as an absolute URL.",
        "hop": _HOP,
        "context": "Where it stood, such as location or url().",
        "anchor": "Its text.",
    },
    "problem": {
        "id": "Number in this database.",
        "crawl_id": "The crawl.",
        "capture_id": "The capture.",
        "url": "The URL.",
        "what": "What is wrong.",
        "detail": "More of it.",
    },
    "organisation": {
        "id": "Organisation key, aliases applied.",
        "name": "By the profile; else the last decision; else the name pages use most often, the earliest of equals.",
    },
    "organisation_alias": {
        "organisation_id": "The organisation.",
        "alias": "The other name.",
        "source": "page, or decision where only a person's decision joins the two.",
        "sightings": "Captures that list it so.",
    },
    "profile_name": {
        "site_id": _SITE,
        "organisation_key": "Organisation key.",
        "name": "The name.",
    },
    **timelines.COLUMNS,
    **curation.COLUMNS,
    **styles.COLUMNS,
    "page_version_fts": {"title": "The page's title.", "text": "The readable text."},
    "name_trigram": {
        "kind": "organisation or resource.",
        "ref": "The organisation's id, or the URL.",
        "folded": "Names, or title and URL, without case, accents and punctuation.",
    },
}
