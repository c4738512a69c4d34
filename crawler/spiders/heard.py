"""Scrapy's signals, for as much as somebody listens."""

from __future__ import annotations

from typing import Any

from pydispatch import dispatcher
from scrapy.signalmanager import SignalManager


class HeardSignals(SignalManager):
    """Scrapy sends half a dozen for every request, and looks four times for who might hear each; mostly nobody does.
    A twentieth of what a request costs."""

    def send_catch_log(self, signal: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        for sender in (self.sender, dispatcher.Any):
            heard = dispatcher.connections.get(id(sender), ())
            if signal in heard or dispatcher.Any in heard:
                return super().send_catch_log(signal, **kwargs)
        return []
