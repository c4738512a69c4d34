"""The questions an analyst asks, ready to run: each is offered where the views it needs are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from archive.browse import access
from archive.store import questions


@dataclass(frozen=True, slots=True)
class Question:
    title: str
    #: what it answers, and what to fill in
    says: str
    #: the tables and views it reads
    reads: tuple[str, ...]
    sql: str


_LOGO = """(SELECT c.record_id FROM logo l JOIN capture c ON c.id = l.capture_id
    WHERE l.site_id = s.site_id AND l.page_key = s.page_key AND l.subject = s.subject
    ORDER BY l.last_seen DESC, l.id DESC LIMIT 1)"""

#: the last moment of a day that was filled in; of no day the end of time, and of what is no day nothing
_END = (
    f"CASE WHEN coalesce(:date, '') = '' THEN '9999-12-31' WHEN {questions.IS_DAY} THEN date(:date) END || 'T23:59:59Z'"
)

QUESTIONS: dict[str, Question] = {
    "current_members": Question(
        "Current members",
        "Who is listed as member on the newest good capture, since when, and the captures that show it.",
        ("current_member", "capture"),
        """SELECT m.name, m.kind, m.first_seen AS first_listed, m.last_seen AS last_listed, m.absent_before, m.site_id,
  a.record_id AS first_record, b.record_id AS last_record
FROM current_member m JOIN capture a ON a.id = m.first_capture_id JOIN capture b ON b.id = m.last_capture_id
ORDER BY m.site_id, m.name COLLATE NOCASE""",
    ),
    "current_sponsors": Question(
        "Current sponsors",
        "Whose logo or name stands among the sponsors now, whom they support, and the logo as it was captured.",
        ("current_sponsor", "logo", "capture"),
        f"""SELECT {_LOGO} AS logo, s.name, s.beneficiary, s.name_source, s.first_seen AS first_listed,
  s.last_seen AS last_listed, s.href, s.site_id, b.record_id AS last_record
FROM current_sponsor s JOIN capture b ON b.id = s.last_capture_id
ORDER BY s.site_id, s.name COLLATE NOCASE""",
    ),
    "goals": Question(
        "Goals, and how long each wording stood",
        "Every goal and statement in every wording that was seen, from the first capture to the last that shows it.",
        ("goal", "fact", "capture"),
        """SELECT g.value AS goal, g.kind, g.state, g.first_seen AS first_listed, g.last_seen AS last_listed, g.gone_by,
  g.site_id, b.record_id AS last_record
FROM goal g JOIN fact f ON f.id = g.fact_id JOIN capture b ON b.id = g.last_capture_id
ORDER BY g.site_id, g.state, g.kind, f.position, g.value""",
    ),
    "listed_on": Question(
        "Who and what was listed on a date",
        "Fill in a date such as 2016-05-01, or nothing for the newest. 'seen' means captures before and after that day "
        "show it; 'between captures' means it was last seen before and found gone after.",
        ("presence", "organisation", "capture"),
        f"""WITH day AS (SELECT {_END} AS t)
SELECT p.role, coalesce(o.name, p.value) AS listed, CASE WHEN p.last_seen >= substr(day.t, 1, 10) THEN 'seen'
  WHEN p.gone_by IS NOT NULL THEN 'between captures' ELSE 'last seen before' END AS certainty,
  p.first_seen, p.last_seen, p.gone_by, p.site_id, b.record_id AS last_record
FROM day JOIN presence p ON p.first_seen <= day.t AND (p.gone_by IS NULL OR p.gone_by > day.t)
  JOIN capture b ON b.id = p.last_capture_id LEFT JOIN organisation o ON o.id = p.organisation_id
ORDER BY p.site_id, p.role, listed COLLATE NOCASE""",
    ),
    "every_page": Question(
        "Every page",
        "Each page whose text was read, with the key by which other questions know it, and its last version.",
        ("page_version", "capture"),
        """WITH page AS (
  SELECT site_id, page_key, count(*) AS versions, max(id) AS version FROM page_version
  WHERE text IS NOT NULL GROUP BY site_id, page_key)
SELECT v.title, page.page_key, page.versions, page.site_id, (SELECT c.record_id FROM capture c
    WHERE c.page_version_id = page.version ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) AS record
