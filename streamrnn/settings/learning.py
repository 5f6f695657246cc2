"""Settings of what is learned and told."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_serializer
from pydantic_core import PydanticCustomError

from streamrnn.settings.section import Section

Horizon = Annotated[int, Field(ge=1, le=10_000)]
Cell = Literal["gru", "lstm", "rnn", "rnn_relu", "lru"]


def _ascending(horizons: tuple[int, ...]) -> tuple[int, ...]:
    """The horizons, if they begin with 1 and rise: the network learns from the next step."""
    if horizons[0] != 1 or any(later <= earlier for earlier, later in pairwise(horizons)):
        raise PydanticCustomError("horizons", "must begin with 1 and rise")
    return horizons


def _quantiles(shares: tuple[float, ...]) -> tuple[float, ...]:
    """The shares, if they rise and have the median among them, which is the network's forecast."""
    if 0.5 not in shares or any(later <= earlier for earlier, later in pairwise(shares)):
        raise PydanticCustomError("quantiles", "must rise and contain 0.5")
    return shares


class Model(Section):
    """The network and how it learns."""

    kind: Literal["network", "none"] = Field(
        default="network",
        description="network: learns and forecasts. none: does nothing, for measuring the daemon alone.",
    )
    engine: Literal["auto", "compiled", "torch"] = Field(
        default="auto",
        description="compiled: fast, same bits on every machine of a kind; one layer without layer_norm. torch: the "
        "slow reference, which runs every network. auto: compiled where it can.",
    )
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="Number format of weights and states."
    )
    cell: Cell = Field(
        default="gru",
        description="Recurrent cell: gated recurrent unit, long short-term memory, Elman's simple network with tanh "
        "or with a rectifier, or a linear recurrent unit, whose gradient is exact however far back its cause (k2 is "
        "not used).",
    )
    head: Literal["point", "quantiles", "gaussian", "student_t"] = Field(
        default="point",
        description="What the network says of the next step: a forecast; quantiles, of which the median is the "
        "forecast; or a distribution, of which the location is (on the torch engine alone).",
    )
    quantiles: Annotated[tuple[Annotated[float, Field(ge=1e-6, le=1 - 1e-6)], ...], AfterValidator(_quantiles)] = Field(
        default=(0.05, 0.25, 0.5, 0.75, 0.95),
        strict=False,
        min_length=1,
        max_length=20,
        json_schema_extra={
            "allowed": "a list of at most 20 numbers from 0.000001 to 0.999999 that rises and contains 0.5"
        },
        description="Shares of outcomes below each quantile, with head: quantiles.",
    )
    hidden_size: int = Field(default=32, ge=4, le=512, multiple_of=4, description="Hidden units of a recurrent layer.")
    layers: int = Field(default=1, ge=1, le=4, description="Recurrent layers, each reading the one below.")
    layer_norm: bool = Field(
        default=False, description="Whether each gate's sum is normalised over the hidden units of its layer."
    )
    k1: int = Field(default=1, ge=1, le=256, description="Events of a stream between two learning passes.")
    k2: int = Field(default=8, ge=1, le=256, description="Events that a learning pass goes back.")
    lookahead: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Later events of its stream that the answer to an event waits for, with labels: a second network "
        "runs backward over them. 0: none.",
    )
    learning_rate: float = Field(default=2e-3, gt=0, le=1, description="Step size of the optimiser (no unit).")
    clip_norm: float = Field(
        default=1.0,
        gt=0,
        le=1e6,
        description="Largest norm of a mean gradient (no unit); a longer one is scaled down to it.",
    )
    loss: Literal["huber", "l1"] = Field(
        default="huber", description="What learning makes small: Huber's loss, or the absolute error."
    )
    huber_delta: float = Field(
        default=1.0, gt=0, le=1e6, description="Error, in running standard deviations, from which huber grows linearly."
    )
    records_per_step: int = Field(
        default=8, ge=1, le=65_536, description="Events per optimiser step; with fewer live streams, as many as those."
    )
    start_from: Path | None = Field(
        default=None,
        strict=False,
        description="File that `streamrnn export` wrote: a new model begins with those of its weights that fit. null: "
        "all are drawn from the seed.",
    )


