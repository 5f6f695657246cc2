"""Write a settings file and load it, apart from the environment that the tests run in."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from streamrnn.settings import Loaded, SettingsError, load

Load = Callable[..., Loaded]


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load from a text as ``config.yaml`` in the working folder."""
    monkeypatch.chdir(tmp_path)

    def load_it(text: str = "", *overrides: str, environ: Mapping[str, str] | None = None) -> Loaded:
        Path("config.yaml").write_text(dedent(text))
        return load(Path("config.yaml"), list(overrides), environ or {})

    return load_it


@pytest.fixture
def problems(load_text: Load) -> Callable[..., list[str]]:
    """The lines of the error that a text gives."""

    def read_problems(text: str = "", *overrides: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load_text(text, *overrides, environ=environ)
        return str(caught.value).splitlines()

    return read_problems
