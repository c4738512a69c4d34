"""curl's ``--connect-to HOST1:PORT1:HOST2:PORT2``: what is meant for the first is reached at the second.

So hosts that no name server knows, such as the demo's, are crawled under their own names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RULE = re.compile(r"(\[[^\]]*\]|[^:]*):(\d*):(\[[^\]]*\]|[^:]*):(\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """An empty HOST1 or PORT1 stands for any, an empty HOST2 or PORT2 for the same. IPv6 stands in brackets."""

    host: str
    port: int | None
    to_host: str
    to_port: int | None

    @classmethod
    def parse(cls, rule: str) -> ConnectTo:
        """Raises ValueError.

        >>> ConnectTo.parse("site.test:443:127.0.0.1:8443")
        ConnectTo(host='site.test', port=443, to_host='127.0.0.1', to_port=8443)
        >>> ConnectTo.parse("site.test::[::1]:")
        ConnectTo(host='site.test', port=None, to_host='::1', to_port=None)
        """
        found = _RULE.fullmatch(rule)
        ports = [int(found[group]) if found[group] else None for group in (2, 4)] if found else []
        if not found or any(port is not None and port > 65535 for port in ports):
            raise ValueError(f"{rule[:200]!r} is not HOST:PORT:ADDRESS:PORT, IPv6 addresses in brackets")
        return cls(found[1].strip("[]").lower(), ports[0], found[3].strip("[]"), ports[1])

    def matches(self, host: str, port: int) -> bool:
        return self.host in {"", host.lower()} and self.port in {None, port}
