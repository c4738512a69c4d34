"""The link graph, read back by networkx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import networkx as nx
import pytest

from archive.layout import Archive
from archive.model import Link
from archive.store.decisions import append_decision
from tests.archive.export_archive import export
from tests.archive.store_builders import HOME, SITE, day, open_store, reading, write

READERS = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = Archive.create(tmp_path_factory.mktemp("graph") / "archive", operator="A & B <c>")
    with open_store(archive.root) as store:
        links = [
            Link(f"{HOME}b", "L", "a@href", "b"),
            Link("http://elders.test/x?a=1&b=2", "L", "a@href", "x"),
            Link("http://elders.test/x?a=1&b=2", "E", "img@src", None),
            Link("mailto:jan@example.org", "L", "a@href", "mail"),
        ]
        css = [Link(f"{HOME}plaatje.png", "E", "url()", None)]
        for number in range(2):
            write(
                store,
                number,
                reading(number, links=links[: 4 - number], text=f"Titel \x0b & <b> {number}"),
                reading(number, url=f"{HOME}b", key="b", second=1, links=[Link(HOME, "L", "a@href", "terug")]),
                reading(number, url=f"{HOME}c.css", key=None, text=None, mime="text/css", second=2, links=css),
            )
        store.derive(SITE)
    return archive


def read(archive, out: Path, format_: str, nodes: str):
    done = export(archive, out, "--format", format_, "--nodes", nodes)
    path = out / f"{nodes}.{format_}"
    graph = READERS[format_](path)
    assert done["files"][0]["rows"] == {"nodes": graph.number_of_nodes(), "edges": graph.number_of_edges()}
    named = {id_: data.get("url") or data["label"] for id_, data in graph.nodes(data=True)}
    return graph, {
        (named[s], named[t], data["hop"]): (data["links"], data["first_seen"], data["last_seen"])
        for s, t, data in graph.edges(data=True)
    }


@pytest.mark.parametrize("format_", ["graphml", "gexf"])
def test_hosts_are_joined_by_the_links_between_their_pages(archive, tmp_path, format_):
    graph, edges = read(archive, tmp_path / "out", format_, "hosts")
    assert edges == {
        ("example.test", "example.test", "L"): (2, day(0), day(1, 1)),
        ("example.test", "example.test", "E"): (1, day(0, 2), day(1, 2)),
        ("example.test", "elders.test", "L"): (1, day(0), day(1)),
        ("example.test", "elders.test", "E"): (1, day(0), day(1)),
    }
    assert {data["label"]: data["captures"] for _, data in graph.nodes(data=True)} == {
        "example.test": 6,
        "elders.test": 0,
    }
    assert graph.is_directed()


@pytest.mark.parametrize("format_", ["graphml", "gexf"])
def test_pages_are_known_by_page_key_and_others_by_url(archive, tmp_path, format_):
    graph, edges = read(archive, tmp_path / "out", format_, "pages")
    urls = {data.get("url") for _, data in graph.nodes(data=True)}
    assert urls == {HOME, f"{HOME}b", f"{HOME}c.css", f"{HOME}plaatje.png", "http://elders.test/x?a=1&b=2"}
    assert edges[HOME, f"{HOME}b", "L"] == (1, day(0), day(1))
    assert (f"{HOME}b", HOME, "L") in edges
    assert len(edges) == 5
    assert ("http://example.test/c.css", f"{HOME}plaatje.png", "E") in edges


@pytest.mark.parametrize("format_", ["graphml", "gexf"])
def test_the_file_is_xml_whatever_titles_hold_and_says_how_to_cite_it(archive, tmp_path, format_):
    done = export(archive, tmp_path / "out", "--format", format_, "--nodes", "pages")
    text = (tmp_path / "out" / f"pages.{format_}").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert done["citation"] in "".join(root.itertext())
    assert "A & B <c>" in done["citation"]


def test_what_is_taken_down_is_no_node(archive, tmp_path):
    path = archive.decisions / "a.jsonl"
    append_decision(path, who="Jo", action="takedown", scope=f"{HOME}b")
    append_decision(path, who="Jo", action="takedown", scope="http://elders.test/")
    try:
        export(archive, tmp_path / "out", "--format", "gexf", "--nodes", "pages")
    finally:
        path.unlink()
    text = (tmp_path / "out" / "pages.gexf").read_text()
    assert HOME in text
    assert f"{HOME}b" not in text
    assert "elders" not in text


MEASURE = """
import re, sys
from pathlib import Path
from archive.export.export import Wanted, export
from archive.layout import Archive
export(Archive.open(sys.argv[1]), Path(sys.argv[2]), Wanted("graphml", nodes="pages"), {})
# Not ru_maxrss: the process inherits that of the one it was forked from.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_does_not_grow_with_the_graph(tmp_path):
    def peak_kib(number: int) -> int:
        root = tmp_path / str(number)
        archive = Archive.create(root)
        with open_store(root) as store:
            write(store, 0, reading(0))
            store.derive(SITE)
            store.db.conn.execute("BEGIN")
            store.db.conn.executemany(
                "INSERT INTO link VALUES (1, ?, 'L', 'a@href', NULL)",
                ((f"http://h{n}.test/{'x' * 200}",) for n in range(number)),
            )
            store.db.conn.execute("COMMIT")
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(archive.root), str(tmp_path / f"out{number}")],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return int(done.stdout)

    small = peak_kib(5_000)
    assert peak_kib(200_000) < small + 20_000
