"""Lines of ``streamrnn tail`` in label modes."""

import pytest

from streamrnn.cli.columns import Table
from streamrnn.events.answers import OutputRecord, answer
from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from tests.kernels.test_join import delayed, event, label
from tests.label_logs import decoded, fresh_shard, label_settings


def lines(kind: str, *log: dict[str, object]) -> list[str]:
    return told(delayed(f"labels.kind={kind}"), *log)


def told(chosen: Settings, *log: dict[str, object]) -> list[str]:
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, list(log)))
    table, found = Table(), []
    for value in encode_predictions(predictions, chosen.target_names):
        for pieces in table.lines(answer(OutputRecord("", None, value, None))):
            found.append(" ".join(" ".join(text for text, _ in pieces).split()))
    return found


@pytest.mark.parametrize(("kind", "first", "second"), [("class", "up", "down"), ("number", 1.5, 2.5)])
def test_a_line_has_the_answer_and_what_a_label_said_before(kind: str, first: object, second: object) -> None:
    found = lines(kind, event(1), label(1, first), event(2), label(2, second))
    assert found[0].endswith("answer probability baseline label of outcome answered baseline then")
    plain = [line for line in found if "answer" not in line]
    assert len(plain) == 4
    probability = "1.000" if kind == "class" else "-"
    assert plain[2].endswith(f"{first} {probability} {first} - - - -")
    assert plain[3].endswith(f"- - - 2 {second} {first} {first}")


@pytest.mark.parametrize(("kind", "first", "second"), [("class", "up", "down"), ("number", 1.5, 2.5)])
def test_an_answer_that_waited_has_a_line_with_its_event(kind: str, first: object, second: object) -> None:
    chosen = label_settings("labels.mode=field", f"labels.kind={kind}", "model.lookahead=1", "sequences.end=last")
    log = [{"stream": "s", "time": 60 * n, "a": 1.0, "label": first} for n in range(4)]
    found = told(chosen, log[0], log[1], log[2] | {"label": second, "last": True}, log[3])
    plain = [line for line in found if "answer" not in line]
    assert [line.split("events-0 ")[1].split()[0] for line in plain] == ["0", "1", "2", "2", "3"]
    assert plain[0].endswith("- - - 0 - - -") and plain[4].endswith("- - - 3 - - -")
    assert plain[2].endswith(f"1 {first} {first} {first}")
    assert plain[3].endswith(f"2 {second} {first} {first}")


@pytest.mark.parametrize(("kind", "first", "second"), [("class", "up", "down"), ("number", 1.5, 2.5)])
def test_a_line_has_what_the_label_of_a_sequence_said_that_silence_ended(
    kind: str, first: object, second: object
) -> None:
    chosen = label_settings("labels.mode=field", f"labels.kind={kind}", "labels.sequence=true", "sequences.gap=9")
    log = [{"stream": "s", "time": 60 * n, "a": 1.0} for n in range(4)]
    found = told(chosen, log[0] | {"label": first}, log[1] | {"label": second}, log[2], log[3])
    plain = [line for line in found if "answer" not in line]
    assert plain[2].endswith(f"1 {second} {first} {first}")
    assert plain[3].endswith("- - - -")
