"""What has the machine run what is due: systemd units, or a line for cron. Text; nothing is installed here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import WrongUse

#: how every file of ours begins: what does not is somebody else's
WRITTEN_BY = "# Written by `bewaar schedule install`"


@dataclass(frozen=True, slots=True)
class Installation:
    #: of the units, and of the file for cron
    name: str
    #: ``bewaar due ...``, whole, with absolute paths
    command: Sequence[str]
    archive: Path
    #: who it runs as, in a unit of the system
    user: str | None = None
    #: a shell's command for when something was wrong
    notify: str | None = None

    def units(self) -> dict[str, str]:
        """By file name."""
        found = {f"{self.name}.service": self._service(), f"{self.name}.timer": self._timer()}
        if self.notify:
            found[f"{self.name}-failed.service"] = self._notifier(self.notify)
        return found

    def _service(self) -> str:
        on_failure = f"OnFailure={self.name}-failed.service\n" if self.notify else ""
        user = f"User={self.user}\n" if self.user else ""
        # A user's own systemd does not know of it.
        network = "Wants=network-online.target\nAfter=network-online.target\n" if self.user else ""
        return f"""{WRITTEN_BY}
[Unit]
Description=Bewaar: crawl what is due in {_specifiers(str(self.archive))}
{network}{on_failure}
[Service]
Type=oneshot
{user}ExecStart={" ".join(map(_argument, self.command))}
# 3: stopped by a limit; 75: another one is at it; 130: interrupted, and taken up the next time
SuccessExitStatus=3 75 130
# It ends its crawls itself; what is under way may take as long as an answer does.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=300
Nice=10
NoNewPrivileges=true
"""

    def _timer(self) -> str:
        return f"""{WRITTEN_BY}
[Unit]
Description=Bewaar: look every quarter of an hour what is due in {_specifiers(str(self.archive))}

[Timer]
OnCalendar=*:0/15
Persistent=true
RandomizedDelaySec=120
FixedRandomDelay=true

[Install]
WantedBy=timers.target
"""

    def _notifier(self, notify: str) -> str:
        user = f"User={self.user}\n" if self.user else ""
        return f"""{WRITTEN_BY}
[Unit]
Description=Bewaar: tell that something was wrong in {_specifiers(str(self.archive))}

[Service]
Type=oneshot
{user}ExecStart=/bin/sh -c {_argument(notify)}
"""

    def cron(self, *, with_user: bool) -> str:
        """A line for a crontab; *with_user*, for a file in /etc/cron.d. Cron mails what is printed."""
        command = shlex.join(self.command)
        if self.notify:
            # 3, 75 and 130 are no trouble.
            command += f" || case $? in 3|75|130) ;; *) {self.notify} ;; esac"
        # A % would end the command, and begin its input (crontab(5)).
        command = re.sub(r"(?<!\\)%", r"\\%", command)
        user = f"{self.user or 'root'} " if with_user else ""
        return f"{WRITTEN_BY}\n*/15 * * * * {user}{command}\n"


def check_name(name: str) -> str:
    """Raises WrongUse for what is no name of a unit, and of a file that cron reads."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", name):
        raise WrongUse(f"--name {name[:100]!r}: only letters, digits, _ and -")
    return name


def check_line(text: str, what: str) -> str:
    """Raises WrongUse: units and crontabs are made of lines."""
    if not text.isprintable():
        raise WrongUse(f"{what} {text[:100]!r} holds what does not print, and cannot stand in a line")
    return text


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _argument(text: str) -> str:
    """One argument of ExecStart= (systemd.service(5), Command lines; systemd.unit(5), Specifiers)."""
    escaped = _specifiers(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if not re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII) else escaped
