import numpy as np

from streamrnn.events.columns import DeadLetter, Events, Partition, Refusal
from streamrnn.replay.intake import Intake
from streamrnn.replay.options import Findings
from tests.label_logs import decoded, label_settings

PARTITION = Partition("load", 0)


def events(features, *letters):
    """A batch with these features, ``[n, 2]``, and these refused records, (reason, message) each."""
    values = np.asarray(features, float).reshape(-1, 2)
    count = len(values)
    rejects = [DeadLetter(reason, message, PARTITION, 0, None, b"") for reason, message in letters]
    blank = np.full(count, np.nan)
    return Events(
        PARTITION, np.arange(count), ["a"] * count, blank, blank, values, np.zeros(count, np.bool_), rejects
    )


def test_refusals_are_counted_by_reason_and_the_first_of_each_is_shown():
    intake = Intake(("load", "heat"))
    intake.add(events([], ("no_time", "line 2: blank"), ("bad_time", "line 3: odd"), ("no_time", "line 4: blank")))
    intake.add(events([[1, 2]], ("no_time", "line 9: blank")), [Refusal(5, "late", "60 s older")])
    assert intake.refusals == 5
    assert intake.sentences() == [
        "Refused: 3 no_time, the first in line 2: blank.",
        "Refused: 1 bad_time, the first in line 3: odd.",
        "Refused: 1 late, the first in event 6: 60 s older.",
    ]
    assert intake.numbers()["refusals"]["no_time"] == {"count": 3, "first": "line 2: blank"}


def test_missing_values_are_counted_for_each_feature():
    intake = Intake(("load", "heat"), Findings(missing="blank"))
    intake.add(events([[1, np.nan], [2, 3], [np.nan, np.nan]]))
    assert intake.sentences() == ["Missing values (blank): load 1, heat 2 of 3 events."]
    assert intake.numbers()["missing"] == {"load": 1, "heat": 2}


def test_there_is_no_result_where_nothing_was_accepted_or_no_target_ever_came():
    intake = Intake(("load", "heat"))
    assert "no events" in intake.nothing(("load",))
    intake.add(events([], ("no_time", "line 2: blank")))
    assert "every row was refused (1)" in intake.nothing(("load",))
    intake.add(events([[np.nan, 1.0]]))
    assert "no event has a value of load" in intake.nothing(("load",))
    assert intake.nothing(("load", "heat")) is None


def test_a_field_that_no_event_has_is_named_with_the_nearest_one():
    intake = Intake(("load", "heatt"), Findings(fields=["time", "load", "heat"]))
    intake.add(events([[1, np.nan]]))
    said = " ".join(intake.sentences())
    assert "No event has a field heatt (did you mean heat?); the first events have time, load, heat." in said


def test_records_that_are_labels_lack_no_value():
    chosen = label_settings("labels.mode=delayed")
    log = [{"stream": "s", "time": i, "id": i, "a": 1.0, "b": None if i else 2.0} for i in range(3)]
    intake = Intake(("a", "b"))
    intake.add(decoded(chosen, [*log, {"stream": "s", "id": 0, "label": "up"}]))
    assert intake.sentences() == ["Missing values (null or not there): b 2 of 3 events."]
