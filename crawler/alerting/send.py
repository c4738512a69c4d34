"""A digest on its way: by mail, to a webhook, into a command. One that fails does not keep the others from going."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from importlib.metadata import version

from archive.errors import BewaarError, NoAnswer
from archive.layout import Archive
from crawler.alerting.digest import Digest
from crawler.alerting.settings import Alerts, Command, Mail, Webhook, secret_of
from crawler.sites.send import Secret

TIMEOUT_S = 20.0
_MOST_SAID = 200


def send(digest: Digest, alerts: Alerts, archive: Archive) -> list[tuple[str, str | None]]:
    """By each way that is set: its name, and why it failed or None."""
    ways: list[tuple[str, Callable[[], None]]] = []
    if (mail := alerts.mail) is not None:
        ways.append(("mail", lambda: _mail(digest, mail, archive)))
    if (webhook := alerts.webhook) is not None:
        ways.append(("webhook", lambda: _post(digest, webhook, archive)))
    if (command := alerts.command) is not None:
        ways.append(("command", lambda: _run(digest, command, archive)))
    done: list[tuple[str, str | None]] = []
    for name, way in ways:
        try:
            way()
            done.append((name, None))
        except BewaarError as error:
            done.append((name, str(error)))
    return done


@contextmanager
def mail_server(mail: Mail) -> Iterator[smtplib.SMTP]:
    """Raises OSError and SMTPException."""
    host, port = mail.place
    context = ssl.create_default_context()
    if mail.tls == "on":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    with server:
        if mail.tls == "starttls":
            server.starttls(context=context)
        yield server


def _mail(digest: Digest, mail: Mail, archive: Archive) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = digest.subject, mail.sender, ", ".join(mail.to)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="bewaar.invalid")
    # RFC 3834: no holiday reply to a program.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(digest.text)
    password = secret_of(mail.password, archive, "alerts.mail.password") if mail.password else None
    try:
        with mail_server(mail) as server:
            if mail.user is not None and password is not None:
                server.login(mail.user, password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NoAnswer(f"{mail.server}: {_said(error, password)}") from None


def _post(digest: Digest, webhook: Webhook, archive: Archive) -> None:
    url = webhook.url if isinstance(webhook.url, str) else secret_of(webhook.url, archive, "alerts.webhook.url")
    shown = "the webhook" if isinstance(webhook.url, Secret) else url
    body = {
        "text": f"{digest.subject}\n{digest.text}",
        "alerts": [{"key": one.key, "text": one.text, "command": one.command or None} for one in digest.new],
        "over": list(digest.over),
    }
    headers = {"Content-Type": "application/json", "User-Agent": f"Bewaar/{version('bewaar')}"}
    if not url.startswith(("http://", "https://")):
        raise NoAnswer(f"{shown}: not an http(s) URL")
    try:
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  # looked at above
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S):
            pass
    except (OSError, ValueError) as error:
        raise NoAnswer(f"{shown}: {_said(error, url if isinstance(webhook.url, Secret) else None)}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """What is told is told to the address that was given."""


def _run(digest: Digest, command: Command, archive: Archive) -> None:
    try:
        done = subprocess.run(  # what the operator wrote, without a shell
            command.run,
            input=f"{digest.subject}\n\n{digest.text}",
            text=True,
            timeout=TIMEOUT_S,
            capture_output=True,
            cwd=archive.root,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeError) as error:
        raise NoAnswer(f"{command.run[0]}: {_said(error, None)}") from None
    if done.returncode:
        said = f": {why}" if (why := done.stderr.strip()[:_MOST_SAID]) else ""
        raise NoAnswer(f"{command.run[0]}: exit code {done.returncode}{said}")


def _said(error: Exception, secret: str | None) -> str:
    """In one line, without the secret."""
    told = " ".join(str(error).split())[:_MOST_SAID] or type(error).__name__
    return told.replace(secret, "x" * 8) if secret else told
