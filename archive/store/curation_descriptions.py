"""What `archive.store.descriptions` says of decisions, and of the tables and views by which people correct machines."""

from __future__ import annotations

TABLES: dict[str, str] = {
    "correction": "What a fact is after decisions: it was reviewed, put right, taken apart, or rejected.",
    "decision_use": "What one decision is about at one site, in the facts there are now.",
    "doubt": "A fact that a person should look at, each wording once for a site and a kind of section.",
    "suggestion": "Two organisations that may be one and the same; never merged unasked.",
}

_SITE = "The site."
_ROLE = "The kind of section, such as member, goal, sponsor."

COLUMNS: dict[str, dict[str, str]] = {
    "decision": {
        "id": "Identity of the line.",
        "made_at": "When.",
        "who": "Who decided.",
        "why": "Why.",
        "action": "alias, distinct, override, undo, takedown or embargo.",
        "scope": "What it is about: a name, a key, a URL prefix, a decision's id; of an override which facts, as JSON.",
        "value": "What it shall be: of an alias the organisation, of distinct the other name, of an override JSON.",
    },
    "withdrawn": {
        "decision_id": "The decision.",
        "by_id": "The later one: an undo, or another about the same names.",
    },
    "event": {
        "id": "Identity of the line.",
        "at": "When.",
        "type": "capture, ingestion, fixity check, recovery, redaction...",
        "object": "What it happened to.",
        "outcome": "How it came out.",
        "detail": "More of it.",
    },
    "correction": {
        "fact_id": "The fact, which stays as it was read.",
        "page_key": "The page it is so on; * on every page of which nothing else was decided.",
        "part": "0; of a fact that names several organisations which of them, counted from 0.",
        "site_id": _SITE,
        "verdict": "reviewed: it stands, as it is here. rejected: it does not.",
        "value": "Its value.",
        "kind": "Its kind.",
        "year": "Its year.",
        "organisation_id": "Its organisation.",
        "decided_by": "Ids of the decisions that made it so, in the order they were made.",
    },
    "decision_use": {
        "decision_id": "An alias or override that nobody has taken back.",
        "site_id": _SITE,
        "matched": "Facts it is about, as captures show them. Where what it names stands no longer there is no row.",
        "effective": "1 when it makes a difference; 0 when others hold before it.",
    },
    "doubt": {
        "site_id": _SITE,
        "role": _ROLE,
        "folded": "The wording, without case, accents and punctuation.",
        "reason": "unnamed logo, compound, candidate or low confidence.",
        "fact_id": "The fact as it was last captured.",
        "observation_id": "Where its quote stands.",
        "capture_id": "The capture that shows it.",
        "sightings": "Captures that show it.",
        "pages": "Pages that show it.",
    },
    "suggestion": {
        "organisation_id": "One organisation.",
        "other_id": "The other.",
        "reason": "spelling (written alike), initials (one may be short for the other), same logo (one picture).",
        "score": "How alike, of 100; empty where that is not measured.",
        "name": "The name of the one by which it is.",
        "other_name": "The name of the other.",
    },
}

VIEWS: dict[str, str] = {
    "curated": "Each fact on each capture of a page, as it is after decisions: standing says reviewed or rejected,"
    " decided_by which decisions.",
    "review": "What a person is asked: facts that are not sure, and organisations that may be one; `bewaar curate`"
    " goes through them.",
    "decided": "Each decision and its standing: in force, withdrawn, overruled by others, or without target.",
}

#: what a column of these views means, where that is not what the fact's or the capture's column does
VIEW_COLUMNS: dict[str, dict[str, str]] = {
    "curated": {
        "site_id": _SITE,
        "page_key": "The page.",
        "role": _ROLE,
        "captured_at": "When it was captured, UTC.",
        "standing": "confirmed or candidate, as it was read; reviewed or rejected, as somebody decided.",
        "position": "Its place in the list, counted from 0.",
        "part": "0; of a fact that names several organisations which of them, counted from 0.",
        "name": "The organisation's name, or what is listed.",
        "kind": "Its kind, after decisions.",
        "value": "Its value, after decisions.",
        "year": "Its year, after decisions.",
        "raw": "As it stands on the page.",
        "href": "URL it links to.",
        "logo_url": "URL of its image.",
        "organisation_id": "Its organisation, after decisions.",
        "decided_by": "Ids of the overrides that made it so; empty where it is as it was read.",
        "crawl_id": "The crawl.",
        "url": "URL it was captured at.",
        "fact_id": "The fact as it was read.",
        "capture_id": "The capture.",
    },
    "review": {
        "kind": "unnamed logo, compound, candidate, low confidence; or alias: two organisations that may be one.",
        "what": "The fact's value, or a name of the one organisation.",
        "other": "The name of the other.",
        "why": "Why it is asked.",
        "confidence": "How sure the rule is of the fact, 0 to 1; how alike the names are.",
        "role": _ROLE,
        "sightings": "Captures that show the fact; of an organisation pages and crawls that list it.",
        "other_sightings": "The same of the other.",
        "pages": "Pages that show the fact.",
        "site_id": _SITE,
        "raw": "As it stands on the page: what an override names it by.",
        "quote": "The words on the page.",
        "url": "URL it was last captured at.",
        "captured_at": "When that was, UTC.",
        "page_key": "The page.",
        "organisation_id": "Its organisation, where one is known.",
        "other_id": "The other organisation.",
        "other_capture_id": "Last capture that lists the other.",
        "capture_id": "Last capture that shows it.",
        "fact_id": "The fact.",
    },
    "decided": {
        "made_at": "When it was decided.",
        "action": "alias, distinct, override, undo, takedown or embargo.",
        "scope": "What it is about.",
        "value": "What that shall be.",
        "standing": "in force; withdrawn by a later line; overruled by others that hold before it; without target: what"
        " it names no longer stands anywhere.",
        "facts": "Facts it is about, each wording of a list once.",
        "by_id": "The later line that withdrew it.",
        "who": "Who decided.",
        "why": "Why.",
        "decision_id": "The decision.",
    },
}
