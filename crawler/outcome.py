"""How a crawl ended: what its closing record says, and the exit code scripts rely on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from archive.counted import counted

Status = Literal["finished", "limited", "interrupted", "failed"]

DONE, PROBLEMS, WRONG_USE, LIMITED, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 130

#: answers that say that there is nothing to show (RFC 9110, 15.3.5 and 15.3.6)
EMPTY = (204, 205)
#: problems a person is told of
COMPLAINTS = 10
#: problems the closing record names; the rest are counted
PROBLEMS_SHOWN = 200
#: requisites it did not get that the closing record names
MISSED_SHOWN = 10_000


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    status: int | None = None
    error: str | None = "not fetched"
    #: where it redirects to, when that is out of scope
    redirected: str | None = None
    unexpected: str | None = None
    #: what is wrong with where it redirects to within the scope
    led: str | None = None

    @property
    def problem(self) -> str | None:
        if self.error:
            return self.error
        if self.redirected:
            return f"redirects to {self.redirected}, which is out of scope"
        if self.led:
            return self.led
        if self.unexpected:
            return self.unexpected
        if self.status is not None and (self.status >= 400 or self.status in EMPTY):
            return f"HTTP status {self.status}"
        return None


@dataclass(slots=True)
class Unchanged:
    """What was in the archive already, and is referred to."""

    revisits: int = 0
    #: of these, what the server did not send again
    not_modified: int = 0
    bytes_not_stored: int = 0
    bytes_not_fetched: int = 0

    def note(self, revisit: Literal["identical", "not-modified"] | None, spared_bytes: int) -> None:
        if revisit is not None:
            self.revisits += 1
            self.bytes_not_stored += spared_bytes
        if revisit == "not-modified":
            self.not_modified += 1
            self.bytes_not_fetched += spared_bytes


@dataclass(slots=True)
class Outcome:
    crawl_id: str
    seeds: dict[str, SeedOutcome]
    captures: int = 0
    pages: int = 0
    bytes: int = 0
    failed: int = 0
    unchanged: Unchanged = field(default_factory=Unchanged)
    #: ranges of bytes that were masked in its records
    redactions: int = 0
    #: name of the limit that was met
    limit: str | None = None
    interrupted: bool = False
    #: what the archive could not do
    fault: str | None = None
    #: why the reader could not go on; what it did not read is read when the site is crawled next
    broken: str | None = None
    problems: list[tuple[str, str, str | None]] = field(default_factory=list)
    problems_total: int = 0
    finished_at: str | None = None
    #: what a crawl is given to do the same: the profile's name, or URLs
    target: str = ""
    #: URLs by the state they ended in, and refused ones by the rule
    states: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    #: requisites that were not captured: URL, state, rule or error
    missed: list[tuple[str, str, str | None]] = field(default_factory=list)
    #: what the reader counted in the database, at the end
    counts: dict[str, Any] = field(default_factory=dict)
    #: where the site is no longer read as it was, a line each; known once the history is derived
    drift: list[str] = field(default_factory=list)
    #: where it is again
    as_before: list[str] = field(default_factory=list)

    def note_drift(self, line: str, *, is_alert: bool) -> None:
        (self.drift if is_alert else self.as_before).append(line)

    def problem(self, url: str, what: str, detail: str | None) -> None:
        self.problems_total += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append((url, what, detail))

    @property
    def status(self) -> Status:
        if self.fault or self.broken:
            return "failed"
        if self.interrupted:
            return "interrupted"
        return "limited" if self.limit else "finished"

    @property
    def failed_seeds(self) -> dict[str, str]:
        """Seeds that could not be kept as what they are; none of a crawl that was stopped before it got to them."""
        return {
            url: seed.problem
            for url, seed in self.seeds.items()
            if seed.problem
            and not (seed.error == "not fetched" and self.status != "finished")
            and not (self.fault and self.fault in seed.problem)
        }

    @property
    def exit_code(self) -> int:
        if self.fault:
            return FAULT
        if self.interrupted:
            return INTERRUPTED
        if self.broken or self.failed_seeds or self.problems_total or self.drift:
            return PROBLEMS
        return LIMITED if self.limit else DONE

    def summary(self) -> str:
        how: str = self.status
        if self.fault:
            how = "stopped; everything before is kept, and the next crawl of this site goes on"
        elif self.broken:
            how = f"stopped: {self.broken}"
        elif self.interrupted:
            how = "interrupted; the next crawl of this site goes on"
        elif self.limit:
            how = f"stopped by {self.limit.replace('_', '-')}"
        masked = f", {counted(place=self.redactions)} masked" if self.redactions else ""
        return f"{self.crawl_id}: {how}; {counted(capture=self.captures, page=self.pages)}{masked}"

    def listed(self) -> str:
        """What the database lists now, over all crawls; empty when it lists nothing."""
        current = self.counts.get("current", {})
        said = [f"{current[role]} {role}s" for role in ("member", "goal", "sponsor") if current.get(role)]
        return f": {', '.join(said)} listed now" if said else ""

    def complaints(self) -> Iterator[str]:
        """One line per failed seed, problem and drift; the rest is counted."""
        for url, problem in self.failed_seeds.items():
            yield f"seed {url}: {problem}"
        others = [problem for problem in self.problems if problem[0] not in self.failed_seeds]
        for url, what, detail in others[:COMPLAINTS]:
            yield f"problem: {url}: {what}{': ' + detail if detail else ''}"
        if len(others) > COMPLAINTS:
            yield f"and {counted(more_problem=self.problems_total - COMPLAINTS)}: see table problem"
        for line in self.drift[:COMPLAINTS]:
            yield f"drift: {line}"
        if len(self.drift) > COMPLAINTS:
            yield f"and {len(self.drift) - COMPLAINTS} more that drifted: see table drift"

    def good_news(self) -> Iterator[str]:
        for line in self.as_before[:COMPLAINTS]:
            yield f"no longer drift: {line}"

    def report(self) -> dict[str, Any]:
        """The closing record's JSON. It is written before the history is derived, so it knows of no drift."""
        return {
            "crawl": self.crawl_id,
            "finished_at": self.finished_at,
            "status": self.status,
            "limit": self.limit,
            "target": self.target,
            "captures": self.captures,
            "pages": self.pages,
            "bytes": self.bytes,
            "failed": self.failed,
            "unchanged": asdict(self.unchanged),
            "redactions": self.redactions,
            "frontier": self.states,
            "refusals": self.refusals,
            "seeds": {url: {"status": seed.status, "problem": seed.problem} for url, seed in self.seeds.items()},
            "problems": [{"url": url, "what": what, "detail": detail} for url, what, detail in self.problems],
            "problems_total": self.problems_total,
            "missed": [{"url": url, "state": state, "rule": rule} for url, state, rule in self.missed],
        }
