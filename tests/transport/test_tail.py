"""A file of lines can be followed from any line, in bounded memory."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.transport import TransportError, tail
from streamrnn.transport.lines import LineSplitter
from streamrnn.transport.tail import Tail

Follow = Callable[..., Tail]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "0.jsonl"
    path.write_bytes(b"")
    return path


@pytest.fixture
def follow(file: Path) -> Iterator[Follow]:
    opened: list[Tail] = []

    def make(content: bytes = b"", mark: tuple[int, int] = (0, 0), max_line_bytes: int = 1000) -> Tail:
        file.write_bytes(content)
        opened.append(Tail(file, mark, max_line_bytes))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.mark.parametrize("block", [1, 3, 7, 1000])
def test_blocks_make_no_difference(follow: Follow, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(tail, "BLOCK", block)
    lines = [b"x" * (number % 5) for number in range(50)]
    followed = follow(b"".join(line + b"\n" for line in lines) + b"torn")
    read = []
    while found := followed.read(4):
        read += found
        assert followed.byte == sum(len(line) + 1 for line in read)
    assert read == lines


@pytest.mark.parametrize("block", [1, 5, 1000])
@pytest.mark.parametrize("stride", [1, 4, 10_000])
def test_any_line_can_be_sought(follow: Follow, monkeypatch: pytest.MonkeyPatch, block: int, stride: int) -> None:
    monkeypatch.setattr(tail, "BLOCK", block)
    lines = [b"line %d" % number for number in range(30)]
    followed = follow(b"".join(line + b"\n" for line in lines), mark=(3, 21))
    followed._stride = stride
    for line in [30, 0, 17, 3, 29, 1, 30, 12]:
        followed.seek(line)
        assert followed.read(3) == lines[line : line + 3]


def test_marks_stay_few(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MAX_MARKS", 8)
    followed = follow(b"\n" * 500)
    followed._stride = 1
    while followed.read(1):
        assert len(followed._marks) <= 8
    followed.seek(250)
    assert followed.byte == 250


def test_a_line_beyond_the_end_cannot_be_sought(follow: Follow) -> None:
    with pytest.raises(TransportError, match="has 2 lines"):
        follow(b"\n\ntorn").seek(3)


@pytest.mark.parametrize("block", [60, 1000])
def test_of_a_huge_line_a_part_is_kept_and_bytes_stay_right(
    follow: Follow, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(tail, "BLOCK", block)
    followed = follow(b"one\n" + b"x" * 50 + b"\ntwo\n" + b"y" * 11 + b"\nend\n", max_line_bytes=10)
    assert followed.read(2) == [b"one", b"x" * 10]
    assert followed.byte == 55
    assert followed.lag() == 3
    assert followed.read(9) == [b"two", b"y" * 10, b"end"]
    assert followed.byte == 75


def test_lag_counts_whole_lines(follow: Follow, file: Path) -> None:
    followed = follow(b"one\ntwo\nthree\nto")
    assert followed.lag() == 3
    followed.read(2)
    assert followed.lag() == 1
    with open(file, "ab") as more:
        more.write(b"rn\nfive\n")
    assert followed.lag() == 3


def test_a_long_backlog_is_counted_bit_by_bit(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "BLOCK", 10)
    monkeypatch.setattr(tail, "COUNT_BYTES", 40)
    followed = follow(b"\n" * 100)
    assert [followed.lag() for _ in range(3)] == [None, None, 100]


def test_a_file_that_shrank_stops(follow: Follow, file: Path) -> None:
    followed = follow(b"one\ntwo\n")
    followed.read(9)
    os.truncate(file, 4)
    with pytest.raises(TransportError, match="shrank"):
        followed.read(1)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_was_rotated_stops(follow: Follow, file: Path, replaced: bool) -> None:
    followed = follow(b"one\n")
    followed.read(9)
    file.rename(file.with_suffix(".old"))
    if replaced:
        file.write_bytes(b"one\n")
    with pytest.raises(TransportError, match="moved away or replaced"):
        followed.read(1)


def test_identity_of_a_first_line_that_is_long_is_that_of_its_start(follow: Follow) -> None:
    assert follow(b"x" * 4095).identity() == ""
    assert follow(b"x" * 4096).identity() == follow(b"x" * 5000 + b"\n").identity() != ""


@given(st.lists(st.binary(max_size=8)), st.lists(st.integers(1, 9)), st.integers(1, 6))
def test_a_splitter_gives_the_same_lines_however_the_bytes_come(
    parts: list[bytes], cuts: list[int], max_line_bytes: int
) -> None:
    content = b"\n".join(parts) + b"\n"
    whole = LineSplitter(0, max_line_bytes)
    lines = whole.feed(content)
    assert lines == [line[:max_line_bytes] for line in content.split(b"\n")[:-1]]
    pieces = LineSplitter(0, max_line_bytes)
    found: list[bytes] = []
    for cut in cuts:
        found += pieces.feed(content[:cut])
        content = content[cut:]
    found += pieces.feed(content)
    assert found == lines
    assert pieces.cuts == whole.cuts