FROM page JOIN page_version v ON v.id = page.version
ORDER BY page.site_id, v.title COLLATE NOCASE, page.page_key""",
    ),
    "page_on": Question(
        "What a page said on a date",
        "Fill in a part of its address, and a date such as 2016-05-01 or nothing for the newest: the text of the last "
        "capture up to that day, whichever menu path it was found under.",
        ("capture", "resource", "page_version"),
        f"""WITH day AS (SELECT {_END} AS t), pages AS (
  SELECT v.site_id, v.page_key, max(c.captured_at) AS captured_at
  FROM day JOIN capture c ON c.captured_at <= day.t AND c.{questions.IS_DATED} JOIN resource r ON r.id = c.resource_id
    JOIN page_version v ON v.id = c.page_version_id
  WHERE v.text IS NOT NULL AND r.url LIKE '%' || coalesce(:url, '') || '%' GROUP BY v.site_id, v.page_key)
SELECT v.title, c.captured_at, r.url, v.text, v.words, c.record_id AS record
FROM pages JOIN page_version v ON v.site_id = pages.site_id AND v.page_key = pages.page_key
  JOIN capture c ON c.page_version_id = v.id AND c.captured_at = pages.captured_at
  JOIN resource r ON r.id = c.resource_id
WHERE r.url LIKE '%' || coalesce(:url, '') || '%' ORDER BY r.url LIMIT 50""",
    ),
    "changes": Question(
        "What changed",
        "Everything that was listed, unlisted, reworded or replaced, newest first, between which two captures.",
        ("change", "organisation", "capture"),
        """SELECT ch.changed_by, ch.kind AS change, ch.role, coalesce(o.name, ch.subject) AS subject_name, ch.before,
  ch.after, ch.changed_after, ch.page_key, ch.site_id, a.record_id AS before_record, b.record_id AS after_record
FROM change ch JOIN capture a ON a.id = ch.before_capture_id JOIN capture b ON b.id = ch.after_capture_id
  LEFT JOIN organisation o ON o.id = ch.organisation_id
ORDER BY ch.changed_by DESC, ch.id DESC""",
    ),
    "where_a_site_changed": Question(
        "Where a site changed",
        "Sections and pages that were no longer read as before, newest first: what stood there, what stands there now, "
        "the captures that show both, and the crawl that found it as before again.",
        ("drift", "capture"),
        """SELECT b.captured_at AS seen_at, d.kind AS change, d.role, d.before_count, d.after_count, d.quotes_still,
  d.repaired_crawl_id, d.before_fragment, d.after_fragment, d.page_key, d.site_id, d.crawl_id,
  a.record_id AS before_record, b.record_id AS after_record
FROM drift d JOIN capture a ON a.id = d.before_capture_id JOIN capture b ON b.id = d.after_capture_id
ORDER BY b.captured_at DESC, d.id DESC""",
    ),
    "captures_of": Question(
        "Captures of a URL",
        "Fill in an address, or a part of one: every capture of it in order of time, and whether its bytes changed.",
        ("capture", "resource", "payload"),
        """SELECT r.url, c.captured_at, c.status, c.mime, c.record_type,
  CASE WHEN p.digest IS lag(p.digest) OVER (PARTITION BY r.id ORDER BY c.captured_at, c.id) THEN 'same bytes'
    ELSE 'new bytes' END AS compared_with_before, p.size, c.record_id AS record, p.digest
FROM resource r JOIN capture c ON c.resource_id = r.id LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN payload p ON p.id = coalesce(c.payload_id, o.payload_id)
WHERE r.url LIKE '%' || coalesce(:url, '') || '%' ORDER BY r.url, c.captured_at, c.id LIMIT 1000""",
    ),
    "where_a_fact_stands": Question(
        "Where a fact stands",
        "Fill in a name or a part of a sentence: every capture that shows it, with the quote, the byte range in the "
        "body, and the WARC file, offset and digest to check it by.",
        ("fact_source",),
        """SELECT role, value, quote, captured_at, url, warc, warc_offset, warc_length, byte_start, byte_end,
  record_id AS record, payload_digest AS digest
FROM fact_source WHERE value LIKE '%' || coalesce(:text, '') || '%' ORDER BY role, value, captured_at LIMIT 1000""",
    ),
    "names_of_an_organisation": Question(
        "Names of an organisation",
        "Fill in a name, a part of one, or a key: every name it was listed by, how often, and whether pages say so by "
        "themselves or a person decided that it is one of its names.",
        ("organisation", "organisation_alias"),
        """WITH asked AS (SELECT id FROM organisation WHERE id = :name OR name LIKE '%' || coalesce(:name, '') || '%'
  UNION SELECT organisation_id FROM organisation_alias WHERE alias LIKE '%' || coalesce(:name, '') || '%')
