"""The views analysts query: one per kind of fact, made from the item classes, and the ways from a fact to its proof.

Names and columns here are stable; tables may change under them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields

from archive.model import Fact
from archive.store.tables import EVERY_STATEMENT

_BASE = {field.name for field in fields(Fact)}
_TABLES = {match[1] for sql in EVERY_STATEMENT if (match := re.match(r"CREATE (?:VIRTUAL )?TABLE (\w+)", sql))}

#: A fact, what a capture showed of it, and where the record lies: what `verify --rows` walks.
_FACT_SOURCE = """CREATE VIEW fact_source AS
SELECT f.id AS fact_id, s.site_id, s.role, f.value, f.tier, f.rule, e.quote, e.byte_start, e.byte_end, e.xpath,
  r.url, c.captured_at, c.record_id, w.path AS warc, c.warc_offset, c.warc_length, p.digest AS payload_digest,
  o.extractor_version, k.profile_digest, c.source_url, c.id AS capture_id, o.id AS observation_id
FROM evidence e JOIN fact f ON f.id = e.fact_id JOIN section_version s ON s.id = f.section_version_id
  JOIN observation o ON o.id = e.observation_id AND o.section_version_id = s.id JOIN capture c ON c.id = o.capture_id
  JOIN resource r ON r.id = c.resource_id JOIN warc w ON w.id = c.warc_id JOIN crawl k ON k.id = c.crawl_id
  LEFT JOIN capture original ON original.id = c.original_id
  LEFT JOIN payload p ON p.id = coalesce(c.payload_id, original.payload_id)"""

#: Where the style sheet's rule stands that shows a fact, beside where the fact's element does.
_STYLE_SOURCE = """CREATE VIEW style_source AS
SELECT e.fact_id, s.site_id, s.role, f.value, e.quote, e.byte_start, e.byte_end, r.url, c.captured_at, c.record_id,
  w.path AS warc, c.warc_offset, c.warc_length, p.digest AS payload_digest, e.observation_id, o.capture_id,
  e.capture_id AS sheet_capture_id
FROM style_evidence e JOIN fact f ON f.id = e.fact_id JOIN section_version s ON s.id = f.section_version_id
  JOIN observation o ON o.id = e.observation_id JOIN capture c ON c.id = e.capture_id
  JOIN resource r ON r.id = c.resource_id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN capture original ON original.id = c.original_id
  LEFT JOIN payload p ON p.id = coalesce(c.payload_id, original.payload_id)"""

#: What each capture of a page showed; a revisit without a reading of its own shows what its original showed.
_SHOWN = """CREATE VIEW shown AS
SELECT k.site_id, coalesce(c.page_key, r.page_key) AS page_key, o.role, o.state, o.section_version_id,
  c.captured_at, c.crawl_id, r.url, c.id AS capture_id, o.id AS observation_id
FROM capture c JOIN crawl k ON k.id = c.crawl_id JOIN resource r ON r.id = c.resource_id
  JOIN observation o ON o.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
WHERE coalesce(c.page_key, r.page_key) IS NOT NULL"""

#: Every fact on every capture of a page: "what did this page list on that day" is a WHERE away.
_LISTED = """CREATE VIEW listed AS
SELECT s.site_id, s.page_key, s.role, s.captured_at, s.state, f.position, coalesce(o.name, f.value) AS name, f.kind,
  f.raw, f.value, f.year, f.href, f.logo_url, f.tier, f.organisation_id, s.crawl_id, s.url, f.id AS fact_id,
  s.capture_id
