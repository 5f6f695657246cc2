"""A daemon that learns from event streams while they flow."""

__version__ = "0.1.0"