SELECT o.name AS organisation, a.alias AS also_called, a.source, a.sightings, o.id AS organisation_id
FROM asked JOIN organisation o ON o.id = asked.id LEFT JOIN organisation_alias a ON a.organisation_id = o.id
ORDER BY o.name COLLATE NOCASE, o.id, a.sightings DESC, a.alias LIMIT 1000""",
    ),
    "failures": Question(
        "Failures and problems",
        "What could not be fetched, what answered with an error, and what could not be read, newest first.",
        ("capture", "resource", "problem"),
        """SELECT c.captured_at, coalesce(c.error, 'answered ' || c.status) AS what, NULL AS detail, c.status, r.url,
  c.crawl_id, c.record_id AS record
FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.status >= 400 OR c.record_type = 'failure'
UNION ALL SELECT c.captured_at, q.what, q.detail, c.status, q.url, q.crawl_id, c.record_id
FROM problem q LEFT JOIN capture c ON c.id = q.capture_id
ORDER BY 1 DESC LIMIT 1000""",
    ),
    "crawls": Question(
        "Crawls side by side",
        "Each crawl with its captures, pages, errors, and the bytes it added.",
        ("crawl", "capture"),
        """SELECT k.id AS crawl, k.site_id, k.started_at, k.finished_at, k.status, count(c.id) AS captures,
  count(DISTINCT c.page_key) AS pages, sum(c.status >= 400 OR c.record_type = 'failure') AS errors,
  sum(c.record_type = 'revisit') AS revisits, sum(c.warc_length) AS warc_bytes
FROM crawl k LEFT JOIN capture c ON c.crawl_id = k.id GROUP BY k.id ORDER BY k.started_at DESC""",
    ),
}


#: the store's questions that ours answer too, with logos and ways to the proof
_ANSWERED = {"current_members", "current_sponsors", "proof_of_a_name"}


async def offered(datasette: Any, database: str) -> dict[str, Any]:
    """As Datasette takes canned queries."""
    return definitions(access.tables(datasette, database).keys())


def definitions(existing: AbstractSet[str], said: Callable[[str], str] = str) -> dict[str, Any]:
    """The questions that can be answered where these tables and views exist, as *said* in a language."""
    if not existing:
        return {}
    ours = {
        name: {
            "title": said(one.title),
            "description": _of_days(said(one.says), one.sql, said),
            "sql": one.sql,
            "hide_sql": True,
        }
        for name, one in QUESTIONS.items()
        if existing >= set(one.reads)
    }
    more = {
        one.name: {
            "title": said(one.asks).split("?")[0] + "?",
            "description": _of_days(_filling_in(one, said), one.sql, said),
            "sql": one.sql,
            "hide_sql": True,
        }
        for one in questions.QUESTIONS
        if one.name not in _ANSWERED
    }
    return ours | more


def _filling_in(question: questions.Question, said: Callable[[str], str]) -> str:
    """What the title does not say yet, and what to fill in; a key has no example: nobody has it but this archive."""
    found = [said(question.asks).partition("?")[2].strip()]
    found += [said(_KEYS[name]) for name, _ in question.parameters if name in _KEYS]
    examples = [f"{name} {said(_SUCH_AS)} {value}" for name, value in question.parameters if name not in _KEYS]
    found += [f"{said(_FILL_IN)} {', '.join(examples)}."] if examples else []
    return " ".join(filter(None, found)) or said(_NOTHING)


def _of_days(description: str, sql: str, said: Callable[[str], str]) -> str:
    return f"{description} {said(_NO_DAY)}" if ":date" in sql else description


_FILL_IN, _SUCH_AS = "Fill in", "such as"
_NOTHING = "There is nothing to fill in."
#: where keys are found that are to be filled in
_KEYS = {
    "page_key": "Fill in as page_key the key of a page: the question “Every page” lists them.",
    "organisation": "Fill in as organisation the end of the address that it has here: “Organisations” lists them.",
}
_NO_DAY = "What is no day of the calendar, written as 2016-05-01, has no rows."


def texts() -> Iterator[str]:
    """All that is said of questions, in English."""
    for one in QUESTIONS.values():
        yield from (one.title, one.says)
    yield from (one.asks for one in questions.QUESTIONS if one.name not in _ANSWERED)
    yield from (_FILL_IN, _SUCH_AS, _NO_DAY, _NOTHING, *_KEYS.values())
