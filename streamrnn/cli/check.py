"""``streamrnn check``: would the daemon start? Reads, asks, and changes nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.places import Finding, amount, appendable, memory, port, writable
from streamrnn.cli.sights import inputs_table
from streamrnn.cli.waiting import told_waiting
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.events.columns import Partition
    from streamrnn.settings.schema import Settings
    from streamrnn.transport.kafka.look import KafkaLook
    from streamrnn.transport.kafka.topics import Topic
    from streamrnn.transport.look import DirectoryLook
    from streamrnn.transport.pairs import PairedLook


def check(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Tell whether the daemon could start, how much memory its streams can take, and what the network sees. Changes
    nothing.

    Looks at settings, log, folders, port, memory, saved state and next records.
    Ends with 0 if the daemon could start, else with the code of its end.

    \b
    Examples:
    streamrnn check
    streamrnn check --config config.yaml --set http.port=0
    """
    from streamrnn.observe import logs
    from streamrnn.settings import load

    settings = load(config, set_).settings
    logs.setup("error", "text")  # of a snapshot that is passed over for an older one
    # They come in the order in which a start meets them, so the first one that fails is the one that ends it.
    code = ExitCode.OK
    for finding in findings(settings):
        typer.echo(str(finding))
        code = code or finding.code
    typer.echo()
    typer.echo(memory_table(settings), nl=False)
    if settings.model.kind == "network":
        typer.echo()
        typer.echo(inputs_table(settings), nl=False)
    if code != ExitCode.OK:
        raise typer.Exit(code)


def findings(settings: Settings) -> Iterator[Finding]:
    """All that a start would meet, in its order, up to where nothing more can be told.

    Parameters
    ----------
    settings : what the daemon would be started with
    """
    yield Finding("settings", f"fine, state digest {settings.state_digest()}")
    yield _engine(settings)
    if settings.transport.kind == "standard":
        yield Finding("transport", "standard input to standard output, which cannot be recovered after a stop")
        yield port(settings)
        yield memory(settings, 1)
    elif settings.transport.kind == "kafka":
        yield from _kafka(settings)
    else:
        yield from _directory(settings)


def _engine(settings: Settings) -> Finding:
    """What runs the model, and why."""
    from streamrnn.settings.engine import choose_engine

    if settings.model.kind == "none":
        return Finding("engine", "none, as model.kind says")
    choice = choose_engine(settings.model)
    others = [
        f"{name}: {engine}"
        for name, further in settings.further_networks.items()
        if (engine := choose_engine(further.model).name) != choice.name
    ]
    apart = f" ({', '.join(others)})" if others else ""
    return Finding("engine", f"{choice.name}, {choice.reason}{apart}", warning=choice.slow)


def _kafka(settings: Settings) -> Iterator[Finding]:
    from streamrnn.transport.base import TransportError

    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what goes wrong is raised
    yield port(settings)
    try:
        from streamrnn.transport.kafka.topics import describe

        with told_waiting(settings):
            topics = describe(settings)
    except ModuleNotFoundError:
        yield Finding("transport", "kafka-python is not installed: pip install '.[kafka]'", ExitCode.TRANSPORT)
        return
    except TransportError as error:
        yield Finding("transport", str(error), ExitCode.TRANSPORT)
        return
    partitions = {topic.name: topic.partitions for topic in topics.values()}
    for name, count in partitions.items():
        yield Finding("transport", f"topic {name} has {amount(count, 'partition')}")
    chosen = settings.transport
    for name in chosen.input:
        if partitions[name] != partitions[chosen.predictions]:
            text = f"{chosen.predictions} has other partitions than {name}: a prediction's key will choose"
            yield Finding("transport", text, warning=True)
    need = memory(settings, sum(partitions[name] for name in chosen.input))
    yield need
    yield _snapshots(settings, ExitCode.TRANSPORT)
    if need.code == ExitCode.OK:
        yield from _kafka_state(settings, topics)


def _kafka_state(settings: Settings, topics: dict[str, Topic]) -> Iterator[Finding]:
    from streamrnn.cli.outlook import state
    from streamrnn.snapshots.factory import open_store
    from streamrnn.transport.base import LogError, TransportError
    from streamrnn.transport.kafka.look import KafkaLook

    try:
        with closing(KafkaLook(settings, topics)) as look, closing(open_store(settings)) as store:
            log = _paired(settings, look)
            for partition, committed in log.partitions().items():
                yield state(settings, log, store, partition, committed)
    except LogError as error:
        yield Finding("state", str(error), ExitCode.STATE)
    except TransportError as error:
        yield Finding("state", str(error), ExitCode.TRANSPORT)


def _paired(settings: Settings, look: DirectoryLook | KafkaLook) -> DirectoryLook | KafkaLook | PairedLook:
    """The log as shards see it."""
    from streamrnn.transport.pairs import PairedLook

    labels = settings.labels.topic
    return look if labels is None else PairedLook(look, settings.transport.only_input, labels)


