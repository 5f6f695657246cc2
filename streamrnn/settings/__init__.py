"""From ``config.yaml``, the environment and the command line to frozen, validated settings."""

from streamrnn.settings.describe import describe, json_schema
from streamrnn.settings.errors import Problem, SettingsError
from streamrnn.settings.load import Loaded, load
from streamrnn.settings.schema import Settings

__all__ = ["Loaded", "Problem", "Settings", "SettingsError", "describe", "json_schema", "load"]
