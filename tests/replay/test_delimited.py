import io

import pytest

from streamrnn.replay.delimited import delimiter, open_rows
from streamrnn.replay.options import SourceError


def rows(text, given=None):
    return list(open_rows(io.BytesIO(text.encode()), "load.csv", given))


def test_each_row_comes_with_the_line_at_which_it_starts():
    assert rows('\n\na,b\n1,"x\ny"\n\n2,z') == [(3, ["a", "b"]), (4, ["1", "x\ny"]), (7, ["2", "z"])]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_delimiter_is_found_out(mark):
    assert rows(f"a{mark}b\r\n1{mark}2,5\r\n") == [(1, ["a", "b"]), (2, ["1", "2,5"])]


def test_a_given_delimiter_counts():
    assert rows("a;b,c\n", ",") == [(1, ["a;b", "c"])]
    assert rows("a b\n", " ") == [(1, ["a", "b"])]
    assert delimiter("tab") == delimiter("\\t") == "\t"
    for text in ("", ";;", '"', "\n"):
        with pytest.raises(SourceError, match="one character"):
            delimiter(text)


@pytest.mark.parametrize("text", ['a,b\n1,2\n"3,4\n5,6\n', 'a,b\n1,2\n3,"4', 'a,b\n1,2\n3,"4\n'])
def test_a_quote_that_is_never_closed_is_named_with_its_line(text):
    with pytest.raises(SourceError, match=r"load\.csv line 3: a quote is opened and never closed"):
        rows(text)


def test_quotes_that_are_closed_at_the_very_end_are_fine():
    assert rows('a,b\n1,"2\n3"')[-1] == (2, ["1", "2\n3"])
    assert rows('a\n5" pipe')[-1] == (2, ['5" pipe'])


def test_a_cell_without_end_is_named_with_its_line():
    with pytest.raises(SourceError, match=r"load\.csv line 2: .*quote"):
        rows('a,b\n1,"2' + "\n3,4" * 40_000)
