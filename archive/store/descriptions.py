"""Every table and column in a sentence: ``docs/schema.md`` is made of them, and Datasette shows them."""

from __future__ import annotations

from collections.abc import Sequence

from archive.model import Fact
from archive.store.views import extra_fields, view_name

#: the tables in the order they are explained, layer by layer
LAYERS: dict[str, tuple[str, ...]] = {
    "Evidence: from WARC records alone": ("site", "crawl", "warc", "resource", "payload", "capture"),
    "Extraction: what was read off the captures": (
        "page_version",
        "section_version",
        "fact",
        "observation",
        "evidence",
        "link",
        "resource_link",
        "problem",
    ),
    "Organisations": ("organisation", "organisation_alias", "profile_name"),
    "Timelines: derived per site": ("presence", "logo", "change"),
    "Decisions and events: loaded from decisions/*.jsonl": ("decision", "event"),
    "Search": ("page_version_fts", "name_trigram"),
}

TABLES: dict[str, str] = {
    "site": "A site as its profile describes it.",
    "crawl": "One run over one site, start to end.",
    "warc": "A WARC file.",
    "resource": "A URL that was captured, or tried.",
    "payload": "A distinct sequence of bytes that some URL answered with: the entity body, Content-Encoding still on.",
    "capture": "Where one response, revisit or failed fetch lies in the WARC files.",
    "page_version": "A distinct text of a page. Pages are told apart by page key, not by URL.",
    "section_version": "A distinct list of facts of one kind, stored once however many pages show it.",
    "fact": "One thing in a section: one member, one goal, one sponsor.",
    "observation": "What one capture showed of one section.",
    "evidence": "Where in one capture's body a fact stands.",
    "link": "An edge of the link graph out of a page version.",
    "resource_link": "An edge out of what is no page: a stylesheet, a sitemap, a redirect, an error answer.",
    "problem": "Something on a capture that could not be read.",
    "organisation": "An organisation that some fact names, or that owns a site.",
    "organisation_alias": "Another name under which an organisation was listed.",
    "profile_name": "The name a site's profile gives an organisation.",
    "presence": "From when to when a page listed a subject. A subject that was gone and is listed again has two.",
    "logo": "A picture beside a subject, over consecutive crawls.",
    "change": "What differs between one crawl and the next.",
    "decision": "What a person decided.",
    "event": "What happened to the archive, in PREMIS words.",
    "page_version_fts": "Full-text index over titles and texts; accents and case do not matter.",
    "name_trigram": "Index over parts of words in names, titles and URLs: zorg finds pleegzorg.",
}

