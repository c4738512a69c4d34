"""The words for what happens to an archive: the controlled vocabulary of PREMIS (Library of Congress, preservation
events), so that others' programs know them. An event of another word is read, for older files may have some, and not
written.
"""

from __future__ import annotations

#: how the vocabulary is named where a word of it stands
AUTHORITY = "eventType"
AUTHORITY_URI = "http://id.loc.gov/vocabulary/preservation/eventType"

EVENT_TYPES = frozenset({
    "accession", "appraisal", "capture", "compression", "creation", "deaccession", "decompression", "decryption",
    "deletion", "digital signature generation", "digital signature validation", "dissemination", "encryption",
    "execution", "exporting", "extraction", "filename change", "fixity check", "forensic feature analysis", "imaging",
    "information package creation", "information package merging", "information package splitting", "ingestion",
    "ingestion end", "ingestion start", "message digest calculation", "metadata extraction", "metadata modification",
    "migration", "modification", "normalization", "packing", "policy assignment", "quarantine", "recovery", "redaction",
    "refreshment", "replication", "transfer", "unpacking", "unquarantine", "validation", "virus check",
})  # fmt: skip
