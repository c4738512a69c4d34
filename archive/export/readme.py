"""``README.md`` of an export: what it is, what it is made of, how to cite it, and every column in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archive.export.dataset import Dataset
from archive.export.files import File
from archive.export.tables import Table
from archive.formulas import ESCAPING

_MADE_OF = (
    "The dataset digest is a sha256 over the digests of the WARC files, the decisions people took, and the versions of "
    "extractors and site profiles: everything the rows are derived from. It is the same after a rebuild, and another "
    "when one of these is."
)
_WORDS = (
    "The archive saw lists; it did not see anyone join or leave. A bound such as `first_seen` is the time of a capture "
    "that shows it. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`. Integer ids are this export's own; site ids, crawl ids, "
    "organisation ids, record ids and page keys last."
)
_GRAPH = (
    "Nodes are {nodes}; `captures` is 0 for what is only linked to. An edge goes from where a link stands to where it "
    "leads: `hop` says how (L link, E embed, R redirect, M sitemap), `links` how many links of that kind there are, "
    "each page and target URL counted once, `first_seen` and `last_seen` when the captures that show one were made."
)


def readme(dataset: Dataset, format_: str, tables: Sequence[Table], files: Iterable[File], nodes: str) -> Iterator[str]:
    yield from (f"# {dataset.title}", "", f"Dataset digest: `{dataset.digest}`", "", "## How to cite", "")
    yield from (f"> {dataset.citation}", "", "`CITATION.cff` says it for machines.", "", "## What it is", "")
    yield from (f"- sites: {', '.join(dataset.sites) or 'none'}", f"- captures: from {dataset.first} to {dataset.last}")
    for one in dataset.described:
        if one.description:
            yield f"- {one.title}: {one.description}"
    yield from (f"- rights: {said}" for said in dataset.rights)
    yield from (f"- licence of what the sites show: {licence}" for licence in dataset.licences)
    yield f"- takedowns and embargoes that hold: {dataset.withholding}; what they withhold is not in here"
    yield from ("", _MADE_OF, "")
    if format_ in ("csv", "datapackage"):
        yield from (ESCAPING, "", "NULL and the empty text are both an empty cell.", "")
    if not tables:
        yield from (_GRAPH.format(nodes=nodes), "")
    yield from ("## Files", "", "| file | rows | bytes | sha256 |", "| --- | --- | --- | --- |")
    for file in files:
        rows = ", ".join(f"{count} {what}" for what, count in file.rows.items()) if len(file.rows) != 1 else next(
            iter(file.rows.values()))  # fmt: skip
        yield f"| `{file.name}` | {rows} | {file.size} | `{file.digest.removeprefix('sha256:')}` |"
    if tables:
        yield from ("", "## Columns", "", _WORDS)
    for table in tables:
        yield from ("", f"### {table.name}", "", table.says, "", "| column | type | means |", "| --- | --- | --- |")
        yield from (f"| `{column.name}` | {column.type} | {column.says} |" for column in table.columns)
    yield ""