FROM shown s LEFT JOIN fact f ON f.section_version_id = s.section_version_id
  LEFT JOIN organisation o ON o.id = f.organisation_id"""

#: As `listed`, after decisions. What was decided of the page holds before what was decided of all pages.
_CURATED = """CREATE VIEW curated AS
SELECT s.site_id, s.page_key, s.role, s.captured_at, coalesce(d.verdict, f.tier) AS standing, f.position,
  coalesce(d.part, 0) AS part, coalesce(o.name, d.value, f.value) AS name,
  iif(d.fact_id IS NULL, f.kind, d.kind) AS kind,
  iif(d.fact_id IS NULL, f.value, d.value) AS value, iif(d.fact_id IS NULL, f.year, d.year) AS year, f.raw, f.href,
  f.logo_url, o.id AS organisation_id, d.decided_by, s.crawl_id, s.url, f.id AS fact_id, s.capture_id
FROM shown s JOIN fact f ON f.section_version_id = s.section_version_id
  LEFT JOIN correction d ON d.fact_id = f.id AND d.page_key = coalesce(
    (SELECT e.page_key FROM correction e WHERE e.fact_id = f.id AND e.page_key = s.page_key LIMIT 1), '*')
  LEFT JOIN organisation o ON o.id = iif(d.fact_id IS NULL, f.organisation_id, d.organisation_id)"""

#: What a person is asked: facts that are not sure, organisations that may be one.
_REVIEW = """CREATE VIEW review AS
SELECT d.reason AS kind, f.value AS what, NULL AS other, CASE d.reason
    WHEN 'unnamed logo' THEN 'nothing on the page names this logo'
    WHEN 'compound' THEN 'one item of a list that may name several organisations'
    WHEN 'candidate' THEN 'found by rule ' || f.rule || ', which is not sure that it belongs here'
    ELSE 'found by rule ' || f.rule || coalesce(', its name taken from ' || f.name_source, '') END AS why,
  f.confidence, d.role, d.sightings, NULL AS other_sightings, d.pages, d.site_id, f.raw, e.quote, r.url,
  c.captured_at, c.page_key, f.organisation_id, NULL AS other_id, NULL AS other_capture_id, d.capture_id, d.fact_id
FROM doubt d JOIN fact f ON f.id = d.fact_id JOIN capture c ON c.id = d.capture_id
  JOIN resource r ON r.id = c.resource_id
  LEFT JOIN evidence e ON e.observation_id = d.observation_id AND e.fact_id = d.fact_id
UNION ALL
SELECT 'alias', s.name, s.other_name, CASE s.reason WHEN 'spelling' THEN 'written alike'
    WHEN 'initials' THEN 'one may be short for the other'
    WHEN 'same logo' THEN 'shown with the same picture' ELSE s.reason END, s.score / 100, p.role,
  (SELECT sum(sightings) FROM presence WHERE organisation_id = s.organisation_id),
  (SELECT sum(sightings) FROM presence WHERE organisation_id = s.other_id), NULL, p.site_id, f.raw, e.quote, r.url,
  c.captured_at, p.page_key, s.organisation_id, s.other_id, q.last_capture_id, p.last_capture_id, p.fact_id
FROM suggestion s
  LEFT JOIN presence p ON p.id = (SELECT id FROM presence WHERE organisation_id = s.organisation_id
    ORDER BY last_seen DESC, site_id, role, page_key, subject LIMIT 1)
  LEFT JOIN presence q ON q.id = (SELECT id FROM presence WHERE organisation_id = s.other_id
    ORDER BY last_seen DESC, site_id, role, page_key, subject LIMIT 1)
  LEFT JOIN fact f ON f.id = p.fact_id LEFT JOIN capture c ON c.id = p.last_capture_id
  LEFT JOIN resource r ON r.id = c.resource_id LEFT JOIN observation v ON v.role = p.role AND v.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
  LEFT JOIN evidence e ON e.observation_id = v.id AND e.fact_id = p.fact_id"""

#: Every decision, and what has become of it.
_DECIDED = """CREATE VIEW decided AS
SELECT d.made_at, d.action, d.scope, d.value, CASE WHEN w.decision_id IS NOT NULL THEN 'withdrawn'
    WHEN d.action IN ('alias', 'override') AND coalesce(sum(u.matched), 0) + coalesce(sum(u.effective), 0) = 0
      THEN 'without target'
    WHEN d.action = 'undo' AND t.id IS NULL THEN 'without target'
    WHEN d.action IN ('alias', 'override') AND sum(u.effective) = 0 THEN 'overruled'
    ELSE 'in force' END AS standing, coalesce(sum(u.matched), 0) AS facts, w.by_id, d.who, d.why, d.id AS decision_id
