"""People are told by a real mail server, a real web server, a real program; in one message."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from archive.errors import BadProfile, WrongUse
from archive.layout import Archive
from crawler.alerting.digest import compose
from crawler.alerting.gather import Alert
from crawler.alerting.send import send
from crawler.alerting.tell import tell, tell_after_crawl
from tests.crawler.alerting.ways import PASSWORD, mail_to, settings
from tests.front_door import bewaar
from tests.site_server import Site


def test_a_mail_comes_with_its_password_out_of_the_environment(archive, server, monkeypatch):
    mailbox, place = server
    mailbox.mails.clear()
    monkeypatch.setenv("BEWAAR_MAIL", PASSWORD)
    found = settings(archive, mail_to(place, 'user = "bewaar"\npassword = { env = "BEWAAR_MAIL" }'))
    evil = Alert("k", "Zo'n “pagina”\r\nBcc: all@example.org", "bewaar report")
    assert send(compose((evil,), (), _words("nl")), found, archive) == [("mail", None)]
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == (
        "Bewaar: 1 ding om naar te kijken", "jo@example.org", "auto-generated",
    )  # fmt: skip
    assert mail["Bcc"] is None
    assert "“pagina”" in mail.get_content()
    assert mailbox.logins == [PASSWORD.encode()]


def test_a_server_that_refuses_is_named_and_the_password_is_not(archive, server, tmp_path):
    _, place = server
    secret = tmp_path / "secret"
    secret.write_text("verkeerd-wachtwoord")
    secret.chmod(0o600)
    found = settings(archive, mail_to(place, f'user = "bewaar"\npassword = {{ file = "{secret}" }}'))
    ((way, fault),) = send(_one(), found, archive)
    assert way == "mail"
    assert place in (fault or "")
    assert "535" in (fault or "")
    assert "wachtwoord" not in (fault or "")
    secret.chmod(0o644)
    ((_, fault),) = send(_one(), found, archive)
    assert "can be read by others" in (fault or "")
    assert "bewaar.toml line 10: alerts.mail.password" in (fault or "")


def test_without_tls_where_it_is_wanted_nothing_is_sent(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    found = settings(archive, mail_to(place).replace('tls = "off"\n', ""))
    ((_, fault),) = send(_one(), found, archive)
    assert "STARTTLS" in (fault or "")
    assert mailbox.mails == []


def test_a_webhook_and_a_command_get_the_digest_and_one_that_fails_keeps_none_from_going(
    archive, tmp_path, monkeypatch
):
    said = tmp_path / "said"
    program = f"import sys; open({str(said)!r}, 'w').write(sys.stdin.read())"
    with Site({}) as site:
        posted: list[bytes] = []
        site._answer_post = lambda _path, _headers, sent: (posted.append(sent), (200, {}, b"ok"))[1]  # type: ignore[method-assign]
        monkeypatch.setenv("HOOK", site.url("/hook"))
        ways = f'[alerts.webhook]\nurl = {{ env = "HOOK" }}\n[alerts.command]\nrun = {json.dumps([sys.executable, "-c", program])}\n'
        found = settings(archive, mail_to("127.0.0.1:1") + ways)
        done = dict(send(_one(), found, archive))
    assert (done["webhook"], done["command"]) == (None, None)
    assert "127.0.0.1:1" in (done["mail"] or "")
    assert json.loads(posted[0])["alerts"] == [{"key": "k", "text": "text", "command": "bewaar report"}]
    assert said.read_text() == "Bewaar: 1 thing to look at\n\n- text\n    bewaar report\n"
    # The address is a secret, and stands in no complaint.
    ((_, fault),) = send(_one(), settings(archive, ways.partition("[alerts.command]")[0]), archive)
    assert site.url("/hook") not in (fault or "")
    assert (fault or "").startswith("the webhook: ")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('mail = "jo@example.org"', "line 4: alerts.mail"),
        ("[alerts.mail]\nto = []", "alerts.mail.to"),
        (mail_to("a b"), "line 7: alerts.mail.server"),
        (mail_to("a", 'password = "geheim"'), "line 9: alerts.mail.password"),
        (mail_to("a", 'user = "jo"'), "alerts.mail: user and password go together"),
        ('[alerts.webhook]\nurl = "file:///etc/passwd"', "line 5: alerts.webhook.url"),
        ("[alerts.command]\nrun = []", "line 5: alerts.command.run"),
        ("nothing_knew = 3", "line 4: alerts.nothing_knew: no such key; did you mean nothing_new?"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(archive, toml, said):
    with pytest.raises(BadProfile, match=r"bewaar\.toml") as error:
        settings(archive, toml)
    assert said in str(error.value)
    assert "geheim" not in str(error.value)


def test_the_front_door_sends_a_test_and_says_where_nobody_is_to_be_told(archive, server):
    mailbox, place = server
    mailbox.mails.clear()
    assert "nobody is to be told" in bewaar("alerts", "test", "--archive", archive.root, code=2).stderr
    settings(archive, mail_to(place))
    assert bewaar("alerts", "test", "--archive", archive.root).stdout == "mail: sent\n"
    assert len(mailbox.mails) == 1
    assert tell_after_crawl(Archive.create(archive.root.parent / "other", contact="jo@example.org")) == []
    with pytest.raises(WrongUse):
        tell(Archive.open(archive.root.parent / "other"))


def _words(language: Any = "en") -> Any:
    from archive.report.words import Words

    return Words(language)


def _one() -> Any:
    return compose((Alert("k", "text", "bewaar report"),), (), _words())
