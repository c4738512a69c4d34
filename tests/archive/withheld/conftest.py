"""The archive of `dossier`, which nobody changes, and a copy to decide about."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from archive.layout import Archive
from archive.store import Store
from crawler.items import KINDS, Member
from tests.archive.browse_archive import SITE, Building, build, response, section
from tests.archive.withheld.dossier import MEMBER, SECRET, TEXT


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("withheld") / "archive")
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        third = Building(built, store, datetime(2019, 5, 1, 12, tzinfo=UTC))
        listed = section(Member, TEXT, [MEMBER], organisation=lambda _: "zilveren-vos")
        third.add("secret", SECRET, response(TEXT, "text/html; charset=utf-8"), listed, page_key="dossier")
        third.finish()
        store.derive(SITE, anchors=["home"])
    return built


@pytest.fixture
def archive(built, tmp_path):
    return Archive.open(shutil.copytree(built.archive.root, tmp_path / "archive"))