FROM decision d LEFT JOIN withdrawn w ON w.decision_id = d.id LEFT JOIN decision_use u ON u.decision_id = d.id
  LEFT JOIN decision t ON t.id = d.scope
GROUP BY d.id"""

#: Every edge of the link graph, out of page versions and out of what is no page.
_EDGE = """CREATE VIEW edge AS
SELECT v.site_id, v.page_key, NULL AS source_url, l.target_url, l.hop, l.context, l.anchor, v.id AS page_version_id
FROM link l JOIN page_version v ON v.id = l.source_version_id
UNION ALL
SELECT r.site_id, NULL, r.url, l.target_url, l.hop, l.context, l.anchor, NULL
FROM resource_link l JOIN resource r ON r.id = l.source_id"""

#: For a logo's payload: every file that shows the same picture, where it stands and beside whom.
_SAME_LOGO = """CREATE VIEW same_logo AS
SELECT p.digest, q.digest AS other_digest, n.distance, r.url, q.media_type, q.width, q.height, l.site_id, l.page_key,
  l.role, l.subject, o.name, f.first_seen, f.last_seen, l.organisation_id, f.capture_id
FROM (SELECT payload_id, other_id, distance FROM alike
    UNION ALL SELECT DISTINCT payload_id, payload_id, 0 FROM logo_file) n
  JOIN payload p ON p.id = n.payload_id JOIN payload q ON q.id = n.other_id
  JOIN logo_file f ON f.payload_id = q.id JOIN logo l ON l.id = f.logo_id
  JOIN capture c ON c.id = f.capture_id JOIN resource r ON r.id = c.resource_id
  LEFT JOIN organisation o ON o.id = l.organisation_id"""


#: Of a target only its newest capture counts, whatever came into the archive last. A page's links are those of its
#: newest crawl with a text.
_BROKEN_LINK = """CREATE VIEW broken_link AS
WITH broken AS (SELECT t.url, c.status, c.error, c.captured_at, c.id, (SELECT max(good.captured_at) FROM capture good
    WHERE good.resource_id = t.id AND (good.status BETWEEN 200 AND 299 OR good.status = 304)) AS last_good_at
  FROM capture c JOIN resource t ON t.id = c.resource_id
  WHERE (c.status >= 400 OR c.status IS NULL) AND (c.status >= 400 OR c.record_type = 'failure')
    AND c.id = (SELECT n.id FROM capture n WHERE n.resource_id = t.id
      ORDER BY n.captured_at DESC, n.warc_date DESC, n.record_id DESC, n.id DESC LIMIT 1))
SELECT v.site_id, v.page_key, v.title, NULL AS source_url, b.url AS target_url, b.status AS target_status,
  b.error AS target_error, b.captured_at AS failed_at, b.last_good_at, l.hop, l.context, l.anchor,
  v.id AS page_version_id, b.id AS target_capture_id
FROM broken b JOIN link l ON l.target_url = b.url JOIN page_version v ON v.id = l.source_version_id
WHERE EXISTS (SELECT 1 FROM capture s WHERE s.page_version_id = v.id AND s.crawl_id = (
  SELECT n.crawl_id FROM resource r JOIN capture n ON n.resource_id = r.id
  WHERE r.site_id = v.site_id AND r.page_key = v.page_key AND n.page_version_id IS NOT NULL
  ORDER BY n.captured_at DESC, n.warc_date DESC, n.record_id DESC, n.id DESC LIMIT 1))
UNION ALL
SELECT r.site_id, NULL, r.title, r.url, b.url, b.status, b.error, b.captured_at, b.last_good_at, l.hop, l.context,
  l.anchor, NULL, b.id
