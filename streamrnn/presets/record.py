"""One record as it was found in a file or a topic, before anybody knows what its fields mean."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple


class Record(NamedTuple):
    """Fields, and what a log knows beside them.

    Attributes
    ----------
    fields : by name, None where missing; numbers are text where a CSV was read
    key : of the record in Kafka, as text; None if it has none
    timestamp : of the record in Kafka, seconds since 1970; NaN if it has none
    """

    fields: Mapping[str, Any]
    key: str | None = None
    timestamp: float = math.nan
