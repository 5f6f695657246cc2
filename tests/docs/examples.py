"""The records that docs/protocol.md shows: real answers to small logs.

``python -m tests.docs.examples`` writes them into the page anew.
"""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streamrnn.events.columns import DeadLetter, Partition, Records
from streamrnn.events.dead_letter import dead_letters, encode_dead_letter
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.settings import load
from streamrnn.shard import Shard

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
WIDTH = 118
HOUR = 3600.0
START = 1_700_000_000.0

Json = dict[str, Any]
Record = Json | bytes | None  # None is a tombstone, whose key is pump-7


def answers(overrides: Sequence[str], log: Sequence[Record], labels: bool = False) -> tuple[list[Json], list[Json]]:
    """Predictions and dead letters of a shard that has read this log.

    ``labels``: the last record stands in a topic of labels beside the events.
    """
    chosen = load(None, ["streams.max_live=10", *overrides], {}).settings
    n = len(log)
    values = [json.dumps(each).encode() if isinstance(each, dict) else each for each in log]
    keys = [b"pump-7" if value is None else None for value in values]
    partition, beside = Partition("events", 0), Partition("labels", 0) if labels else None
    offsets = [*range(n - 1), ~0] if labels else list(range(n))
    records = Records(partition, offsets, keys, values, [math.nan] * n, n, list(range(n)), beside)
    events = Decoder.from_settings(chosen, numbered_time=False).decode(records)
    shard = Shard(chosen, partition, lineage="9b1c0f7a52d34e68")
    predictions, _ = shard.process(events)
    letters: list[DeadLetter] = dead_letters(records, events, predictions)
    told = encode_predictions(predictions, chosen.target_names)
    return [json.loads(each) for each in told], [json.loads(encode_dead_letter(each, 65_536)) for each in letters]


def pump(i: int) -> Json:
    """An hour of a pump whose temperature follows the day, with a fault in its last hours."""
    fault = 6.0 if i > 597 else 0.0
    noise = i * 7919 % 101 / 100
    return {"stream": "pump-7", "time": START + HOUR * i, "value": round(21 + 3 * math.sin(i * math.pi / 12) + noise + fault, 2)}  # fmt: skip  # noqa: E501


def payment(i: int) -> Json:
    """A payment of a card, of which the large ones are fraud."""
    amount = i * 7919 % 97
    return {"stream": "card-3", "time": START + 60 * i, "amount": amount, "id": f"p{i}"}


def payments(n: int) -> list[Record]:
    """Payments, each with its label three payments later."""
    made: list[Record] = []
    for i in range(n):
        made.append(payment(i))
        if i >= 3:
            label = "fraud" if payment(i - 3)["amount"] > 80 else "good"
            made.append({"stream": "card-3", "id": f"p{i - 3}", "label": label})
    return made


def views(n: int) -> list[Record]:
    """Visits of four page views, which silence ends; the last view tells whether something was bought."""
    made: list[Record] = []
    for i in range(n):
        visit, view = divmod(i, 4)
        record = {"stream": "visitor-1", "time": START + 86_400 * visit + 30 * view, "seconds": 5.0 + i * 7919 % 89}
        if view == 3:
            record["outcome"] = "bought" if visit % 3 == 0 else "left"
        made.append(record)
    return made


def note(i: int) -> Json:
    """A note of a keeper, of which a question and its answer can be told apart."""
    pump, state = (("pump", "on"), ("fan", "off"), ("belt", "on"))[i * 7 % 5 % 3]
    return {"stream": "keeper-1", "time": START + 60 * i, "text": f"the {pump} is {state}"}


def frames(n: int) -> list[Record]:
    """Frames of a call, of which the next one tells what each is."""
    energy = [i * 7919 % 97 / 10 for i in range(n + 1)]
    return [
        {"stream": "call-1", "time": START + i, "energy": energy[i], "phone": "ah" if energy[i + 1] > 5 else "sil"}
        for i in range(n)
    ]


def make() -> dict[str, Json]:
    """The examples by name."""
    hours: list[Record] = [pump(i) for i in range(600)]
    told, _ = answers([], hours)
    ended, _ = answers([], [*hours[:2], None])
    quantiles, _ = answers(["model.head=quantiles"], hours[:200])
    student, _ = answers(["model.head=student_t", "forecast.horizons=[1]"], hours[:100])
    cards, _ = answers(["labels.mode=delayed", "events.features=[amount]"], payments(100))
    visits, _ = answers(
        ["labels.mode=field", "labels.field=outcome", "labels.sequence=true", "sequences.gap=3600",
         "events.features=[seconds]"],
        views(101),
    )  # fmt: skip
    notes, _ = answers(
        ["events.features=[]", "tokens.field=text", "tokens.of=words", "tokens.marker=is", "sequences.record=true"],
        [note(i) for i in range(40)],
    )  # fmt: skip
    waiting, _ = answers(
        ["labels.mode=field", "labels.field=phone", "model.lookahead=2", "events.features=[energy]"], frames(40)
    )
    _, letters = answers([], [*hours[:2], pump(2) | {"value": "n/a"}])
    return {
        "forecast": told[-1],
        "first": told[0],
        "tombstone": ended[-1],
        "quantiles": quantiles[-1]["forecasts"][0],
        "distribution": student[-1]["forecasts"][0],
        "label-event": cards[-2],
        "label": cards[-1],
        "ended": visits[-1],
        "tokens": notes[-1],
        "waiting": waiting[-1],
        "letter": letters[0],
    }


def folded(example: Json) -> str:
    """The example as an indented block, cut between fields where lines would be too long."""
    lines, line = [], ""
    for part in re.split(r'(?<=,)(?=["{])', json.dumps(example, separators=(",", ":"), ensure_ascii=False)):
        if line and len(line) + len(part) > WIDTH - 5:
            lines.append(line)
            line = ""
        line += part
    first, *rest = [*lines, line]
    return "\n".join([f"    {first}", *(f"     {each}" for each in rest)])


def shown(page: str) -> dict[str, Json]:
    """The examples that the page shows, by name."""
    found = re.findall(r"<!-- example (\S+) -->\n\n((?:    .*\n)+)", page)
    return {name: json.loads("".join(line.strip() for line in block.splitlines())) for name, block in found}


def main() -> None:
    """Write all examples into the page."""
    page = PAGE.read_text()
    for name, example in make().items():
        block = f"<!-- example {name} -->\n\n{folded(example)}\n"
        page = re.sub(rf"<!-- example {name} -->\n\n(?:    .*\n)*", lambda _, block=block: block, page)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