FROM broken b JOIN resource_link l ON l.target_url = b.url JOIN resource r ON r.id = l.source_id"""

#: What no later crawl asked for may still be there: the state tells it from what answered that it is gone.
_DISAPPEARED_DOCUMENT = """CREATE VIEW disappeared_document AS
SELECT r.site_id, r.url, r.kind, CASE WHEN n.status IN (404, 410) THEN 'gone'
    WHEN n.status >= 400 OR n.record_type = 'failure' THEN 'failing' ELSE 'not asked for' END AS state,
  (SELECT min(g.captured_at) FROM capture g WHERE g.resource_id = r.id
    AND (g.status BETWEEN 200 AND 299 OR g.status = 304)) AS first_seen,
  last.captured_at AS last_seen,
  CASE WHEN n.id <> last.id THEN (SELECT min(f.captured_at) FROM capture f
    WHERE f.resource_id = r.id AND f.captured_at > last.captured_at) END AS gone_by,
  n.status, n.error, last.mime, p.size, p.digest, last.id AS last_capture_id, nullif(n.id, last.id) AS gone_capture_id
FROM resource r
  JOIN capture n ON n.id = (SELECT c.id FROM capture c WHERE c.resource_id = r.id
    ORDER BY c.captured_at DESC, c.warc_date DESC, c.record_id DESC, c.id DESC LIMIT 1)
  JOIN capture last ON last.id = (SELECT c.id FROM capture c WHERE c.resource_id = r.id
    AND (c.status BETWEEN 200 AND 299 OR c.status = 304)
    ORDER BY c.captured_at DESC, c.warc_date DESC, c.record_id DESC, c.id DESC LIMIT 1)
  LEFT JOIN capture original ON original.id = last.original_id
  LEFT JOIN payload p ON p.id = coalesce(last.payload_id, original.payload_id)
WHERE r.kind IN ('document', 'media') AND (n.status >= 400 OR n.record_type = 'failure'
  OR n.id = last.id AND n.crawl_id <> (SELECT k.id FROM crawl k WHERE k.site_id = r.site_id AND k.status = 'finished'
    AND k.started_at >= (SELECT m.started_at FROM crawl m WHERE m.id = n.crawl_id)
    ORDER BY k.started_at DESC, k.id DESC LIMIT 1))"""

#: Of a page that answered at one of its URLs nothing is said, nor of one that was not asked for; an outage of one
#: crawl, or of the whole site, is a problem of those crawls.
_UNANSWERED_LIST = """CREATE VIEW unanswered_list AS
WITH latest AS (SELECT id, site_id, started_at FROM crawl k WHERE id = (SELECT n.id FROM crawl n
    WHERE n.site_id = k.site_id ORDER BY n.started_at DESC, n.id DESC LIMIT 1)),
standing AS (SELECT p.site_id, p.page_key, p.role, k.id AS crawl_id, count(p.id) AS names,
    max(p.last_seen) AS last_listed
  FROM latest k JOIN presence p ON p.site_id = k.site_id
  WHERE p.state <> 'ended' AND p.last_seen < k.started_at AND p.role IN ({roles})
  GROUP BY p.site_id, p.page_key, p.role),
heard AS (SELECT s.*, (SELECT c.id FROM resource r JOIN capture c ON c.resource_id = r.id
    WHERE r.site_id = s.site_id AND r.page_key = s.page_key AND c.crawl_id = s.crawl_id AND c.copy_of_id IS NULL
    ORDER BY c.captured_at DESC, c.warc_date DESC, c.record_id DESC, c.id DESC LIMIT 1) AS capture_id,
  coalesce((SELECT max(c.captured_at) FROM resource r JOIN capture c ON c.resource_id = r.id
    WHERE r.site_id = s.site_id AND r.page_key = s.page_key AND c.copy_of_id IS NULL AND (c.status BETWEEN 200 AND 299
      OR c.status = 304 OR c.status IS NULL AND c.record_type = 'resource')), '') AS answered_at
  FROM standing s)
