"""The judge of the chaos suite finds what it is there to find."""

import numpy as np
import pytest

from tests.chaos.verifier import LETTER, PREDICTION, Answer, Verdict, compare_state, judge


def answers(n: int) -> list[Answer]:
    return [Answer(i, LETTER if i % 5 == 4 else PREDICTION, b"value %d" % i) for i in range(n)]


def judged(published: list[Answer]) -> Verdict:
    predictions = [answer for answer in published if answer.kind == PREDICTION]
    return judge(answers(20), predictions, [answer for answer in published if answer.kind == LETTER])


def test_all_in_place_is_good() -> None:
    verdict = judged(answers(20))
    assert verdict.good and verdict.events == 20


@pytest.mark.parametrize("offset", [3, 4])
def test_a_lost_answer_is_found(offset: int) -> None:
    published = answers(20)
    del published[offset]
    assert judged(published).lost == 1


@pytest.mark.parametrize("offset", [3, 4])
def test_a_doubled_answer_is_found(offset: int) -> None:
    published = answers(20)
    published.insert(offset, published[offset])
    assert judged(published).doubled == 1


def test_a_record_answered_by_prediction_and_dead_letter_is_found() -> None:
    assert judged([*answers(20), Answer(3, LETTER, b"value 3")]).doubled == 1


def test_two_answers_in_each_others_place_are_found() -> None:
    published = answers(20)
    published[2], published[3] = published[3], published[2]
    assert judged(published).out_of_order == 1


def test_a_changed_value_or_kind_is_found() -> None:
    for wrong in (Answer(3, PREDICTION, b"other"), Answer(3, LETTER, b"value 3")):
        published = answers(20)
        published[3] = wrong
        assert judged(published).different == 1


def test_an_answer_to_nothing_is_found() -> None:
    assert judged([*answers(20), Answer(20, PREDICTION, b"")]).different == 1


def test_a_weight_that_differs_in_its_last_bit_is_found() -> None:
    oracle = {"weights": np.ones(5, np.float32), "slots": np.arange(3)}
    verdict = Verdict()
    compare_state(verdict, {name: values.copy() for name, values in oracle.items()}, oracle)
    assert verdict.good
    changed = {**oracle, "weights": np.nextafter(oracle["weights"], 2, dtype=np.float32)}
    compare_state(verdict, changed, oracle)
    assert verdict.state == ["weights"] and not verdict.good


def test_missing_state_is_found() -> None:
    for saved in (None, {}, {"weights": np.ones(5)}):
        verdict = Verdict()
        compare_state(verdict, saved, {"weights": np.ones(5, np.float32)})
        assert not verdict.good