_SITE = "The site."
_ROLE = "The kind of section, such as member, goal, sponsor."
_PAGE_KEY = "Says which captures are the same page, whatever their URL; the site's profile makes it."
_HOP = "How the target follows: L link, E embed, R redirect, M sitemap."
_SUBJECT = "What is listed: an organisation's id; where it is unknown its folded name or text, or its picture's digest."
_ORGANISATION = "The organisation, aliases applied; empty where nobody knows it."

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "site": {
        "id": "The profile's name.",
        "name": "What people call it.",
        "home": "URL of its home page.",
        "organisation_key": "Organisation key of the owner, as the profile has it.",
        "organisation_id": "The owner, aliases applied.",
        "title": "Title for exports.",
        "description": "Description for exports.",
        "rights": "Who holds rights in what the site shows.",
    },
    "crawl": {
        "id": "The site's id and 17 digits of time.",
        "site_id": _SITE,
        "started_at": "When it began, UTC.",
        "finished_at": "When it ended, UTC; empty while it runs, or when it was cut off.",
        "status": "How it stands: running, finished, limited, interrupted, failed or imported.",
        "software": "Program and version that made it, as the warcinfo record says.",
        "operator": "Who made it.",
        "profile_digest": "Digest of the profile it was made with, which lies in its WARC.",
    },
    "warc": {
        "id": "Number in this database.",
        "path": "Path below the archive's warcs directory.",
        "name": "File name: a label, not an identity.",
        "sha256": "Digest of the sealed file.",
        "size": "Bytes of the sealed file.",
        "sealed": "1 once nothing is added to it any more.",
    },
    "resource": {
        "id": "Number in this database.",
        "url": "The URL as requested, without fragment.",
        "urlkey": "SURT sort key, such as nl,example)/p/215.",
        "host": "Host name of the URL.",
        "site_id": "The site whose crawl captured it first.",
        "page_key": _PAGE_KEY,
        "kind": "page, image, stylesheet, script, font, media, feed, html (not read), document, other or unknown.",
        "title": "Title of the newest text captured here.",
    },
    "payload": {
        "id": "Number in this database.",
        "digest": "sha256 of the bytes, computed by us.",
        "size": "Bytes.",
        "mime": "Media type it was served with.",
        "width": "Width of an image, pixels.",
        "height": "Height of an image, pixels.",
    },
    "capture": {
        "id": "Number in this database.",
        "record_id": "WARC-Record-ID; the capture's public identity.",
        "crawl_id": "The crawl.",
        "resource_id": "The URL.",
        "page_key": _PAGE_KEY,
        "warc_date": "WARC-Date, verbatim.",
        "captured_at": "WARC-Date in UTC, to the second; 0001-01-01 where it is no date.",
        "status": "HTTP status; empty when there was no answer.",
        "mime": "Media type of the answer.",
        "record_type": "response, revisit (same payload as an earlier capture), resource, or failure (no answer).",
        "truncated": "Why the record is short, where it is: length, time, disconnect or unspecified.",
        "error": "What went wrong, for a fetch that failed or a body that fell short.",
        "redirect_to": "Where a redirect leads.",
        "payload_id": "The bytes it answered with; a revisit has those of its original.",
        "declared_digest": "WARC-Payload-Digest as the file declares it.",
        "refers_to": "WARC-Refers-To of a revisit.",
        "refers_to_url": "WARC-Refers-To-Target-URI of a revisit.",
        "refers_to_date": "WARC-Refers-To-Date of a revisit.",
        "original_id": "The capture that holds a revisit's payload; empty while no file in the archive has it.",
        "via": "URL of the page it was found on.",
        "hops": "Hop path from the seed, such as LLE; empty for a seed.",
        "was_read": "1 when this record was read; a revisit with 0 shows what its original showed.",
        "page_version_id": "The text the page had.",
        "warc_id": "The WARC file.",
        "warc_offset": "Where the record's gzip member begins, bytes.",
        "warc_length": "Length of the gzip member, bytes.",
    },
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
        "name": "By the profile; else the name pages use most often, the earliest of equals.",
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
    "presence": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "page_key": "The page whose list proves absence; other pages add sightings.",
        "role": _ROLE,
        "subject": _SUBJECT,
        "value": "As it was last listed.",
        "organisation_id": _ORGANISATION,
        "beneficiary_id": "Whom it benefits, as last listed.",
        "fact_id": "The fact as last listed.",
        "state": "current, ended (a later list lacks it), or unknown (the page is gone, or its section).",
        "absent_before": "The last time before that the list was there without it; empty when it was never without.",
        "first_seen": "When it was first listed.",
        "last_seen": "When it was last listed.",
        "gone_by": "The first time after that the list was there without it.",
        "sightings": "Pages that listed it, each counted once per crawl.",
        "absent_capture_id": "The capture that proves absent_before.",
        "first_capture_id": "The capture that proves first_seen.",
        "last_capture_id": "The capture that proves last_seen.",
        "gone_capture_id": "The capture that proves gone_by.",
    },
    "logo": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "page_key": "The page it stands on.",
        "role": _ROLE,
        "subject": _SUBJECT,
        "organisation_id": _ORGANISATION,
        "payload_id": "The picture's bytes.",
        "capture_id": "First capture of the picture.",
        "last_capture_id": "Last capture of the picture.",
        "first_seen": "When it was first captured.",
        "last_seen": "When it was last captured.",
    },
    "change": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "crawl_id": "The crawl that showed it.",
        "page_key": "The page.",
        "role": "The kind of section; empty for changes of a page.",
        "kind": "first listed, no longer listed, listed again, reworded, logo replaced, section vanished, page broke,"
        " page repaired or text edited.",
        "subject": "What changed: the subject of a presence, a role, or a page's title.",
        "organisation_id": _ORGANISATION,
        "before": "As it was: a text, a payload digest, a status, a title.",
        "after": "As it is.",
        "changed_after": "The last time it was as before.",
        "changed_by": "The first time it was as after.",
        "before_capture_id": "The capture that proves changed_after.",
        "after_capture_id": "The capture that proves changed_by.",
    },
    "decision": {
        "id": "Identity of the line.",
        "made_at": "When.",
        "who": "Who decided.",
        "why": "Why.",
        "action": "alias, override, takedown or embargo.",
        "scope": "What it is about: a name, a key, a URL prefix.",
        "value": "What it shall be: of an alias, the organisation.",
    },
    "event": {
        "id": "Identity of the line.",
        "at": "When.",
        "type": "capture, ingestion, fixity check, recovery, redaction...",
        "object": "What it happened to.",
        "outcome": "How it came out.",
        "detail": "More of it.",
    },
    "page_version_fts": {"title": "The page's title.", "text": "The readable text."},
    "name_trigram": {
        "kind": "organisation or resource.",
        "ref": "The organisation's id, or the URL.",
        "folded": "Names, or title and URL, without case, accents and punctuation.",
    },
}

