"""Numbers of tokens: listed, as they come, shared once all are taken; the same behind a restart."""

import numpy as np

from streamrnn.settings.tokens import END, OTHER
from streamrnn.streams.vocabulary import Vocabulary
from tests.token_logs import token_settings


def vocabulary(*overrides: str) -> Vocabulary:
    return Vocabulary(token_settings(*overrides))


def test_tokens_are_numbered_as_they_come() -> None:
    found = vocabulary("tokens.vocabulary=40")
    assert found.codes(["b", "a", "b", "ñ"]) == [1, 2, 1, 3]
    assert found.names == [END, "b", "a", "ñ"]


def test_a_full_vocabulary_shares_numbers_always_the_same() -> None:
    found = vocabulary("tokens.vocabulary=3")
    assert found.codes(["a", "b", "c"]) == [1, 2, 3]
    shared = found.codes(["x", "y", "z", "x"])
    assert set(shared) <= {1, 2, 3}
    assert shared[0] == shared[3]
    assert len(found) == 4


def test_what_is_not_listed_counts_as_other() -> None:
    found = vocabulary("tokens.of=words", "tokens.vocabulary=[the,cat]")
    assert found.codes(["cat", "dog", "the"]) == [3, 1, 2]
    assert found.names == [END, OTHER, "the", "cat"]
    assert found.saved() == {}


def test_the_word_for_the_end_is_the_end() -> None:
    assert vocabulary("tokens.vocabulary=9").codes([END]) == [0]


def test_it_is_the_same_behind_a_restart() -> None:
    first = vocabulary("tokens.vocabulary=5")
    first.codes(["b", "ñ", "\n"])
    second = vocabulary("tokens.vocabulary=5")
    second.load({name: values.copy() for name, values in first.saved().items()})
    assert second.names == first.names
    assert second.codes(["\n", "c"]) == first.codes(["\n", "c"])
    for name, values in first.saved().items():
        np.testing.assert_array_equal(values, second.saved()[name])


def test_the_marker_has_a_number_that_it_shares_with_none_however_many_tokens_come_before_it() -> None:
    chosen = ["tokens.of=words", "sequences.record=true", "tokens.marker=|"]
    found = vocabulary(*chosen, "tokens.vocabulary=3")
    others = found.codes([f"w{i}" for i in range(60)])
    assert found.marker == 1
    assert set(others) == {2, 3}
    assert found.codes(["|"]) == [1]
    again = vocabulary(*chosen, "tokens.vocabulary=3")
    again.load({name: values.copy() for name, values in found.saved().items()})
    assert again.codes(["w70", "|", "w1"]) == found.codes(["w70", "|", "w1"])
    assert vocabulary(*chosen[1:2], "tokens.vocabulary=[a,b]", "tokens.marker=b").marker == 3