class Forecast(Section):
    """What is forecast, and in which steps."""

    horizons: Annotated[tuple[Horizon, ...], AfterValidator(_ascending)] = Field(
        default=(1, 24),
        strict=False,
        min_length=1,
        max_length=200,
        json_schema_extra={"allowed": "a list of whole numbers that rises from 1, none above 10000"},
        description="Steps ahead of each event that are forecast.",
    )
    interval: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="Seconds of one step of a stream: step = floor(time / interval). null: every event is a step.",
    )
    season: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Steps of one season; the network sees the value one season ago. null: none.",
    )
    long_season: int | None = Field(
        default=None,
        ge=2,
        le=100_000,
        description="Steps of a longer season, such as the week of a daily one. null: none.",
    )
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.9,),
        strict=False,
        max_length=20,
        json_schema_extra={"allowed": "a list of numbers between 0 and 1, or []"},
        description="Coverage of the intervals that stand with each forecast. []: no intervals.",
    )


class FurtherNetwork(Section):
    """A further network: what it has not in common with `Model`, null where it has."""

    learning_rate: float | None = Field(default=None, gt=0, le=1, description="Step size of its optimiser.")
    cell: Cell | None = Field(default=None, description="Its recurrent cell.")
    hidden_size: int | None = Field(
        default=None, ge=4, le=512, multiple_of=4, description="Hidden units of each of its layers."
    )
    k2: int | None = Field(default=None, ge=1, le=256, description="Events that its learning passes go back.")

    @model_serializer
    def _given(self) -> dict[str, Any]:
        """What was given, as it is written."""
        return {name: value for name, value in self if value is not None}

    @property
    def name(self) -> str:
        """What it is called among the experts."""
        words = [self.cell, self.hidden_size, self.k2 and f"k2 {self.k2}", self.learning_rate]
        return " ".join(["network", *(word if isinstance(word, str) else f"{word:g}" for word in words if word)])


class Experts(Section):
    """Whose forecasts each stream mixes, beside the last value and the network."""

    ridge: bool = Field(
        default=True,
        description="Whether a seasonal ridge regression forecasts each stream, for the network to correct.",
    )

    linear: tuple[Annotated[float, Field(gt=0.9, le=1)], ...] = Field(
        default=(0.9999,),
        strict=False,
        max_length=4,
        json_schema_extra={"allowed": "a list of at most 4 numbers between 0.9 and 1, or []"},
        description="A linear expert on a stream's last 24 changes for each factor by which its memory fades a record.",
    )
    networks: tuple[Annotated[float, Field(gt=0, le=1)] | FurtherNetwork, ...] = Field(
        default=(),
        strict=False,
        max_length=4,
        json_schema_extra={
            "allowed": "a list of at most 4 learning rates and groups such as {cell: lstm, hidden_size: 64} (keys: "
            "learning_rate, cell, hidden_size, k2), or []"
        },
        description="Further networks, each an expert: a learning rate, or what else is not as in `model`.",
    )

    @property
    def further(self) -> tuple[FurtherNetwork, ...]:
        """The further networks."""
        return tuple(
            each if isinstance(each, FurtherNetwork) else FurtherNetwork(learning_rate=each) for each in self.networks
        )


class Drift(Section):
    """What is done where forecasts have become worse for good."""

    stream: Literal["none", "report", "reset_mixture"] = Field(
        default="report",
        description="none: streams are not watched. report: an alarm is published with the event that raised it. "
        "reset_mixture: besides, the stream's experts are weighed anew.",
    )
    shard: Literal["none", "report", "learning_rate", "reset_moments"] = Field(
        default="report",
        description="none: the network's loss is not watched. report: alarms are counted and logged. learning_rate: "
        "besides, the optimiser takes larger steps for a while. reset_moments: besides, its moments begin anew.",
    )
    threshold: float = Field(
        default=10.0,
        ge=1,
        le=1000,
        description="Deviations by which mean losses must have risen, summed over blocks of 8, for an alarm.",
    )
    boost: float = Field(
        default=2.0, ge=1, le=100, description="Factor on the learning rate after an alarm, with shard: learning_rate."
    )
    boost_records: int = Field(
        default=500,
        ge=1,
        le=1_000_000_000,
        description="Events of the partition that it lasts for, with shard: learning_rate.",
    )


class Anomaly(Section):
    """How records are judged that are unlike what their stream has brought."""

    enabled: bool = Field(default=True, description="Whether records get an anomaly score.")
    memory: int = Field(
        default=250,
        ge=40,
        le=100_000,
        description="Stretches of 3 or 6 events that a stream remembers, to tell whether the last ones are new.",
    )
    threshold: float = Field(
        default=2.6, ge=-100, le=100, description="Score from which an alert is given; one more halves the alerts."
    )
    warm_up: int = Field(
        default=500,
        ge=0,
        le=1_000_000,
        description="Events of a stream before its first alert: a stream's first days are new to it. Scores are given, "
        "from event 120 on.",
    )
