"""What docs/comparison.md says of streamrnn's own numbers stands in docs/numbers.md."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "comparison.md").read_text()


def numbers(text: str) -> list[str]:
    """Numbers, without those in words such as ETTh1."""
    return re.findall(r"(?<![\w.])\d*[.,]?\d+(?:,\d{3})*(?!\w)", text)


def test_its_numbers_are_those_that_were_measured() -> None:
    measured = numbers((DOCS / "numbers.md").read_text())
    told = numbers(PAGE.partition("## What was measured here")[2])
    assert len(told) > 15
    assert [number for number in told if number not in measured] == []


def test_what_it_says_of_the_benchmark_is_what_was_measured() -> None:
    assert "72 / 61 / 79" in PAGE
    assert "72 / 61 / 79 with the default memory" in (DOCS / "numbers.md").read_text()