def _snapshots(settings: Settings, code: ExitCode) -> Finding:
    """Where they are; the code is that of an end because they cannot be written."""
    if settings.snapshot_store == "kafka":
        return Finding("snapshots", f"in topic {settings.snapshot_topic}")
    return writable("snapshots", settings.snapshot_folder, code)


def _directory(settings: Settings) -> Iterator[Finding]:
    from streamrnn.cli.outlook import records, state
    from streamrnn.snapshots.factory import open_store
    from streamrnn.transport.base import TransportError
    from streamrnn.transport.look import DirectoryLook

    transport = settings.transport
    folder = transport.path / transport.only_input
    try:
        look = DirectoryLook(
            transport.path, transport.only_input, transport.predictions, transport.dead_letters,
            settings.labels.topic, settings.journal_topic,
        )  # fmt: skip
    except TransportError as error:
        yield Finding("transport", str(error), ExitCode.TRANSPORT)
        yield port(settings)
        return
    yield writable("transport", transport.path, ExitCode.TRANSPORT)
    yield port(settings)
    try:
        all_of_them, log = look.partitions(), _paired(settings, look)
        partitions = log.partitions()
    except TransportError as error:
        yield Finding("transport", str(error), ExitCode.TRANSPORT)
        return
    yield _partitions(folder, len(partitions))
    yield from _halves(settings, all_of_them)
    journal = () if settings.journal_topic is None else (settings.journal_topic,)
    for topic in (transport.predictions, transport.dead_letters, *journal):
        files = [f"{partition.number}.jsonl" for partition in partitions]
        yield appendable("transport", transport.path / topic, files, ExitCode.TRANSPORT)
    need = memory(settings, max(1, len(partitions)))
    yield need
    if need.code != ExitCode.OK:
        return
    # A partition that begins anew must write its first snapshot; without later ones the daemon goes on.
    begins = not partitions or None in partitions.values()
    yield _snapshots(settings, ExitCode.TRANSPORT if begins else ExitCode.OK)
    store = open_store(settings)
    for partition, committed in partitions.items():
        yield state(settings, log, store, partition, committed)
        yield from records(settings, look, partition)


def _halves(settings: Settings, partitions: Iterable[Partition]) -> Iterator[Finding]:
    """Warnings of files whose other half is missing, where labels have a topic of their own."""
    from streamrnn.transport.directory import pairs_among

    if settings.labels.topic is None:
        return
    for partition in sorted(pairs_among(list(partitions))[1]):
        mine = partition.topic == settings.labels.topic
        missing = settings.transport.only_input if mine else settings.labels.topic
        place = settings.transport.path / missing / f"{partition.number}.jsonl"
        yield Finding("transport", f"{partition} would wait for {place}: make it, be it empty", warning=True)


def _partitions(folder: Path, count: int) -> Finding:
    if count:
        return Finding("transport", f"{folder} has {amount(count, 'partition')}")
    if not any(folder.iterdir()):  # as init makes it
        return Finding("transport", f"{folder} is empty: the daemon would wait for a file 0.jsonl, such as feed makes")
    text = f"{folder} has no file <number>.jsonl: the daemon would wait for one. Check transport.path, transport.input."
    return Finding("transport", text, warning=True)


PARTS = (
    ("scale", "running scales"),
    ("counts", "running scales"),
    ("ridge", "seasonal ridge"),
    ("network", "network: states and windows"),
    ("readout", "network: states for the far horizons"),
    ("linear", "linear experts"),
    ("sequences", "labels: sequences"),
    ("join", "labels: events that await theirs"),
    ("due", "labels: answers that wait for later events"),
    ("known", "labels: last known and scale"),
    ("token", "tokens: contexts and sequences"),
    ("mixture", "pending forecasts and experts' accounts"),
    ("drift", "drift detectors"),
    ("interval", "intervals"),
    ("quantile", "quantiles: experts and their accounts"),
    ("distribution", "distributions that await their outcome"),
    ("anomaly", "anomaly score"),
    ("ledger", "what a look at a stream tells"),
)


def memory_table(settings: Settings) -> str:
    """What the slabs of one stream take, and those of all streams of a partition; the key index comes on top.

    Parameters
    ----------
    settings : what the daemon would be started with
    """
    from streamrnn.loops.chain import bytes_per_stream
    from streamrnn.memory import readable

    sizes = bytes_per_stream(settings)
    parts: Counter[str] = Counter()
    for name, size in sizes.items():
        parts[next(words for start, words in PARTS if name.startswith(start))] += size
    rows = [*((words, size) for words, size in parts.items() if size), ("all", sum(sizes.values()))]
    live = settings.streams.max_live
    header = ("memory of a partition", "a stream", amount(live, "stream"))
    lines = [header, *((name, readable(size), readable(size * live)) for name, size in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "".join(
        f"{line[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        + "\n"
        for line in lines
    )
