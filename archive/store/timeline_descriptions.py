"""What `archive.store.descriptions` says of the tables that are derived per site."""

from __future__ import annotations

_SITE = "The site."
_ROLE = "The kind of section, such as member, goal, sponsor."
_PAGE_KEY = "Says which captures are the same page, whatever their URL; the site's profile makes it."
_ORGANISATION = "The organisation, aliases applied; empty where nobody knows it."
_SUBJECT = (
    "What is listed: an organisation's id; where it is unknown its folded name or text; of a logo that nothing names"
    " its first file's digest."
)

COLUMNS: dict[str, dict[str, str]] = {
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
        "kind": "As the fact has it, or a decision.",
        "year": "As the fact has it, or a decision.",
        "decided_by": "Ids of the decisions that made it what it is; empty where it is as it was read.",
    },
    "logo": {
        "id": "Number in this database.",
        "site_id": _SITE,
        "page_key": "The page it stands on.",
        "role": _ROLE,
        "subject": _SUBJECT,
        "organisation_id": _ORGANISATION,
        "payload_id": "Its first file's bytes.",
        "capture_id": "First capture of the picture.",
        "last_capture_id": "Last capture of the picture.",
        "first_seen": "When it was first captured.",
        "last_seen": "When it was last captured.",
    },
    "logo_file": {
        "logo_id": "The logo.",
        "payload_id": "The file's bytes.",
        "capture_id": "First capture of the file.",
        "last_capture_id": "Last capture of the file.",
        "first_seen": "When it was first captured.",
        "last_seen": "When it was last captured.",
    },
    "picture": {
        "site_id": _SITE,
        "url": "URL of the logo as a fact has it; redirects are followed.",
        "payload_id": "The bytes that some crawl captured there.",
    },
    "alike": {
        "payload_id": "The one.",
        "other_id": "The other.",
        "distance": "Bits in which their hashes differ.",
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
    "drift": {
        "id": "Number in this database; a row is known by crawl, page and role.",
        "site_id": _SITE,
        "crawl_id": "The crawl that showed it.",
        "page_key": _PAGE_KEY,
        "role": "The kind of section, such as member; empty for the page as a whole.",
        "kind": "section vanished, count dropped, selectors find nothing (where general rules find some), expected "
        "count missed (the profile's), names from files only, all facts changed; or as before.",
        "said": "The line of the crawl's report.",
        "before_count": "Facts, without candidates, in the crawl before that showed the page.",
        "after_count": "Facts, without candidates, in this one.",
        "expected_count": "How many the profile expects.",
        "similarity": "From 0 to 1: what both have, of what either has; of a page the mean over the kinds of fact.",
        "quotes_still": "Of the quotes of before, how many stand anywhere on the page now.",
        "repaired_crawl_id": "The crawl that showed it as before again; empty while none did.",
        "before_capture_id": "The capture that shows how it was.",
        "before_start": "First byte of the fragment in that capture's body, Content-Encoding undone.",
        "before_end": "The byte after it.",
        "before_fragment": "The source of the page where the section stood.",
        "after_capture_id": "The capture that shows how it is now.",
        "after_start": "First byte of the fragment in that capture's body.",
        "after_end": "The byte after it.",
        "after_fragment": "The source of the page where its names stand now, or what stands in its place.",
    },
}
