"""What somebody orders to be erased, and what of the order may be told afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.counted import counted
from archive.errors import WrongUse
from archive.store.rules import Rule, read_rule
from archive.urls import urlkey


@dataclass(frozen=True, slots=True)
class Order:
    reason: str
    #: who erases
    who: str
    #: exact addresses, beginnings of addresses, ids of records
    urls: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    #: whatever holds one of these goes
    texts: tuple[str, ...] = ()
    #: the court's or authority's own number
    reference: str | None = None
    site: str | None = None
    #: dates of captures, as they were typed
    since: str | None = None
    until: str | None = None
    #: the same bytes under other addresses stay
    this_url_only: bool = False
    without_url: bool = False
    without_digest: bool = False

    @property
    def scope(self) -> str:
        """What the decision says was erased; never the texts."""
        named = [*self.urls, *(f"{prefix}*" for prefix in self.prefixes)]
        told = [f"{len(named)} addresses that are not told"] if self.without_url and named else named
        told += [f"record {one}" for one in self.records]
        told += [f"{counted(text=len(self.texts))} not told here"] if self.texts else []
        period = f" captured {self.since or ''}/{self.until or ''}" if self.since or self.until else ""
        return f"{' '.join(told)}{period}"


@dataclass(frozen=True, slots=True)
class Target:
    """Captures of one address, or of those that begin with it, in a period."""

    rule: Rule
    exact: bool

    def covers(self, url: str, captured_at: str) -> bool:
        key = urlkey(url)
        meant = key == self.rule.key if self.exact else self.rule.covers(key)
        return meant and self.rule.since <= captured_at < self.rule.until


def targets_of(order: Order) -> list[Target]:
    """Raises WrongUse for an order that names nothing, or what cannot be meant."""
    if not (order.urls or order.prefixes or order.records or order.texts):
        raise WrongUse("give the URL to erase, or --prefix, --record or --text")
    if not order.reason.strip() or not order.who.strip():
        raise WrongUse("give --reason, in words, and --by, whoever erases: every record that goes is replaced by both")
    if any(len(one.strip()) < _LEAST_CHARS for one in order.texts):
        raise WrongUse(f"--text of fewer than {_LEAST_CHARS} characters would erase far more than is meant")
    for one in order.records:
        if not one.strip("<>").startswith("urn:"):
            raise WrongUse(f"--record {one}: the id of a record is expected, such as urn:uuid:...")
    return list(_targets(order))


#: a text is looked for in everything
_LEAST_CHARS = 6


def _targets(order: Order) -> Iterator[Target]:
    period = f"{order.since or ''}/{order.until or ''}" if order.since or order.until else None
    for exact, scopes in ((True, order.urls), (False, order.prefixes)):
        for scope in scopes:
            try:
                host = urlsplit(scope).hostname
            except ValueError:
                host = None
            if "://" not in scope or not host or any(character.isspace() for character in scope):
                raise WrongUse(f"{scope!r}: a URL is expected, such as http://example.org/people/jan")
            rule = read_rule("to be made", "takedown", scope, period, None)
            assert rule is not None
            yield Target(rule, exact)