SELECT * FROM (SELECT h.site_id, h.page_key, h.role, h.names, h.last_listed, c.status, c.error, c.redirect_to,
  (SELECT count(DISTINCT n.crawl_id) FROM resource r JOIN capture n ON n.resource_id = r.id
    JOIN crawl k ON k.id = n.crawl_id AND k.site_id = h.site_id
    WHERE r.site_id = h.site_id AND r.page_key = h.page_key AND n.captured_at > h.answered_at) AS crawls,
  h.crawl_id, h.capture_id
FROM heard h JOIN crawl k ON k.id = h.crawl_id JOIN capture c ON c.id = h.capture_id
WHERE h.answered_at < k.started_at AND EXISTS (SELECT 1 FROM capture a WHERE a.crawl_id = h.crawl_id
  AND a.page_version_id IS NOT NULL AND a.status < 400)) WHERE crawls > 1"""


def view_definitions(kinds: Sequence[type[Fact]]) -> dict[str, str]:
    views = {
        "fact_source": _FACT_SOURCE,
        "style_source": _STYLE_SOURCE,
        "shown": _SHOWN,
        "listed": _LISTED,
        "curated": _CURATED,
        "edge": _EDGE,
    }
    views |= {"same_logo": _SAME_LOGO, "review": _REVIEW, "decided": _DECIDED}
    views |= {"broken_link": _BROKEN_LINK, "disappeared_document": _DISAPPEARED_DOCUMENT}
    roles = ", ".join(f"'{kind.role}'" for kind in kinds if kind.is_list) or "NULL"
    views["unanswered_list"] = _UNANSWERED_LIST.format(roles=roles)
    for kind in kinds:
        name = view_name(kind)
        views[name] = _kind_view(name, kind)
        views[f"current_{name}"] = _current_view(name)
    return views


def view_name(kind: type[Fact]) -> str:
    """The role; where a table has that name (``link``), the class's name in small letters."""
    if kind.role not in _TABLES and re.fullmatch(r"[a-z][a-z_]*", kind.role):
        return kind.role
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def extra_fields(kind: type[Fact]) -> list[str]:
    """The fields a kind adds to Fact's own: they live as JSON in ``fact.extra``."""
    return [field.name for field in fields(kind) if field.name not in _BASE]


def _kind_view(name: str, kind: type[Fact]) -> str:
    extra = "".join(f", json_extract(f.extra, '$.{field}') AS \"{field}\"" for field in extra_fields(kind))
    return f"""CREATE VIEW "{name}" AS
SELECT p.site_id, coalesce(o.name, p.value) AS name, p.state, p.absent_before, p.first_seen, p.last_seen, p.gone_by,
  p.sightings, p.kind, p.year{extra}, b.name AS beneficiary, f.raw, p.value, f.href, f.logo_url, f.name_source,
  f.rule, f.confidence, p.decided_by, p.page_key, p.subject, p.organisation_id, p.beneficiary_id, p.absent_capture_id,
  p.first_capture_id, p.last_capture_id, p.gone_capture_id, p.fact_id, p.id AS presence_id
FROM presence p JOIN fact f ON f.id = p.fact_id LEFT JOIN organisation o ON o.id = p.organisation_id
  LEFT JOIN organisation b ON b.id = p.beneficiary_id
WHERE p.role = '{kind.role}'"""


def _current_view(name: str) -> str:
    """One row per site and subject, though several pages of the site may list it."""
    return f"""CREATE VIEW "current_{name}" AS
SELECT v.* FROM "{name}" v JOIN presence p ON p.id = v.presence_id
WHERE v.state = 'current' AND v.presence_id = (SELECT q.id FROM presence q
  WHERE q.site_id = p.site_id AND q.role = p.role AND q.subject = p.subject AND q.state = 'current'
  ORDER BY q.first_seen, q.page_key LIMIT 1)"""
