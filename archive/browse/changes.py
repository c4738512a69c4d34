"""What changed, newest first, as a visitor and a feed reader are told: a flood of one kind is one line."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archive.browse.captures import Row, slug
from archive.browse.evidence import anchor
from archive.browse.language import gettext, ngettext
from archive.browse.vocabulary import say, several
from archive.store.subjects import fold

#: so many changes of one kind, on one page and in one crawl, are told one by one; more are one line that counts them
FLOOD = 12
#: rows that are looked at for one list
_ROWS = 5000

_CHANGES = """SELECT ch.site_id, s.name AS site, ch.crawl_id, ch.page_key, ch.role, ch.kind, ch.subject, ch.before,
  ch.after, ch.changed_after, ch.changed_by, o.id AS organisation_id, o.name AS organisation, a.record_id,
  b.record_id AS before_record
FROM (SELECT id FROM change ch WHERE {where} ORDER BY changed_by DESC, id DESC LIMIT {rows}) newest
  JOIN change ch ON ch.id = newest.id JOIN site s ON s.id = ch.site_id JOIN capture a ON a.id = ch.after_capture_id
  JOIN capture b ON b.id = ch.before_capture_id LEFT JOIN organisation o ON o.id = ch.organisation_id
ORDER BY ch.changed_by DESC, ch.id DESC"""
#: for the front page, where edited texts would crowd out who came and went
LATEST = _CHANGES.format(where="ch.kind <> 'text edited'", rows=500)


@dataclass(frozen=True, slots=True)
class Told:
    """One change, or a flood of them."""

    #: ``urn:uuid:``, made of what the change is: the same after a rebuild
    id: str
    kind: str
    role: str | None
    site: str
    crawl: str
    page_key: str
    #: whom or what it is about, the first ones of a flood
    names: tuple[str, ...]
    count: int
    before: str | None
    after: str | None
    changed_after: str
    changed_by: str
    #: the capture that shows it, and the one before it, each as a segment of a path
    capture: str
    earlier: str
    #: where their pages tell of it: begins with ``#``; empty where they do not
    in_capture: str
    in_earlier: str

    @property
    def title(self) -> str:
        role = f" ({say(self.role)})" if self.role else ""
        if self.kind == "section vanished":
            list_of = {"site": self.site, "list": several(self.role or "page", 2)}
            return gettext("%(site)s: the whole list of %(list)s vanished") % list_of
        if self.count > 1:
            return f"{self.site}: {self.count} {several(self.role or 'page', self.count)} {say(self.kind)}"
        return f"{self.site}: {self.names[0]}{role} {say(self.kind)}"

    @property
    def sentence(self) -> str:
        """When, as far as captures can tell; and what stood there before and after, where wordings differ."""
        between = {"first": self.changed_after, "last": self.changed_by}
        said = gettext("Between %(first)s and %(last)s, the dates of the two captures that show it.") % between
        if self.count > 1:
            more = self.count - len(self.names)
            rest = ngettext("and %(more)s more", "and %(more)s more", more) % {"more": more}
            return f"{'; '.join(self.names)}{f'; {rest}' if more else ''}. {said}"
        if self.before and self.after and self.before != self.after:
            texts = {"before": self.before, "after": self.after}
            worded = gettext("From “%(before)s” to “%(after)s”.") % texts
            return f"{worded} {said}"
        return said


async def read_changes(
    database: Any, *, site: str | None = None, organisation: str | None = None, limit: int = 50
) -> list[Told]:
    """The newest *limit*, of one site or one organisation where that is asked for."""
    values = {"site": site, "organisation": organisation}
    where = [
        condition
        for condition, wanted in (("ch.site_id = :site", site), ("ch.organisation_id = :organisation", organisation))
        if wanted is not None
    ]
    sql = _CHANGES.format(where=" AND ".join(where) or "1", rows=_ROWS)
    rows = (await database.execute(sql, values)).rows
    return list(told([dict(row) for row in rows]))[:limit]


def told(rows: Iterable[Row]) -> Iterator[Told]:
    """Of *rows*, the newest first, one after another; floods as one."""
    crawls: dict[str, dict[tuple[str | None, str | None, str], list[Row]]] = {}
    for row in rows:
        # Of what pages say themselves a flood runs over many of them; lists stand on one.
        place = row["page_key"] if row["role"] else None
        crawls.setdefault(row["crawl_id"], {}).setdefault((row["role"], place, row["kind"]), []).append(row)
    for kinds in crawls.values():
        # Lists first: they are what the archive is asked about.
        for _, alike in sorted(kinds.items(), key=lambda kind: kind[0][0] is None):
            for group in [alike] if len(alike) > FLOOD else [[row] for row in alike]:
                yield _as_told(group)


def _as_told(group: list[Row]) -> Told:
    first = group[0]
    single = len(group) == 1
    parts = ["site_id", "page_key", "role", "kind", "record_id", *(["subject", "after"] if single else [])]
    name = "\x1f".join(str(first[part]) for part in parts)
    return Told(
        id=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'bewaar change {name}')}",
        kind=first["kind"],
        role=first["role"],
        site=first["site"],
        crawl=first["crawl_id"],
        page_key=first["page_key"],
        names=tuple(_name(row) for row in group[:FLOOD]),
        count=len(group),
        before=first["before"] if single else None,
        after=first["after"] if single else None,
        changed_after=min(row["changed_after"] for row in group),
        changed_by=first["changed_by"],
        capture=slug(first["record_id"]),
        earlier=slug(first["before_record"]),
        in_capture=_fact(first, "after") if single else "",
        in_earlier=_fact(first, "before") if single else "",
    )


def _fact(row: Row, side: str) -> str:
    if not row["role"] or not row[side]:
        return ""
    # Of two wordings each has a subject of its own.
    worded = row["kind"] == "reworded" and not row["organisation_id"]
    return f"#{anchor(row['role'], fold(row[side]) if worded else row['subject'])}"


def _name(row: Row) -> str:
    value = (row["after"] or row["before"]) if row["role"] else None
    return str(row["organisation"] or value or row["subject"] or row["page_key"])
