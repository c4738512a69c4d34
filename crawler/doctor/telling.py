"""Who answers for the crawls, and whether people can be told."""

from __future__ import annotations

import shutil
import smtplib
from collections.abc import Iterator

from archive.errors import BewaarError
from archive.founding import MARKER
from archive.layout import Archive
from crawler.alerting.send import mail_server
from crawler.alerting.settings import Alerts, Mail, read_alerts, secret_of
from crawler.doctor.finding import Finding, judge

AREA = "people"
TIMEOUT_S = 20.0


def examine_people(archive: Archive, *, network: bool) -> Iterator[Finding]:
    """With *network* the mail server is asked for, and told nothing."""
    marker = archive.root / MARKER
    lacking = "" if archive.contact else "none: no site can be crawled whose profile names nobody"
    yield judge(
        AREA, "contact", archive.contact or "", warning=lacking, mend=f'contact = "you@example.org" in {marker}'
    )
    try:
        alerts = read_alerts(archive)
    except BewaarError as fault:
        yield Finding(AREA, "alerts", "problem", str(fault), "mend that line: docs/alerts.md")
        return
    ways = [name for name in ("mail", "webhook", "command") if alerts and getattr(alerts, name)]
    if alerts is None or not ways:
        yield Finding(
            AREA, "alerts", "warning", "nobody is told of trouble", f"[alerts.mail] in {marker}: docs/alerts.md"
        )
        return
    wrong = "; ".join(_lacking(alerts, archive))
    yield judge(AREA, "alerts", ", ".join(ways), problem=wrong, mend="set it where `bewaar due` runs: docs/alerts.md")
    if network and alerts.mail:
        silent = _unreachable(alerts.mail)
        yield judge(AREA, "mail server", f"{alerts.mail.server} answers", problem=silent, mend="bewaar alerts test")


def _lacking(alerts: Alerts, archive: Archive) -> Iterator[str]:
    secrets = []
    if alerts.mail and alerts.mail.password:
        secrets.append((alerts.mail.password, "alerts.mail.password"))
    if alerts.webhook and not isinstance(alerts.webhook.url, str):
        secrets.append((alerts.webhook.url, "alerts.webhook.url"))
    for secret, key in secrets:
        try:
            secret_of(secret, archive, key)
        except BewaarError as fault:
            yield str(fault)
    if alerts.command and not shutil.which(alerts.command.run[0]):
        yield f"alerts.command.run: {alerts.command.run[0]}: no such program"


def _unreachable(mail: Mail) -> str:
    try:
        with mail_server(mail) as server:
            server.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        return f"{mail.server}: {error}"
    return ""
