"""The reference pages are what the code says now."""

from __future__ import annotations

from docs.reference import metrics, pages, settings
from streamrnn.observe.metrics import metrics_of
from streamrnn.settings.keys import keys
from tests.helpers import settings as loaded


def test_the_pages_in_the_tree_are_what_the_code_makes() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, f"docs/{path.name} is not current: make docs"


def test_every_setting_is_there_with_what_it_is() -> None:
    page = settings()
    for key in keys().values():
        assert f"| `{key.path}` |" in page
        assert key.description.endswith("."), key.path


def test_every_metric_of_every_mode_is_there() -> None:
    page = metrics()
    for mode in ("next", "field", "delayed"):
        for name in metrics_of(loaded(f"labels.mode={mode}"), {}).families.registry.collect():
            assert f"| `{name.name}" in page or name.name == "streamrnn_build"
