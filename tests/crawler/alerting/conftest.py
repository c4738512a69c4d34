"""A mail server that wants a password, and an archive whose people are to be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store import Store
from crawler.items import KINDS
from tests.archive.store_builders import SITE, members, reading, write
from tests.crawler.alerting.ways import Mailbox
from tests.mailbox import AnyPort


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Mailbox, str]]:
    mailbox = Mailbox()
    controller = AnyPort(
        mailbox, "127.0.0.1", 0, authenticator=mailbox.authenticate, auth_require_tls=False, server_hostname="localhost"
    )
    controller.start()
    yield mailbox, f"127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive.create(tmp_path / "a", contact="jo@example.org")
    with Store(made.database, KINDS) as store:
        store.write_site(SITE, name="Example")
        for number in range(3):
            write(store, number, reading(number, members("A")))
        store.derive(SITE)
    return made
