"""Lines of ``streamrnn tail`` in label modes."""

import pytest

from streamrnn.cli.columns import Table
from streamrnn.events.answers import OutputRecord, answer
from streamrnn.events.encode import encode_predictions
from tests.kernels.test_join import delayed, event, label
from tests.label_logs import decoded, fresh_shard


def lines(kind: str, *log: dict[str, object]) -> list[str]:
    chosen = delayed(f"labels.kind={kind}")
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, list(log)))
    table, found = Table(), []
    for value in encode_predictions(predictions, chosen.target_names):
        for pieces in table.lines(answer(OutputRecord("", None, value, None))):
            found.append(" ".join(" ".join(text for text, _ in pieces).split()))
    return found


@pytest.mark.parametrize(("kind", "first", "second"), [("class", "up", "down"), ("number", 1.5, 2.5)])
def test_a_line_has_the_answer_and_what_a_label_said_before(kind: str, first: object, second: object) -> None:
    found = lines(kind, event(1), label(1, first), event(2), label(2, second))
    assert found[0].endswith("answer probability last label label of outcome answered last label then")
    plain = [line for line in found if "answer" not in line]
    assert len(plain) == 4
    probability = "1.000" if kind == "class" else "-"
    assert plain[2].endswith(f"{first} {probability} {first} - - - -")
    assert plain[3].endswith(f"- - - 2 {second} {first} {first}")
