"""``streamrnn init``: a settings file for a task, filled from a look at the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.presets.inference import Inferred
    from streamrnn.presets.lines import Preset
    from streamrnn.settings.load import Loaded


def init(
    preset: Annotated[str | None, typer.Option(metavar="NAME", help="The task: one of those above. Needed.")] = None,
    from_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or JSON lines file (both also .gz) to look at.")
    ] = None,
    from_topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="Topic to look at: its name, or its folder in a directory log."),
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Brokers of Apache Kafka, where the topic is there.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")] = Path(
        "config.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Write over the file if it is there.")] = False,
    stream: Annotated[str | None, typer.Option(metavar="NAME", help="Field with the stream's id, if known.")] = None,
    time: Annotated[str | None, typer.Option(metavar="NAME", help="Field with the event time, if known.")] = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="Field with the label, if known.")] = None,
    labels_topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="Topic that delayed labels come in, where they have one of their own."),
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Write a settings file for a task, with what the data tell.

    \b
    The presets:
    forecast        the next values of every stream, with intervals
    anomaly         a score for every event, an alert for every excursion
    classify        the class of every event, told before its label is read
    delayed-labels  the same where labels come later, as records
    sequence-label  the outcome of every sequence of events
    strokes         the symbol that a pen draws
    frames          the symbol that every frame of a signal is part of
    text            the next letters or words of every stream of text
    sentiment       what a sentence means, as the word behind a marker
    translate       texts that answer texts, such as translations
    music           the notes of the next beat
    handwriting     what a pen draws, to be gone on with

    Of a file or topic it reads up to 500,000 records and keeps the first 200
    of each of 50 streams to find the fields, their kinds and the spacing of
    events, and 20,000 of four streams to look for a season. Of a topic of
    Kafka it reads the newest 20,000. What it found is printed, and stands in
    the file with each setting.

    --config and --set say how to reach the topic; what they say of transport
    and Kafka goes into the new file, passwords aside.

    \b
    Examples:
    streamrnn init --preset forecast --from-file history.csv
    streamrnn init --preset anomaly --from-topic var/log/events
    streamrnn init --preset classify --from-topic events --bootstrap localhost:9092
    """
    from streamrnn.presets.inference import Inferred
    from streamrnn.presets.page import settings_page
    from streamrnn.presets.places import log_lines
    from streamrnn.replay.options import SourceError
    from streamrnn.transport.base import TransportError

    try:
        chosen = _preset(preset)
        _refuse_output(output, force)
        if labels_topic is not None:
            _refuse_labels_topic(labels_topic, chosen, from_topic)
        loaded = _loaded(config, set_ or [], from_topic, bootstrap)
        inferred, source = Inferred(), None
        if from_file is not None or from_topic is not None:
            inferred, source = _look(loaded, chosen, from_file, from_topic, stream, time, label)
        elif stream or time or label:
            raise SourceError("--stream, --time and --label name fields of data: add --from-file or --from-topic")
        if labels_topic is not None:
            inferred.say("labels.topic", labels_topic, "as you said")
        page = settings_page(chosen, log_lines(loaded), inferred, source)
        try:
            output.write_text(page, encoding="utf-8")
        except OSError as error:
            raise SourceError(f"--output {output} cannot be written: {error.strerror}. Name another file") from None
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    _tell(output, chosen, inferred, source)
    _make_topics(loaded, labels_topic)
    if inferred.open:
        typer.echo(f"Next: settle {', '.join(inferred.open)} in {output}, then streamrnn check --config {output}")
        return
    typer.echo(f"Next: streamrnn check --config {output}")
    if from_file is not None:
        typer.echo(f"  or: streamrnn replay {from_file} --config {output}")


def _preset(name: str | None) -> Preset:
    from streamrnn.presets.templates import PRESETS
    from streamrnn.replay import guess
    from streamrnn.replay.options import SourceError

    if name in PRESETS:
        return PRESETS[name]
    width = max(map(len, PRESETS))
    there = "\n".join(f"  {each.name:<{width}}  {each.task}" for each in PRESETS.values())
    wrong = "--preset is missing" if name is None else f"there is no preset {name}{guess.nearest(name, PRESETS)}"
    raise SourceError(f"{wrong}; there are\n{there}")


