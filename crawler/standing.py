"""What stands in a frontier: asked when a crawl is taken up again, and told when it closes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from archive.faults import database_faults
from archive.model import Place
from crawler.leases import Leased, Leases
from crawler.seen import seen_key


class Standing(Leases):
    def find(self, url: str) -> tuple[int, str] | None:
        """(id, state) of *url*, if it was ever accepted or refused."""
        rows = self._rows("SELECT id, state FROM url WHERE seen = ?", (seen_key(url),))
        return (rows[0][0], rows[0][1]) if rows else None

    def accepted(self) -> Iterator[tuple[str, str, str | None]]:
        """URL, hops and via of all that scope let in, in the order it came; requisites left out."""
        with database_faults(self.path):
            yield from self._db.execute(
                "SELECT url, hops, via FROM url WHERE state != 'refused' AND hops NOT LIKE '%E' ORDER BY id"
            )

    def accepted_by_host(self) -> dict[str, int]:
        """How many URLs scope let in, seeds aside."""
        query = "SELECT host, count(*) FROM url WHERE state != 'refused' AND hops != '' GROUP BY host"
        return dict(self._rows(query))

    def unexpanded(self) -> Iterator[tuple[Leased, Place]]:
        """Captured, but stopped before its links were queued."""
        query = "SELECT id, url, via, hops, attempts, file, \"offset\", length FROM url WHERE state = 'captured'"
        for *lease, file, offset, length in self._rows(query):
            yield Leased(*lease), Place(file, offset, length)

    def counts(self) -> dict[str, int]:
        return dict(self._rows("SELECT state, count(*) FROM url GROUP BY state"))

    def missed(self, limit: int) -> list[tuple[str, str, str | None]]:
        """Requisites that were not captured: URL, the state it is in, and the rule or error that is why. In the order
        they were found."""
        return self._rows(
            "SELECT url, state, rule FROM url WHERE state IN ('queued', 'failed', 'refused') "
            "AND rtrim(hops, 'R') LIKE '%E' ORDER BY id LIMIT ?",
            (limit,),
        )

    def asked(self, limit: int, *, apart: Collection[str]) -> list[tuple[str, str, str | None]]:
        """URL, state, and the rule or error that is why it ended so, but for what was refused by the rules *apart*."""
        query = "SELECT url, state, rule FROM url WHERE NOT (state = 'refused' AND rule IN ({})) ORDER BY id LIMIT ?"
        return self._rows(query.format(", ".join("?" * len(apart))), (*apart, limit))

    def refusals(self) -> dict[str, int]:
        query = "SELECT rule, count(*) FROM url WHERE state = 'refused' GROUP BY rule ORDER BY 2 DESC"
        return dict(self._rows(query))