VIEWS: dict[str, str] = {
    "fact_source": "Each fact with each capture that shows it: quote, byte range, WARC file, offset, length, digest.",
    "shown": "What each capture of a page showed of each section; revisits show what their originals did.",
    "listed": "Each fact on each capture of a page.",
    "edge": "The link graph: out of page versions, and out of what is no page.",
}

_VIEW_COLUMNS: dict[str, str] = {
    "name": "The organisation's name, or what stands on the page.",
    "beneficiary": "Name of whom it benefits.",
    "presence_id": "The presence.",
    "chair": "1 when the page names it as chair.",
    "chair_since": "The year since which it is chair.",
    "compound": "1 when one list item names two organisations.",
    "alt": "The image's alt text as it stands, upload names included.",
}


def describe_kind(kind: type[Fact]) -> tuple[str, dict[str, str]]:
    """The view of a kind: its sentence and its columns."""
    said = (kind.__doc__ or kind.__name__).split("\n\n")[0].replace("\n", " ")
    columns = DESCRIPTIONS["fact"] | DESCRIPTIONS["presence"] | _VIEW_COLUMNS
    return " ".join(said.split()), columns | {
        name: columns.get(name, f"{name.replace('_', ' ').capitalize()}.") for name in extra_fields(kind)
    }


def datasette_tables(kinds: Sequence[type[Fact]]) -> dict[str, dict[str, object]]:
    """Description and columns of every table and view, as Datasette's metadata wants them."""
    found: dict[str, dict[str, object]] = {
        table: {"description": TABLES[table], "columns": columns} for table, columns in DESCRIPTIONS.items()
    }
    found |= {view: {"description": said} for view, said in VIEWS.items()}
    for kind in kinds:
        said, columns = describe_kind(kind)
        name = view_name(kind)
        found[name] = {"description": said, "columns": columns}
        found[f"current_{name}"] = {"description": f"{said} Listed now; one row per subject.", "columns": columns}
    return found


def schema_markdown(kinds: Sequence[type[Fact]]) -> str:
    """The generated part of ``docs/schema.md``."""
    lines: list[str] = []
    for layer, tables in LAYERS.items():
        lines += [f"## {layer}", ""]
        for table in tables:
            lines += [f"### {table}", "", TABLES[table], "", "| column | means |", "| --- | --- |"]
            lines += [f"| `{column}` | {said} |" for column, said in DESCRIPTIONS[table].items()]
            lines.append("")
    lines += ["## Views", ""]
    lines += [f"- `{view}`: {said}" for view, said in VIEWS.items()]
    lines += [
        "",
        "Each kind of fact has a view, and one of the same name with `current_` before it: what is listed now, one row",
        "per subject. Their columns are those of `presence` and `fact`, with `name`, `beneficiary` and what the kind",
        "adds.",
        "",
        "| view | holds | adds |",
        "| --- | --- | --- |",
    ]
    for kind in kinds:
        extra = ", ".join(f"`{name}`" for name in extra_fields(kind)) or "nothing"
        lines.append(f"| `{view_name(kind)}` | {describe_kind(kind)[0]} | {extra} |")
    return "\n".join(lines) + "\n"
