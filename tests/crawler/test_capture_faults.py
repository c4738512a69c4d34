"""What the capture does when the archive cannot take more, and what it costs in memory."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.wire_run import crawl
from tests.wire_server import MIB, WireServer

BIG = 300 * MIB


def test_crawl_does_not_start_without_a_writer(tmp_path):
    with WireServer() as site:
        requests = [{"url": f"http://127.0.0.1:{site.port}/plain"}]
        crawled = crawl(tmp_path, requests, {"WARC_DIR": str(tmp_path / "nowhere")}, (site,))
        assert site.turns == []
    [done] = crawled.of("done")
    assert done["error"].startswith("ArchiveFault: ")
    assert "nowhere" in done["error"]
    assert not crawled.of("captured")


def test_crawl_does_not_start_on_a_disk_without_its_reserve(tmp_path):
    with WireServer() as site:
        requests = [{"url": f"http://127.0.0.1:{site.port}/plain"}]
        crawled = crawl(tmp_path, requests, {"WARC_RESERVE_BYTES": 1 << 60}, (site,))
        assert site.turns == []
    assert crawled.of("done")[0]["error"].startswith("DiskFull: ")


@pytest.mark.parametrize("large", [False, True], ids=["record", "spool"])
def test_write_fault_stops_the_crawl_and_keeps_what_was_written(tmp_path, large):
    """Writes past a size fail: those to the WARC after a number of exchanges, or those to the file a body waits in."""
    with WireServer() as site:
        requests = [
            {"url": f"http://127.0.0.1:{site.port}/{'3MiB' if large else 'long-header'}?{n}"} for n in range(400)
        ]
        requests.insert(0, {"url": f"http://127.0.0.1:{site.port}/plain"})
        settings = {"WARC_RESERVE_BYTES": 0, "CONCURRENT_REQUESTS": 1, "RETRY_ENABLED": False}
        crawled = crawl(tmp_path, requests, settings, (site,), file_bytes=2 * MIB if large else 200_000)
        # The one in hand when the write failed, and none after it.
        assert len(site.turns) == len(crawled.events) + 1
    assert [told["reason"] for told in crawled.of("closed")] == ["io_fault"]
    assert crawled.of("done")[0]["fault"].startswith("ArchiveFault: ")
    assert crawled.of("error")[0]["error"].startswith("ArchiveFault(")
    assert len(crawled.of("captured")) == len(crawled.events) > 0
    # What was written before is whole, and the file has its final name.
    [file] = crawled.files
    assert file.name.endswith(".warc.gz")
    subprocess.run(["gzip", "-t", file], check=True)


def test_large_body_costs_little_memory(tmp_path):
    with WireServer() as site:
        requests = [{"url": f"http://127.0.0.1:{site.port}/300MiB"}]
        crawled = crawl(tmp_path, requests, {"WARC_MAX_RESPONSE_BYTES": 400 * MIB}, (site,))
    [response] = crawled.of("response")
    [captured] = response["captured"]
    assert captured["truncated"] is None
    assert captured["bytes"] > BIG
    assert response["body"] <= 8 * MIB
    assert crawled.of("done")[0]["rss_kib"] < 150 * 1024
    [file] = crawled.files
    assert _size(file) > BIG


def _size(file: Path) -> int:
    """Bytes in *file*, decompressed; raises when it is damaged."""
    done = subprocess.run(f"gzip -dc {file} | wc -c", shell=True, capture_output=True, check=True)
    return int(done.stdout)
