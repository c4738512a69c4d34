"""What a crawl lets in: the scope's word, then what the crawl has learnt of the site while it went on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from crawler.frontier import Judge, host_of
from crawler.neighbours import Neighbours
from crawler.scope import Scope, Verdict
from crawler.seen import seen_key
from crawler.shares import ENDLESS, Shares, is_of_one_kind
from crawler.sites.profile import Profile
from crawler.traps import Traps

#: why a patch does not ask for something: it is no page's requisite, or the crawl has it
NO_REQUISITE, HELD = "not-a-requisite", "in-the-crawl"


class Admission:
    """Of one crawl. *masked* is what is left of a secret in a link: such a link leads nowhere. *knows* says of a URL
    whether it was let in before. With *held* only requisites are let in, and none whose `seen_key` is among it."""

    def __init__(
        self,
        profile: Profile,
        year: int,
        *,
        masked: re.Pattern[str] | None = None,
        knows: Callable[[str], bool] = lambda _: False,
        held: Collection[str] | None = None,
    ) -> None:
        self.scope = Scope(profile.scope_rules())
        self._profile = profile
        self._masked = masked
        self._knows = knows
        self._held = held
        self._traps = Traps(year)
        self._shares = Shares()
        #: page keys by how many of their URLs were let in
        self._variants: Counter[str] = Counter()
        #: hosts by how many of their URLs were let in
        self._hosts: Counter[str] = Counter()

    def remember(self, accepted: Iterable[tuple[str, str, str | None]], by_host: Mapping[str, int]) -> None:
        """What a crawl that goes on has let in: URL, hops and via of each, and how many of each host."""
        for url, hops, via in accepted:
            self._refusal(url, hops, via)
            if hops.endswith("L"):
                self._shares.wait(url)
        self._hosts.update(by_host)

    def judge(self, url: str, hop: str, hops: str, via: str | None) -> Verdict:
        if self._masked is not None and self._masked.search(url):
            return Verdict(accepted=False, rule="held-a-secret")
        if self._held is not None and not f"{hops}{hop}".rstrip("R").endswith("E"):
            return Verdict(accepted=False, rule=NO_REQUISITE)
        if self._held is not None and seen_key(url) in self._held:
            return Verdict(accepted=False, rule=HELD)
        verdict = self.scope.judge(url, hop, hops)
        if not verdict.accepted:
            return verdict
        refusal = None if hop == "E" else self._refusal(url, f"{hops}{hop}", via)
        if refusal is None and self._profile.max_per_host is not None and not self._knows(url):
            host = host_of(url)
            self._hosts[host] += 1
            refusal = "per-host" if self._hosts[host] > self._profile.max_per_host else None
        if refusal:
            return Verdict(accepted=False, rule=refusal)
        if hop == "L" and (wait := self._shares.wait(url)):
            if wait > ENDLESS and via is not None and is_of_one_kind(url, via):
                return Verdict(accepted=False, rule="endless-section")
            return Verdict(accepted=True, rule=verdict.rule, wait=wait)
        return verdict

    def judge_of(self, payload_digest: str | None, hops: str = "L") -> Judge:
        """Of links on a page with this payload, which *hops* led to. Sites that show the same front page are sites."""
        if payload_digest is None or not hops.strip("R"):
            return self.judge
        return self._refuse_links if self._traps.is_one_of_many(payload_digest) else self.judge

    def learn(self, url: str, told: Neighbours) -> None:
        """What all links of the page at *url*, those known before too, told together."""
        self._traps.learn(url, told)

    def _refuse_links(self, url: str, hop: str, hops: str, via: str | None) -> Verdict:
        verdict = self.judge(url, hop, hops, via)
        return Verdict(accepted=False, rule="same-as-others") if verdict.accepted and hop == "L" else verdict

    def _refusal(self, url: str, hops: str, via: str | None) -> str | None:
        """The rule that refuses what scope let in, by what was let in before; it is remembered for the next."""
        if hops.endswith(("L", "M")) and (trap := self._traps.rule(url, hops, via)):
            return trap
        limit = self._profile.max_variants_per_page
        if limit is None or not self._profile.page_keys:
            return None
        # The same text under every menu path it is linked from.
        key = self._profile.page_key(url)
        self._variants[key] += 1
        return "variants-per-page" if self._variants[key] > limit else None
