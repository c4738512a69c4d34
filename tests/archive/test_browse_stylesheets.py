"""A fact that a linked style sheet shows has two proofs on its capture's page."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from archive.browse.serve import build as build_datasette
from tests.archive.browse_archive import build
from tests.archive.browse_server import running

RULE = ".lantaarn { background: url(<i>1000.png) }"


def test_the_rule_of_the_style_sheet_stands_beside_the_quote_and_leads_to_the_sheet(tmp_path):
    built = build(tmp_path / "archive")
    with closing(sqlite3.connect(built.archive.database)) as connection, connection:
        observation, fact, page = connection.execute(
            "SELECT observation_id, fact_id, record_id FROM fact_source WHERE role = 'sponsor' ORDER BY 1 DESC, 2"
        ).fetchone()
        sheet, sheet_record = connection.execute(
            "SELECT c.id, c.record_id FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.url LIKE '%.css'"
        ).fetchone()
        row = (observation, fact, sheet, RULE, 3, 45)
        connection.execute("INSERT INTO style_evidence VALUES (?,?,?,?,?,?)", row)
    with running(build_datasette(built.archive)) as client:
        shown = client.get(f"/-/capture/{page.removeprefix('<urn:uuid:').rstrip('>')}").text
    assert shown.count("of its style sheet") == 1
    assert ".lantaarn { background: url(&lt;i&gt;1000.png) }" in shown
    assert f'bytes 3 to 45 of its style sheet <a class="bw-long" href="/-/capture/{sheet_record[10:-1]}">' in shown
