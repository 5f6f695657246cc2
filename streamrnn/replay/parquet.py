"""Parquet files as batches of events; the one place that needs pyarrow."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from streamrnn.events.columns import Events, Partition
from streamrnn.replay.cells import Column
from streamrnn.replay.options import Findings, SourceError, SourceOptions
from streamrnn.replay.table import TableReader
from streamrnn.settings.records import Events as EventSettings


def batches(
    file: BinaryIO,
    name: str,
    partition: Partition,
    settings: EventSettings,
    options: SourceOptions,
    findings: Findings,
) -> Iterator[Events]:
    """Events of up to ``options.batch`` rows at a time."""
    try:
        import pyarrow  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from pyarrow import parquet, types
    except ImportError:
        raise SourceError("Parquet needs pyarrow: pip install pyarrow, or make it a CSV") from None
    try:
        table = parquet.ParquetFile(file)
    except pyarrow.ArrowException as error:
        raise SourceError(f"{name} is no Parquet file that can be read: {error}") from None
    schema = table.schema_arrow
    instants = frozenset(each.name for each in schema if types.is_timestamp(each.type) or types.is_date(each.type))
    reader = TableReader(schema.names, partition, settings, options, findings, instants)
    return (
        reader.read([_column(column) for column in batch.columns])
        for batch in table.iter_batches(batch_size=options.batch)
        if batch.num_rows
    )


def _column(column: Any) -> Column:
    """Numbers as float64 with NaN for null, instants as seconds, booleans as true and false, all else as text."""
    from pyarrow import compute, types  # type: ignore[import-not-found,import-untyped,unused-ignore]

    if types.is_timestamp(column.type) or types.is_date(column.type):
        microseconds = compute.cast(compute.cast(column, "timestamp[us]", safe=False), "int64")
        return np.asarray(microseconds.to_numpy(zero_copy_only=False), np.float64) / 1e6
    if types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type):
        return np.asarray(compute.cast(column, "float64").to_numpy(zero_copy_only=False), np.float64)
    if types.is_boolean(column.type):
        return ["" if cell is None else "true" if cell else "false" for cell in column.to_pylist()]
    return ["" if cell is None else str(cell) for cell in column.to_pylist()]
