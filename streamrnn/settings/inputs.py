"""Settings of what the network sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from streamrnn.settings.section import Name, Section

MOST_CODES = 10_000  # of all categories together
MOST_FIELDS = 64  # of booleans, and of categories
BESIDE_VALUES, BESIDE_BUCKETS = 2, 1  # codes beside those of the values: missing and other; with buckets missing alone
_LEAST_BUCKETS = 2
_ALLOWED = (
    "a mapping of fields to values or to a number of buckets, such as {weather: [rain, sun], shop: 1000}, of at most "
    f"{MOST_FIELDS} fields, with no value twice and {MOST_CODES} values and buckets in all"
)


def category_text(value: str | int | bool) -> str:
    """A category's value as the text by which it is known: true and "true" are one, so are 1 and "1".

    Raises
    ------
    ValueError
        For an integer longer than Python turns into text.
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(categories: Any) -> Any:
    """The listed values as texts, whatever they were written as."""
    if not isinstance(categories, Mapping):
        return categories
    return {
        name: tuple(category_text(value) if isinstance(value, int) else value for value in values)
        if isinstance(values, list | tuple)
        else values
        for name, values in categories.items()
    }


def _bounded(categories: dict[str, int | tuple[str, ...]]) -> dict[str, int | tuple[str, ...]]:
    """The categories, if their codes are few enough and none is given twice."""
    sizes = [codes_of(values) for values in categories.values()]
    wrong = any(isinstance(values, tuple) and len(set(values)) < len(values) for values in categories.values())
    if wrong or len(sizes) > MOST_FIELDS or sum(sizes) > MOST_CODES:
        raise PydanticCustomError("categories", "must be " + _ALLOWED)
    return categories


def codes_of(values: int | tuple[str, ...]) -> int:
    """Codes of a category, with those for what is missing or not listed."""
    return values + BESIDE_BUCKETS if isinstance(values, int) else len(values) + BESIDE_VALUES


Buckets = Annotated[int, Field(ge=_LEAST_BUCKETS, le=MOST_CODES)]
Listed = Annotated[Name, WithJsonSchema({"type": ["string", "integer", "boolean"], "minLength": 1})]  # as it is written
Values = Annotated[tuple[Listed, ...], Field(min_length=1, max_length=MOST_CODES)]


class Inputs(Section):
    """What the network sees of each event, by name."""

    level: bool = Field(default=True, description="Each feature as a running z-score of its stream, cut at 8.")
    change: bool = Field(
        default=True,
        description="Each feature's change since the stream's last value, in running root mean squares of its changes, "
        "cut at 8.",
    )
    missing: bool = Field(default=True, description="For each feature 1 where the event lacks it, else 0.")
    elapsed: bool = Field(
        default=False,
        description="Logarithm of the seconds since the stream's last event, as a running z-score of its stream, cut "
        "at 8.",
    )
    calendar: bool = Field(
        default=False, description="Sine and cosine of the time of day and of the week (UTC) of the event time."
    )
    seasonal: bool = Field(
        default=True,
        description="With forecast.season, each target's value and change one season before the next step, in running "
        "changes, cut at 8.",
    )
    error: bool = Field(
        default=True,
        description="With experts.ridge, its last known error of each target, in running changes, cut at 8.",
    )
    booleans: tuple[Name, ...] = Field(
        default=(),
        strict=False,
        max_length=MOST_FIELDS,
        description="Fields with true or false: 1 or -1, and 0 where missing.",
    )
    categories: Annotated[dict[Name, Buckets | Values], BeforeValidator(_texts), AfterValidator(_bounded)] = Field(
        default={},
        json_schema_extra={"allowed": _ALLOWED},
        description="Fields with texts, integers or booleans, each with its values, or with the number of buckets they "
        "are hashed into.",
    )
    embedding: int = Field(default=8, ge=1, le=64, description="Numbers that stand for a value of a category.")

    @property
    def category_names(self) -> tuple[str, ...]:
        """The categories in the order of their codes, which is that of their names."""
        return tuple(sorted(self.categories))

    @property
    def codes(self) -> int:
        """Codes of all categories together."""
        return sum(map(codes_of, self.categories.values()))
