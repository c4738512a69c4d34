"""Questions people ask of the database, each with its SQL: Datasette's canned queries, and the examples of the docs."""

from __future__ import annotations

from dataclasses import dataclass

from archive import times


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    asks: str
    sql: str
    #: values that answer it in an example; also what a form shows at first
    parameters: tuple[tuple[str, str], ...] = ()


#: whether ``:date`` is a day: SQLite takes 2026-02-30 for one too, and a lone number for a day since -4713
IS_DAY = "date(:date, '+0 days') = substr(:date, 1, 10)"


#: whether a capture tells of a time at all
IS_DATED = f"captured_at >= '{times.FIRST_CAPTURE[:4]}'"


def _listed_on(view: str, also: str = "") -> str:
    """What lists showed on a day, and how sure that is: of a day between two captures nobody can know. A list that was
    there on the day without it says that it was not listed.
    """
    return f"""SELECT v.name, {also}
  CASE WHEN v.first_seen >= date(:date, '+1 day') THEN 'not listed before, listed after'
  WHEN v.last_seen >= date(:date) THEN 'listed' WHEN v.gone_by IS NOT NULL THEN 'listed before, not after'
  WHEN v.state = 'current' THEN 'listed when last looked' ELSE 'listed before, unknown after' END AS certainty,
  v.absent_before, v.first_seen, v.last_seen, v.gone_by, v.page_key, v.site_id
FROM {view} v
WHERE {IS_DAY} AND (v.first_seen < date(:date, '+1 day')
    AND (v.last_seen >= date(:date) OR v.gone_by IS NULL OR v.gone_by >= date(:date, '+1 day'))
  OR v.first_seen >= date(:date, '+1 day') AND v.absent_before < date(:date))
ORDER BY v.site_id, certainty <> 'listed', v.name, v.first_seen"""


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
        f"""WITH latest AS (
  SELECT site_id, role, max(captured_at) AS captured_at
  FROM shown
  WHERE {IS_DAY} AND page_key = :page_key AND captured_at < date(:date, '+1 day') AND {IS_DATED} AND state <> 'failed'
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
        "changes_by_crawl",
        "What did each crawl show changed? Texts edited on more than five pages at once are one line.",
        """WITH told AS (
  SELECT *, iif(kind = 'text edited', count(*) OVER (PARTITION BY crawl_id, kind), 1) AS at_once FROM change
)
SELECT t.crawl_id, t.kind, t.role, t.page_key, t.subject, t.before, t.after, t.changed_after, t.changed_by,
  1 AS changes, t.site_id
FROM told t
WHERE t.at_once <= 5
UNION ALL
SELECT t.crawl_id, t.kind, NULL, NULL, t.at_once || ' pages', NULL, NULL, min(t.changed_after), max(t.changed_by),
  t.at_once, t.site_id
FROM told t
WHERE t.at_once > 5
GROUP BY t.crawl_id
ORDER BY 9 DESC, 1, 2, 3, 5""",
    ),
    Question(
        "current_sponsors",
        "Who is shown as sponsor now, of whom, and where did the name come from?",
        """SELECT name, beneficiary, name_source, first_seen, last_seen, href, logo_url
FROM current_sponsor
ORDER BY name""",
    ),
    Question(
        "members_on",
        "Who was listed as member on a date? With how sure that is, and the captures on either side.",
        _listed_on("member", "v.kind, "),
        (("date", "2026-01-02"),),
    ),
    Question(
        "sponsors_on",
        "Who was shown as sponsor on a date, and of whom?",
        _listed_on("sponsor", "v.beneficiary, "),
        (("date", "2026-01-02"),),
    ),
    Question(
        "goals_on",
        "Which goals were listed on a date, in which words?",
        _listed_on("goal", "v.kind, "),
        (("date", "2026-01-02"),),
    ),
    Question(
        "broken_links",
        "Which links lead nowhere now, on which page, and when did they last work?",
        """SELECT site_id, coalesce(page_key, source_url) AS stands_on, title, target_url, target_status, target_error,
  failed_at, last_good_at, anchor, context
FROM broken_link
ORDER BY site_id, target_url, stands_on""",
    ),
    Question(
        "disappeared_documents",
        "Which documents were kept once and are gone, and when were they last there?",
        """SELECT site_id, url, state, first_seen, last_seen, gone_by, status, error, mime, size
FROM disappeared_document
ORDER BY site_id, state, last_seen DESC, url""",
    ),
    Question(
        "proof_of_a_name",
        "Where does a name stand: WARC file, offset, digest and the words around it?",
        """SELECT value, role, quote, captured_at, url, warc, warc_offset, warc_length, payload_digest, byte_start,
  byte_end
FROM fact_source
WHERE fact_id IN (SELECT id FROM fact WHERE value LIKE '%' || :name || '%')
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
