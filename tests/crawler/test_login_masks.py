"""What a spider behind a login says, in its log and of its seeds, holds no secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.layout import Archive
from crawler.begin import begin_crawl
from crawler.capture.forms import Forms
from crawler.frontier import ATTEMPTS
from crawler.sites.profile_files import load_profile
from crawler.spiders.site import SiteSpider
from tests.login_site import ENVIRONMENT, KEY, declare

URL = "http://example.test/"


@pytest.fixture
def spider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SiteSpider]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    name = declare(tmp_path / "a", URL)
    archive = Archive.open(tmp_path / "a")
    begun = begin_crawl(archive, load_profile(name, archive))
    yield SiteSpider(begun)
    begun.close()


def test_a_log_line_and_a_traceback_are_masked_while_the_crawl_lasts(
    spider: SiteSpider, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        int(KEY)
    except ValueError:
        logging.getLogger("another").warning("said %s", KEY, exc_info=True)
    assert f"said {'x' * len(KEY)}" in caplog.text
    assert f"10: '{'x' * len(KEY)}'" in caplog.text
    assert KEY not in caplog.text
    spider.begun.close()
    logging.getLogger("another").warning("said %s", KEY)
    assert KEY in caplog.text


def test_the_error_of_a_seed_that_failed_is_masked(spider: SiteSpider) -> None:
    spider.frontier.add_seed(URL)
    found = spider.frontier.find(URL)
    assert found
    failure = Failure(ValueError(f"no such {KEY}"))
    failure.request = Request(URL, meta={"url_id": found[0], "attempts": ATTEMPTS})  # type: ignore[attr-defined]
    spider.failed(failure)
    assert spider.outcome.seeds[URL].error == f"no such {'x' * len(KEY)}"


def test_where_a_seed_leads_is_masked(spider: SiteSpider) -> None:
    response = Response(URL, status=302, headers={"Location": f"http://elsewhere.test/?key={KEY}"})
    spider._seeds.answered(Request(URL), response)
    assert spider.outcome.seeds[URL].redirected == f"http://elsewhere.test/?key={'x' * len(KEY)}"


def test_html_names_and_latin_escapes_are_spellings_too() -> None:
    forms = Forms(["caf\u00e9 & s\u00fcd"])
    for text in (
        b"caf&eacute; &amp; s&uuml;d",
        b"caf&eacute &amp s&uumld",
        b"caf%E9+%26+s%FCd",
        b"caf%25e9%20%26%20s%fcd",
    ):
        assert forms.find(b"<p>" + text + b"</p>") == [(3, 3 + len(text))]
