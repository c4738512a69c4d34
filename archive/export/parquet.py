"""Tables as Parquet, in batches of bounded size; columns and file carry their descriptions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archive.errors import WrongUse
from archive.export.dataset import Dataset
from archive.export.tables import Table

_BATCH_ROWS = 10_000
#: characters of text, or a batch of long pages would take gigabytes
_BATCH_CHARACTERS = 8_000_000


def check_installed() -> None:
    """Raises WrongUse."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise WrongUse("Parquet needs pyarrow: pip install 'bewaar[parquet]'") from error


def write_parquet(connection: sqlite3.Connection, table: Table, path: Path, dataset: Dataset) -> int:
    """The number of rows. Raises OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64()}
    schema = pa.schema(
        [pa.field(c.name, types[c.type], metadata={"description": c.says}) for c in table.columns],
        metadata={"title": dataset.title, "description": table.says, "digest": dataset.digest,
                  "citation": dataset.citation},
    )  # fmt: skip
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(table, connection):
            columns = [
                pa.array(_fitting(values, column.type), field.type)
                for values, column, field in zip(zip(*batch, strict=True), table.columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += len(batch)
            del columns
    return count


def _fitting(values: tuple[Any, ...], type_: str) -> list[Any]:
    """A column of an expression may mix types: it is a text then."""
    if type_ == "TEXT":
        return [value if value is None or isinstance(value, str) else str(value) for value in values]
    return list(values)


def _batches(table: Table, connection: sqlite3.Connection) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    characters = 0
    for row in table.rows(connection):
        batch.append(row)
        characters += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(batch) >= _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield batch
            # Whoever was given it still holds it: two of them would be in memory while the next is read.
            batch.clear()
            characters = 0
    if batch:
        yield batch
