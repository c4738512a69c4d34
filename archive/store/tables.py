"""The tables, as data definition and in words. ``docs/schema.md`` and Datasette's column help are made of both.

Three layers: evidence (filled from WARC records alone), extraction (what was read off the records) and timelines
(derived from both, per site). Beside them the decisions people took, and the search index.

Times: ``*_at`` and the bounds of timelines are UTC, ``YYYY-MM-DDTHH:MM:SSZ``; ``warc_date`` is WARC-Date verbatim.
Integer ids are this file's own: what is public are site ids, crawl ids, organisation keys, record ids and page keys.
"""

from __future__ import annotations

from archive.store.style_tables import STYLES

#: Run once, by the first migration. A later change is another migration, never an edit here.
FIRST_SCHEMA: tuple[str, ...] = (
    # --- evidence
    """CREATE TABLE organisation (
      id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT""",
    """CREATE TABLE site (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, home TEXT, organisation_key TEXT,
      organisation_id TEXT REFERENCES organisation(id), title TEXT, description TEXT, rights TEXT) STRICT""",
    """CREATE TABLE crawl (
      id TEXT PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), started_at TEXT NOT NULL, finished_at TEXT,
      status TEXT NOT NULL
        CHECK (status IN ('running', 'finished', 'limited', 'interrupted', 'failed', 'imported')),
      software TEXT NOT NULL, operator TEXT, profile_digest TEXT) STRICT""",
    "CREATE INDEX crawl_site ON crawl(site_id, started_at)",
    """CREATE TABLE warc (
      id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, sha256 TEXT, size INTEGER,
      sealed INTEGER NOT NULL DEFAULT 0) STRICT""",
    "CREATE INDEX warc_sha256 ON warc(sha256)",
    """CREATE TABLE resource (
      id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, urlkey TEXT NOT NULL, host TEXT NOT NULL,
      site_id TEXT REFERENCES site(id), page_key TEXT, kind TEXT NOT NULL DEFAULT 'unknown', title TEXT) STRICT""",
    "CREATE INDEX resource_urlkey ON resource(urlkey)",
    "CREATE INDEX resource_page ON resource(site_id, page_key)",
    """CREATE TABLE payload (
      id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, mime TEXT,
      width INTEGER, height INTEGER) STRICT""",
    """CREATE TABLE page_version (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), page_key TEXT NOT NULL,
      digest TEXT NOT NULL, title TEXT, text TEXT NOT NULL, lang TEXT, words INTEGER NOT NULL,
      UNIQUE (site_id, page_key, digest)) STRICT""",
    """CREATE TABLE capture (
      id INTEGER PRIMARY KEY, record_id TEXT NOT NULL, crawl_id TEXT NOT NULL REFERENCES crawl(id),
      resource_id INTEGER NOT NULL REFERENCES resource(id), page_key TEXT, warc_date TEXT NOT NULL,
      captured_at TEXT NOT NULL, status INTEGER, mime TEXT,
      record_type TEXT NOT NULL CHECK (record_type IN ('response', 'revisit', 'resource', 'failure')),
      truncated TEXT, error TEXT, redirect_to TEXT, payload_id INTEGER REFERENCES payload(id), declared_digest TEXT,
      refers_to TEXT, refers_to_url TEXT, refers_to_date TEXT, original_id INTEGER REFERENCES capture(id),
      via TEXT, hops TEXT, was_read INTEGER NOT NULL, page_version_id INTEGER REFERENCES page_version(id),
      warc_id INTEGER NOT NULL REFERENCES warc(id), warc_offset INTEGER NOT NULL, warc_length INTEGER NOT NULL,
      UNIQUE (warc_id, warc_offset)) STRICT""",
    "CREATE INDEX capture_record ON capture(record_id)",
    "CREATE INDEX capture_resource ON capture(resource_id, captured_at)",
    "CREATE INDEX capture_crawl ON capture(crawl_id, page_key)",
    "CREATE INDEX capture_at ON capture(captured_at)",
    "CREATE INDEX capture_status ON capture(status)",
    "CREATE INDEX capture_mime ON capture(mime)",
    "CREATE INDEX capture_payload ON capture(payload_id)",
    "CREATE INDEX capture_version ON capture(page_version_id)",
    "CREATE INDEX capture_original ON capture(original_id) WHERE original_id IS NOT NULL",
    "CREATE INDEX capture_refers_to ON capture(refers_to) WHERE record_type = 'revisit'",
    "CREATE INDEX capture_refers_url ON capture(refers_to_url) WHERE record_type = 'revisit'",
    # --- extraction
    """CREATE TABLE section_version (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), role TEXT NOT NULL, digest TEXT NOT NULL,
      UNIQUE (site_id, role, digest)) STRICT""",
    """CREATE TABLE fact (
      id INTEGER PRIMARY KEY, section_version_id INTEGER NOT NULL REFERENCES section_version(id),
      position INTEGER NOT NULL, kind TEXT, raw TEXT NOT NULL, value TEXT NOT NULL, organisation_key TEXT,
      organisation_id TEXT REFERENCES organisation(id), beneficiary_key TEXT,
      beneficiary_id TEXT REFERENCES organisation(id), year INTEGER, href TEXT, logo_url TEXT, name_source TEXT,
      tier TEXT NOT NULL CHECK (tier IN ('confirmed', 'candidate')), confidence REAL NOT NULL, rule TEXT NOT NULL,
      extra TEXT, UNIQUE (section_version_id, position)) STRICT""",
    "CREATE INDEX fact_organisation ON fact(organisation_id)",
    "CREATE INDEX fact_beneficiary ON fact(beneficiary_id)",
    """CREATE TABLE observation (
      id INTEGER PRIMARY KEY, capture_id INTEGER NOT NULL REFERENCES capture(id), role TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('found', 'empty', 'absent', 'failed')),
      section_version_id INTEGER REFERENCES section_version(id), UNIQUE (capture_id, role)) STRICT""",
    "CREATE INDEX observation_section ON observation(section_version_id)",
    """CREATE TABLE evidence (
      observation_id INTEGER NOT NULL REFERENCES observation(id), fact_id INTEGER NOT NULL REFERENCES fact(id),
      quote TEXT NOT NULL, byte_start INTEGER NOT NULL, byte_end INTEGER NOT NULL, xpath TEXT,
      PRIMARY KEY (observation_id, fact_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX evidence_fact ON evidence(fact_id)",
    """CREATE TABLE link (
      source_version_id INTEGER NOT NULL REFERENCES page_version(id), target_url TEXT NOT NULL, hop TEXT NOT NULL,
      context TEXT NOT NULL, anchor TEXT,
      PRIMARY KEY (source_version_id, target_url, hop, context)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX link_target ON link(target_url)",
    """CREATE TABLE resource_link (
      source_id INTEGER NOT NULL REFERENCES resource(id), target_url TEXT NOT NULL, hop TEXT NOT NULL,
      context TEXT NOT NULL, anchor TEXT,
      PRIMARY KEY (source_id, target_url, hop, context)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX resource_link_target ON resource_link(target_url)",
    """CREATE TABLE problem (
      id INTEGER PRIMARY KEY, crawl_id TEXT NOT NULL REFERENCES crawl(id),
      capture_id INTEGER REFERENCES capture(id), url TEXT, what TEXT NOT NULL, detail TEXT) STRICT""",
    "CREATE INDEX problem_crawl ON problem(crawl_id, what)",
    "CREATE INDEX problem_capture ON problem(capture_id)",
    """CREATE TABLE profile_name (
      site_id TEXT NOT NULL REFERENCES site(id), organisation_key TEXT NOT NULL, name TEXT NOT NULL,
      PRIMARY KEY (site_id, organisation_key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE organisation_alias (
      organisation_id TEXT NOT NULL REFERENCES organisation(id), alias TEXT NOT NULL,
      source TEXT NOT NULL CHECK (source IN ('page', 'decision')), sightings INTEGER NOT NULL,
      PRIMARY KEY (organisation_id, alias)) STRICT, WITHOUT ROWID""",
    # --- timelines
    """CREATE TABLE presence (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), page_key TEXT NOT NULL, role TEXT NOT NULL,
      subject TEXT NOT NULL, value TEXT NOT NULL, organisation_id TEXT REFERENCES organisation(id),
      beneficiary_id TEXT REFERENCES organisation(id), fact_id INTEGER NOT NULL REFERENCES fact(id),
      state TEXT NOT NULL CHECK (state IN ('current', 'ended', 'unknown')), absent_before TEXT,
      first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, gone_by TEXT, sightings INTEGER NOT NULL,
      absent_capture_id INTEGER REFERENCES capture(id), first_capture_id INTEGER NOT NULL REFERENCES capture(id),
      last_capture_id INTEGER NOT NULL REFERENCES capture(id), gone_capture_id INTEGER REFERENCES capture(id),
      UNIQUE (site_id, page_key, role, subject, first_capture_id)) STRICT""",
    "CREATE INDEX presence_subject ON presence(site_id, role, subject)",
    "CREATE INDEX presence_role ON presence(role, state)",
    "CREATE INDEX presence_organisation ON presence(organisation_id, role)",
    "CREATE INDEX presence_beneficiary ON presence(beneficiary_id)",
    """CREATE TABLE logo (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), page_key TEXT NOT NULL, role TEXT NOT NULL,
      subject TEXT NOT NULL, organisation_id TEXT REFERENCES organisation(id),
      payload_id INTEGER NOT NULL REFERENCES payload(id), capture_id INTEGER NOT NULL REFERENCES capture(id),
      last_capture_id INTEGER NOT NULL REFERENCES capture(id), first_seen TEXT NOT NULL, last_seen TEXT NOT NULL
      ) STRICT""",
    "CREATE INDEX logo_subject ON logo(site_id, role, subject)",
    "CREATE INDEX logo_organisation ON logo(organisation_id)",
    "CREATE INDEX logo_payload ON logo(payload_id)",
    """CREATE TABLE change (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), crawl_id TEXT NOT NULL REFERENCES crawl(id),
      page_key TEXT NOT NULL, role TEXT,
      kind TEXT NOT NULL CHECK (kind IN ('first listed', 'no longer listed', 'listed again', 'reworded',
        'logo replaced', 'section vanished', 'page broke', 'page repaired', 'text edited')),
      subject TEXT NOT NULL, organisation_id TEXT REFERENCES organisation(id), before TEXT, after TEXT,
      changed_after TEXT NOT NULL, changed_by TEXT NOT NULL,
      before_capture_id INTEGER NOT NULL REFERENCES capture(id),
      after_capture_id INTEGER NOT NULL REFERENCES capture(id)) STRICT""",
    "CREATE INDEX change_crawl ON change(crawl_id, role, kind)",
    "CREATE INDEX change_site ON change(site_id, changed_by)",
    "CREATE INDEX change_organisation ON change(organisation_id)",
    # --- decisions
    """CREATE TABLE decision (
      id TEXT PRIMARY KEY, made_at TEXT NOT NULL, who TEXT NOT NULL, why TEXT, action TEXT NOT NULL,
      scope TEXT NOT NULL, value TEXT) STRICT""",
    """CREATE TABLE event (
      id TEXT PRIMARY KEY, at TEXT NOT NULL, type TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL,
      detail TEXT) STRICT""",
    # --- search. content="..." with double quotes, or Datasette does not see that the index belongs to the table.
    """CREATE VIRTUAL TABLE page_version_fts USING fts5(title, text, content="page_version", content_rowid="id",
      tokenize="unicode61 remove_diacritics 2", prefix='2 3')""",
    'CREATE VIRTUAL TABLE name_trigram USING fts5(kind UNINDEXED, ref UNINDEXED, folded, tokenize="trigram")',
)

#: what logos look like, and the files of each
PICTURES: tuple[str, ...] = (
    "ALTER TABLE payload ADD COLUMN media_type TEXT",
    "ALTER TABLE payload ADD COLUMN phash TEXT",
    """ALTER TABLE payload ADD COLUMN look TEXT
      CHECK (look IN ('seen', 'blank', 'drawing', 'other', 'no picture', 'damaged', 'too large'))""",
    "CREATE INDEX payload_look ON payload(look) WHERE look IS NOT NULL",
    """CREATE TABLE picture (
      site_id TEXT NOT NULL REFERENCES site(id), url TEXT NOT NULL, payload_id INTEGER NOT NULL REFERENCES payload(id),
      PRIMARY KEY (site_id, url, payload_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX picture_payload ON picture(payload_id)",
    """CREATE TABLE alike (
      payload_id INTEGER NOT NULL REFERENCES payload(id), other_id INTEGER NOT NULL REFERENCES payload(id),
      distance INTEGER NOT NULL, PRIMARY KEY (payload_id, other_id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE logo_file (
      logo_id INTEGER NOT NULL REFERENCES logo(id), payload_id INTEGER NOT NULL REFERENCES payload(id),
      capture_id INTEGER NOT NULL REFERENCES capture(id), last_capture_id INTEGER NOT NULL REFERENCES capture(id),
      first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
      PRIMARY KEY (logo_id, capture_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX logo_file_payload ON logo_file(payload_id)",
)

#: Run once, by a migration of its own. What stands in rows that are there, nobody knows.
EXTRACTOR_VERSION = "ALTER TABLE observation ADD COLUMN extractor_version INTEGER NOT NULL DEFAULT 0"

#: Run once, by a migration of its own.
DRIFT: tuple[str, ...] = (
    """CREATE TABLE drift (
      id INTEGER PRIMARY KEY, site_id TEXT NOT NULL REFERENCES site(id), crawl_id TEXT NOT NULL REFERENCES crawl(id),
      page_key TEXT NOT NULL, role TEXT,
      kind TEXT NOT NULL CHECK (kind IN ('section vanished', 'count dropped', 'selectors find nothing',
        'expected count missed', 'names from files only', 'all facts changed', 'as before')),
      said TEXT NOT NULL, before_count INTEGER NOT NULL, after_count INTEGER NOT NULL, expected_count INTEGER,
      similarity REAL NOT NULL, quotes_still INTEGER, repaired_crawl_id TEXT REFERENCES crawl(id),
      before_capture_id INTEGER NOT NULL REFERENCES capture(id), before_start INTEGER, before_end INTEGER,
      before_fragment TEXT, after_capture_id INTEGER NOT NULL REFERENCES capture(id), after_start INTEGER,
      after_end INTEGER, after_fragment TEXT) STRICT""",
    # One row for one section of one page in one crawl; NULLs would be distinct.
    "CREATE UNIQUE INDEX drift_of ON drift(site_id, crawl_id, page_key, coalesce(role, ''))",
    "CREATE INDEX drift_crawl ON drift(crawl_id)",
)

#: What people decided takes effect, and what they are asked.
CURATION: tuple[str, ...] = (
    "ALTER TABLE presence ADD COLUMN kind TEXT",
    "ALTER TABLE presence ADD COLUMN year INTEGER",
    "ALTER TABLE presence ADD COLUMN decided_by TEXT",
    """UPDATE presence SET kind = (SELECT kind FROM fact WHERE id = fact_id),
      year = (SELECT year FROM fact WHERE id = fact_id)""",
    # The line that took a decision back may have been made in a file that is gone: no foreign keys here.
    "CREATE TABLE withdrawn (decision_id TEXT PRIMARY KEY, by_id TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE decision_use (
      decision_id TEXT NOT NULL, site_id TEXT NOT NULL REFERENCES site(id), matched INTEGER NOT NULL,
      effective INTEGER NOT NULL, PRIMARY KEY (decision_id, site_id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE correction (
      fact_id INTEGER NOT NULL REFERENCES fact(id), page_key TEXT NOT NULL, part INTEGER NOT NULL,
      site_id TEXT NOT NULL REFERENCES site(id),
      verdict TEXT NOT NULL CHECK (verdict IN ('reviewed', 'rejected')), value TEXT NOT NULL, kind TEXT, year INTEGER,
      organisation_id TEXT REFERENCES organisation(id), decided_by TEXT NOT NULL,
      PRIMARY KEY (fact_id, page_key, part)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX correction_site ON correction(site_id)",
    "CREATE INDEX correction_organisation ON correction(organisation_id)",
    """CREATE TABLE suggestion (
      organisation_id TEXT NOT NULL REFERENCES organisation(id), other_id TEXT NOT NULL REFERENCES organisation(id),
      reason TEXT NOT NULL, score REAL, name TEXT NOT NULL, other_name TEXT NOT NULL,
      PRIMARY KEY (organisation_id, other_id, reason), CHECK (organisation_id < other_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX suggestion_other ON suggestion(other_id)",
    """CREATE TABLE doubt (
      site_id TEXT NOT NULL REFERENCES site(id), role TEXT NOT NULL, folded TEXT NOT NULL,
      reason TEXT NOT NULL CHECK (reason IN ('unnamed logo', 'compound', 'candidate', 'low confidence')),
      fact_id INTEGER NOT NULL REFERENCES fact(id), observation_id INTEGER NOT NULL REFERENCES observation(id),
      capture_id INTEGER NOT NULL REFERENCES capture(id), sightings INTEGER NOT NULL, pages INTEGER NOT NULL,
      PRIMARY KEY (site_id, role, folded)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX doubt_fact ON doubt(fact_id)",
)

#: One record may lie in two files of others.
COPIES: tuple[str, ...] = (
    "ALTER TABLE capture ADD COLUMN copy_of_id INTEGER REFERENCES capture(id)",
    "CREATE INDEX capture_copy ON capture(copy_of_id) WHERE copy_of_id IS NOT NULL",
)

#: What a crawl report is made of.
REPORTS: tuple[str, ...] = (
    """CREATE TABLE url_list (
      id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('needs', 'sitemap')),
      urls TEXT NOT NULL) STRICT""",
    "ALTER TABLE capture ADD COLUMN url_list_id INTEGER REFERENCES url_list(id)",
    "ALTER TABLE capture ADD COLUMN fetch_ms INTEGER",
    """CREATE TABLE closing (
      crawl_id TEXT NOT NULL REFERENCES crawl(id), finished_at TEXT NOT NULL, digest TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('crawl', 'patch')), report TEXT NOT NULL,
      PRIMARY KEY (crawl_id, finished_at, digest)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE expectation (
      site_id TEXT NOT NULL REFERENCES site(id), role TEXT NOT NULL, facts INTEGER NOT NULL,
      PRIMARY KEY (site_id, role)) STRICT, WITHOUT ROWID""",
)

#: Run once, by a migration of its own. Of rows that are there, nothing was had from another archive.
SOURCE = "ALTER TABLE capture ADD COLUMN source_url TEXT"

#: What tombstones tell of the records that stood there.
ERASED: tuple[str, ...] = (
    """CREATE TABLE erased (
      warc_id INTEGER NOT NULL REFERENCES warc(id), record_id TEXT NOT NULL, record_type TEXT NOT NULL,
      warc_date TEXT NOT NULL, url TEXT, urlkey TEXT, payload_digest TEXT, block_digest TEXT, erased_at TEXT NOT NULL,
      reason TEXT NOT NULL, who TEXT NOT NULL, order_reference TEXT, erasure_id TEXT NOT NULL,
      PRIMARY KEY (warc_id, record_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX erased_record ON erased(record_id)",
    "CREATE INDEX erased_url ON erased(urlkey) WHERE urlkey IS NOT NULL",
)

#: What profiles say of sites, in the elements of Dublin Core; and who allowed them to be kept.
DESCRIBED: tuple[str, ...] = (
    *(
        f"ALTER TABLE site ADD COLUMN {element} TEXT"
        for element in ("creator", "publisher", "language", "coverage", "subject", "identifier", "licence")
    ),
    """CREATE TABLE permission (
      site_id TEXT NOT NULL REFERENCES site(id), number INTEGER NOT NULL, given_by TEXT NOT NULL,
      given_on TEXT NOT NULL, reference TEXT, scope TEXT, note TEXT,
      PRIMARY KEY (site_id, number)) STRICT, WITHOUT ROWID""",
)

EVERY_STATEMENT = (
    *(*FIRST_SCHEMA, *PICTURES, EXTRACTOR_VERSION, *DRIFT, *CURATION, *COPIES, *REPORTS, SOURCE),
    *(*ERASED, *DESCRIBED, *STYLES),
)
