"""What was behind a login is replayed by pywb with its secrets masked, a revisit as its original."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.crawler.crawled import query
from tests.crawler.test_login_echo import ECHOES, HTML, answer
from tests.front_door import crawl
from tests.login_site import ENVIRONMENT, KEY, PASSWORD, SECRETS, declare
from tests.replayers import pywb
from tests.wire_server import WireServer

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.chromium]

PAGES = ("raw", "chunked", "bytewise", "cookies", "gzip-clean")


def test_what_was_behind_a_login_is_replayed_with_its_secrets_masked(
    pywb_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "a"
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    index = "".join(f'<a href="/{name}">x</a>' for name in PAGES).encode()
    with WireServer(own={**{name: ECHOES[name] for name in PAGES}, "": answer(index, HTML)}) as server:
        url = f"http://127.0.0.1:{server.port}/"
        for _ in range(2):
            crawl(declare(archive, url), archive, code=1)
    rows = query(archive, "SELECT r.url, c.warc_date, c.record_type FROM capture c JOIN resource r"
                          " ON r.id = c.resource_id WHERE c.status = 200")  # fmt: skip
    told: dict[tuple[str, str], bytes] = {}
    with pywb(archive, pywb_home) as address:
        for page_url, date, kind in rows:
            digits = "".join(filter(str.isdigit, date))[:14]
            with urlopen(f"{address}/{digits}id_/{page_url}") as replayed:
                told[page_url.removeprefix(url), kind] = replayed.read()
    for kind in ("response", "revisit"):
        assert told["chunked", kind] == b"<p>before %s after</p>" % (b"x" * len(PASSWORD.encode()))
        assert told["bytewise", kind] == b"<p>before %s after</p>" % (b"x" * len(KEY))
        assert told["cookies", kind] == b"<p>x</p>"
        # pywb decodes for who did not ask for gzip.
        assert told["gzip-clean", kind] == b"<p>no secret of anybody's</p>"
    for body in told.values():
        assert not any(secret.encode() in body for secret in SECRETS)
