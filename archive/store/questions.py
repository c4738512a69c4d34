"""Questions people ask of the database, each with its SQL: Datasette's canned queries, and the examples of the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    asks: str
    sql: str
    #: values that answer it in an example; also what a form shows at first
    parameters: tuple[tuple[str, str], ...] = ()


QUESTIONS: tuple[Question, ...] = (
    Question(
        "current_members",
        "Who is listed as member now, and since when?",
        """SELECT name, kind, first_seen, absent_before, last_seen, sightings
FROM current_member
ORDER BY name""",
    ),
    Question(
        "page_on_date",
        "What did a page list on a date? Each section as the last capture before the end of that day showed it.",
        """WITH latest AS (
  SELECT site_id, role, max(captured_at) AS captured_at
  FROM shown
  WHERE page_key = :page_key AND captured_at < date(:date, '+1 day') AND state <> 'failed'
  GROUP BY site_id, role
)
SELECT l.role, l.name, l.kind, l.year, l.tier, l.captured_at, l.url, l.site_id
FROM listed l JOIN latest USING (site_id, role, captured_at)
WHERE l.page_key = :page_key AND l.fact_id IS NOT NULL
ORDER BY l.site_id, l.role, l.url, l.position""",
        (("page_key", "home"), ("date", "2026-01-02")),
    ),
    Question(
        "changes_of_an_organisation",
        "What changed for an organisation, between which two captures?",
        """SELECT c.kind, c.role, c.changed_after, c.changed_by, c.page_key, b.record_id AS before_record,
  a.record_id AS after_record
FROM change c JOIN capture b ON b.id = c.before_capture_id JOIN capture a ON a.id = c.after_capture_id
WHERE c.organisation_id = :organisation
ORDER BY c.changed_by""",
        (("organisation", "plan-nederland"),),
    ),
    Question(
        "current_sponsors",
        "Who is shown as sponsor now, of whom, and where did the name come from?",
        """SELECT name, beneficiary, name_source, first_seen, last_seen, href, logo_url
FROM current_sponsor
ORDER BY name""",
    ),
    Question(
        "proof_of_a_name",
        "Where does a name stand: WARC file, offset, digest and the words around it?",
        """SELECT value, role, quote, captured_at, url, warc, warc_offset, warc_length, payload_digest, byte_start,
  byte_end
FROM fact_source
WHERE value LIKE '%' || :name || '%'
ORDER BY captured_at DESC
LIMIT 100""",
        (("name", "Plan"),),
    ),
)

#: those that docs/schema.md shows
EXAMPLES = ("current_members", "page_on_date", "changes_of_an_organisation")


def examples_markdown() -> str:
    """The generated examples of ``docs/schema.md``."""
    lines: list[str] = []
    for question in QUESTIONS:
        if question.name in EXAMPLES:
            lines += [question.asks, "", "```sql", question.sql, "```", ""]
    return "\n".join(lines)
