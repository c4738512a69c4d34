"""The reader's process, as the crawler starts it and speaks to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crawler.plan import CrawlPlan
from crawler.spiders.channel import Channel, Channels


def _without_secrets(variables: frozenset[str]) -> dict[str, str]:
    """The environment of a process that reads what others wrote, and never the network."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in variables and not name.lower().endswith("_proxy")
    }


class ReaderProcess:
    """One reader after another: each is started when the one before it ended."""

    def __init__(self, plan: CrawlPlan, log: Path | None, heard: Callable[..., None], lost: Callable[[], None]) -> None:
        """*heard* is given its messages, *lost* is called when it ends; its own complaints go to the file *log*."""
        self._plan = plan
        self._heard, self._lost = heard, lost
        self._channel: Channel | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log = log.open("ab") if log else None
        self.starts = 0

    def start(self) -> None:
        from twisted.internet import reactor

        self.starts += 1
        ours, theirs = socket.socketpair()
        # -P: what lies in the directory somebody stands in is no module of ours.
        command = [sys.executable, "-P", "-m", "crawler.follow", str(theirs.fileno())]
        command += [str(self._plan.archive.root), self._plan.site]
        if not self._plan.extract:
            command.append("--no-extract")
        with ours, theirs:
            ours.setblocking(False)
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=_without_secrets(self._plan.credentials.variables),
                # Ctrl-C goes to the terminal's group: this process is ended by its crawler, after the last record.
                process_group=0,
            )
            self._channel = Channel(self._heard, self._gone)
            reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, Channels(self._channel))

    def _gone(self, channel: Channel) -> None:
        if channel is self._channel:
            self._channel = None
            self._lost()

    def say(self, *message: Any) -> None:
        if self._channel is not None:
            self._channel.say(*message)

    def flush(self) -> None:
        if self._channel is not None:
            self._channel.flush()

    def kill(self) -> bool:
        """False where none was started."""
        if self._process is None:
            return False
        self._process.kill()
        return True

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()
