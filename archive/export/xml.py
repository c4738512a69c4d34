"""A graph as GraphML or as GEXF 1.2, written node by node and edge by edge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from archive.export.dataset import Dataset
from archive.export.graph import Edge, Graph, Node

#: what XML 1.0 has no place for, not even escaped
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TYPES = {"captures": "int", "links": "int"}
_OF_NODES = tuple(field.name for field in fields(Node) if field.name != "id")
_OF_EDGES = tuple(field.name for field in fields(Edge) if field.name not in ("source", "target"))


def write_graphml(graph: Graph, path: Path, dataset: Dataset) -> dict[str, int]:
    """The number of nodes and edges. Raises OSError."""
    with path.open("x", encoding="utf-8") as file:
        file.write(f'{_HEAD}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        file.write(f"<desc>{_text(dataset.citation)}</desc>\n")
        for of, names in (("node", _OF_NODES), ("edge", _OF_EDGES)):
            for name in names:
                kind = _TYPES.get(name, "string")
                file.write(f'<key id="{of}_{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n')
        file.write('<graph id="links" edgedefault="directed">\n')
        nodes = _write(file, (
            f'<node id="n{node.id}">{_data("node", _values(node, _OF_NODES))}</node>\n' for node in graph.nodes()
        ))  # fmt: skip
        edges = _write(file, (
            f'<edge source="n{edge.source}" target="n{edge.target}">{_data("edge", _values(edge, _OF_EDGES))}</edge>\n'
            for edge in graph.edges()
        ))  # fmt: skip
        file.write("</graph>\n</graphml>\n")
    return {"nodes": nodes, "edges": edges}


def write_gexf(graph: Graph, path: Path, dataset: Dataset) -> dict[str, int]:
    """The number of nodes and edges. Raises OSError."""
    own = tuple(name for name in _OF_NODES if name != "label")
    with path.open("x", encoding="utf-8") as file:
        file.write(f'{_HEAD}<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n')
        file.write(f"<meta lastmodifieddate={_attribute(dataset.exported_at[:10])}>")
        file.write(f"<creator>{_text(dataset.operator)}</creator>")
        file.write(f"<description>{_text(dataset.citation)}</description></meta>\n")
        file.write('<graph mode="static" defaultedgetype="directed">\n')
        for of, names in (("node", own), ("edge", _OF_EDGES)):
            file.write(f'<attributes class="{of}">')
            for name in names:
                kind = {"int": "integer"}.get(_TYPES.get(name, ""), "string")
                file.write(f'<attribute id="{name}" title="{name}" type="{kind}"/>')
            file.write("</attributes>\n")
        file.write("<nodes>\n")
        nodes = _write(file, (
            f'<node id="n{node.id}" label={_attribute(node.label)}>{_attvalues(_values(node, own))}</node>\n'
            for node in graph.nodes()
        ))  # fmt: skip
        file.write("</nodes>\n<edges>\n")
        edges = _write(file, (
            f'<edge id="e{number}" source="n{edge.source}" target="n{edge.target}" weight="{edge.links}">'
            f"{_attvalues(_values(edge, _OF_EDGES))}</edge>\n"
            for number, edge in enumerate(graph.edges())
        ))  # fmt: skip
        file.write("</edges>\n</graph>\n</gexf>\n")
    return {"nodes": nodes, "edges": edges}


WRITERS: Mapping[str, Callable[[Graph, Path, Dataset], dict[str, int]]] = {
    "graphml": write_graphml,
    "gexf": write_gexf,
}


def _write(file: TextIO, pieces: Iterator[str]) -> int:
    count = 0
    for piece in pieces:
        file.write(piece)
        count += 1
    return count


def _values(of: Node | Edge, names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(value) for name in names if (value := getattr(of, name)) is not None}


def _data(of: str, values: dict[str, str]) -> str:
    return "".join(f'<data key="{of}_{name}">{_text(value)}</data>' for name, value in values.items())


def _attvalues(values: dict[str, str]) -> str:
    inner = "".join(f'<attvalue for="{name}" value={_attribute(value)}/>' for name, value in values.items())
    return f"<attvalues>{inner}</attvalues>"


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", value))


def _attribute(value: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", value))
