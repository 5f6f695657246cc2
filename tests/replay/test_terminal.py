"""Tables in a terminal hold their numbers whole, however narrow it is."""

import pytest

from streamrnn.replay.terminal import number_table, show

NUMBERS = ["1.042e+15", "-1.1 %", "1,234,567"]


@pytest.mark.parametrize("width", [10, 40, 80])
def test_no_number_is_cut(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    names = ["target", "naive MAE", "skill", "within\n90 %"]
    show(number_table("Scores", names, [["[red]value of a long name", *NUMBERS]]))
    shown = capsys.readouterr().out
    assert "…" not in shown
    for text in (*NUMBERS, "[red]value", "naive MAE", "90 %"):
        assert text in shown
