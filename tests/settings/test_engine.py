"""Which engine a model gets."""

import pytest

from streamrnn.settings import load
from streamrnn.settings.engine import choose_engine


@pytest.mark.parametrize(
    ("overrides", "name", "slow"),
    [
        ([], "compiled", False),
        (["model.cell=lstm"], "compiled", False),
        (["model.engine=compiled"], "compiled", False),
        (["model.engine=torch"], "torch", False),
        (["model.layers=2"], "torch", True),
        (["model.layer_norm=true"], "torch", True),
        (["model.engine=torch", "model.layers=4"], "torch", False),
        (["model.head=quantiles", "model.cell=rnn"], "compiled", False),
        (["model.head=gaussian"], "torch", True),
        (["model.head=student_t"], "torch", True),
    ],
)
def test_the_fast_engine_runs_what_it_can(overrides, name, slow):
    choice = choose_engine(load(None, overrides, {}).settings.model)
    assert (choice.name, choice.slow) == (name, slow)


def test_the_reason_names_every_setting_that_is_not_compiled():
    choice = choose_engine(load(None, ["model.layers=2", "model.layer_norm=true"], {}).settings.model)
    assert "model.layers and model.layer_norm" in choice.reason