def _refuse_output(output: Path, force: bool) -> None:
    from streamrnn.replay.options import SourceError

    if output.is_dir():
        raise SourceError(f"--output {output} is a folder: name a file in it, such as {output / 'config.yaml'}")
    if output.exists() and not force:
        raise SourceError(f"{output} is there already: add --force to write over it, or name another with --output")


def _refuse_labels_topic(topic: str, chosen: Preset, from_topic: str | None) -> None:
    import re

    from streamrnn.replay.options import SourceError
    from streamrnn.settings.topics import TOPIC, TOPIC_WORDS

    if chosen.name != "delayed-labels":
        raise SourceError("--labels-topic is for labels that come later: take --preset delayed-labels, or leave it out")
    if not re.match(TOPIC, topic):
        raise SourceError(f"--labels-topic {topic!r} is no topic's name: {TOPIC_WORDS}")
    if from_topic is not None:
        raise SourceError(
            "--labels-topic and --from-topic exclude each other, for one topic has not both: look at --from-file with "
            "events and labels, or fill in the fields by hand"
        )


def _loaded(config: Path | None, set_: list[str], topic: str | None, bootstrap: str | None) -> Loaded:
    """Settings that lead to the topic; a folder's name stands for a directory log."""
    from streamrnn.replay.options import SourceError
    from streamrnn.settings import load

    said = list(set_)
    if bootstrap is not None:
        said += ["transport.kind=kafka", f"kafka.bootstrap_servers={bootstrap}"]
    if topic is not None and ("/" in topic or (bootstrap is None and Path(topic).is_dir())):
        if bootstrap is not None:
            raise SourceError(f"--from-topic {topic} is a folder: leave out --bootstrap, or name a topic of Kafka")
        said += ["transport.kind=directory", f"transport.path={Path(topic).parent}"]
        topic = Path(topic).name
    if topic is not None:
        said += [f"transport.input={topic}"]
    return load(config, said)


def _look(
    loaded: Loaded, chosen: Preset, file: Path | None, topic: str | None,
    stream: str | None, time: str | None, label: str | None,
) -> tuple[Inferred, str]:  # fmt: skip
    from streamrnn.presets.files import file_records, is_table
    from streamrnn.presets.inference import infer
    from streamrnn.presets.sample import LONG, take
    from streamrnn.presets.topics import topic_records
    from streamrnn.replay.options import SourceError

    if file is not None and topic is not None:
        raise SourceError("--from-file and --from-topic exclude each other: look at one of them")
    if file is not None:
        sample = take(file_records(file), is_table(file), stream, time)
        source = file.name
    else:
        sample = take(topic_records(loaded.settings, LONG), False, stream, time)
        source = f"topic {loaded.settings.transport.only_input}"
    keyed_log = file is None and loaded.settings.transport.kind == "kafka"
    return infer(sample, chosen.name, label, keyed_log), f"{sample.scanned:,} records of {source}"


def _tell(output: Path, chosen: Preset, inferred: Inferred, source: str | None) -> None:
    from streamrnn.settings.scalars import written

    typer.echo(f"Wrote {output}: preset {chosen.name}" + (f", filled from {source}" if source else ""))
    width = max(map(len, inferred.why), default=0)
    for key, why in inferred.why.items():
        value = written(inferred.values[key]) if key in inferred.values else "-"
        typer.echo(f"  {key:<{width}}  {value}  ({why})")
    for remark in inferred.remarks:
        typer.echo(remark)


def _make_topics(loaded: Loaded, labels_topic: str | None) -> None:
    """The folders of a directory log's topics: nothing starts without the input's, no reader without the others."""
    transport = loaded.settings.transport
    if transport.kind != "directory":
        return
    topics = [transport.only_input, transport.predictions, transport.dead_letters]
    topics += [] if labels_topic is None else [labels_topic]
    missing = [folder for topic in topics if not (folder := transport.path / topic).exists()]
    try:
        for folder in missing:
            folder.mkdir(parents=True)
    except OSError as error:
        typer.echo(f"{folder} cannot be made: {error.strerror}. Make it, or change transport.path.", err=True)
        return
    if missing:
        typer.echo(f"Made {', '.join(map(str, missing))}; events go to {transport.path / topics[0] / '0.jsonl'}")
