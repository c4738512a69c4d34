"""The tables of linked style sheets, as data definition and in words (`archive.store.tables` has the others)."""

from __future__ import annotations

#: What pages leave to linked style sheets, and what these make of it.
STYLES: tuple[str, ...] = (
    """CREATE TABLE style (
      id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('page', 'sheet')),
      sheets TEXT NOT NULL, said TEXT NOT NULL) STRICT""",
    "ALTER TABLE capture ADD COLUMN style_id INTEGER REFERENCES style(id)",
    "CREATE INDEX capture_style ON capture(style_id) WHERE style_id IS NOT NULL",
    "ALTER TABLE observation ADD COLUMN read_state TEXT",
    "ALTER TABLE observation ADD COLUMN read_version_id INTEGER REFERENCES section_version(id)",
    "ALTER TABLE observation ADD COLUMN sheets_missing INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX observation_read ON observation(read_version_id) WHERE read_version_id IS NOT NULL",
    """CREATE TABLE style_evidence (
      observation_id INTEGER NOT NULL REFERENCES observation(id), fact_id INTEGER NOT NULL REFERENCES fact(id),
      capture_id INTEGER NOT NULL REFERENCES capture(id), quote TEXT NOT NULL, byte_start INTEGER NOT NULL,
      byte_end INTEGER NOT NULL, PRIMARY KEY (observation_id, fact_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX style_evidence_fact ON style_evidence(fact_id)",
    "CREATE INDEX style_evidence_capture ON style_evidence(capture_id)",
)

TABLES = {
    "style": "What a page leaves to its linked style sheets to show, or what a style sheet would show: each once. For"
    " deriving; it is not in databases that are served.",
    "style_evidence": "Where the style sheet's rule stands that shows a fact, beside where its element stands"
    " (evidence).",
}
COLUMNS: dict[str, dict[str, str]] = {
    "style": {
        "id": "Number in this database.",
        "digest": "sha256 of the rest.",
        "kind": "page, or sheet.",
        "sheets": "JSON array of the style sheets it names, in their order: address, and whether only some screens"
        " apply it.",
        "said": "JSON: of a page, elements that a background would make logos; of a sheet, rules that give one.",
    },
    "style_evidence": {
        "observation_id": "The observation, and through it the capture of the page.",
        "fact_id": "The fact.",
        "capture_id": "The capture of the style sheet.",
        "quote": "The rule.",
        "byte_start": "First byte of the rule in the style sheet, Content-Encoding undone.",
        "byte_end": "The byte after it.",
    },
}
#: columns of ``capture`` and of ``observation``
OF_CAPTURE = {
    "style_id": "What style sheets may show of it, or what it shows as one; empty for all else, and for a revisit of"
    " the same URL, which has its original's.",
}
OF_OBSERVATION = {
    "read_state": "What the page said by itself, where its style sheets say more; empty where they do not.",
    "read_version_id": "What was found on the page by itself, where its style sheets show more.",
    "sheets_missing": "1 where a style sheet that may show more was not kept whole in that crawl: what the section"
    " lacks proves nothing then.",
}

VIEWS = {
    "style_source": "Each fact that a linked style sheet shows, with the rule that does: quote, byte range, URL of the"
    " sheet, WARC file, offset, length, digest.",
}
VIEW_COLUMNS = {
    "style_source": {
        "quote": "The rule.",
        "byte_start": "First byte of the rule in the style sheet, Content-Encoding undone.",
        "url": "The style sheet's.",
        "captured_at": "When the style sheet was captured.",
        "record_id": "The style sheet's record.",
        "capture_id": "The capture of the page.",
        "sheet_capture_id": "The capture of the style sheet.",
    },
}
